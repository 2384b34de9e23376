// Devices that show a code: both of their codes, of one that waits for the victim.
import { DEVICE_CODE_GRANT } from '../../../domain/client.ts'
import type { Attempt } from '../attempt.ts'
import type { Scene } from '../scene.ts'
import { claimsOf, randomSecret } from '../thief.ts'

export function deviceCodes({ thief, ownToken, ownDeviceCode, ofDevices, ownBrowser }: Scene): Attempt[] {
  const waiting = thief.rows('device_authorizations', { client_id: ofDevices.id })
  const poll = (what: string, code: unknown, clientId = ofDevices.id): Attempt => ({
    ...{ kind: 'device codes', what, method: 'POST', path: '/oauth2/token' },
    body: new URLSearchParams({
      ...{ grant_type: DEVICE_CODE_GRANT, client_id: clientId, device_code: String(code) },
    }),
    // One that waits would be told to ask again.
    isRefused: ({ status, text }) => status === 400 && /"error":"(?:invalid|unauthorized)_/.test(text),
  })
  return [
    ...waiting.flatMap(row => [
      poll('the stored digest', `d_${row.device_code_digest}`),
      poll('the stored digest of its user code', `d_${row.user_code_digest}`),
      poll(
        'a signed one',
        `d_${thief.forge('device+jwt', { ...claimsOf(ownToken), code: row.user_code_digest })}`,
      ),
    ]),
    poll('one of their own', `d_${randomSecret()}${randomSecret()}`),
    poll('their own as that of another client', ownDeviceCode, ofDevices.otherId),
    // Few: what is typed is counted.
    ...waiting.slice(0, 2).map(row => ({
      ...{ kind: 'user codes from digests', what: 'of one that waits', method: 'POST', path: '/device' },
      headers: { cookie: ownBrowser.cookieHeader(), accept: 'application/json' },
      body: new URLSearchParams({
        ...{ csrf_token: ownBrowser.csrfToken(), user_code: String(row.user_code_digest) },
      }),
    })),
  ]
}
