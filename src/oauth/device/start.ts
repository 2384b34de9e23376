// The device authorization endpoint (RFC 8628 §3.1, §3.2): a device asks for two codes, one to show and one to poll with.
import { type Client, DEVICE_CODE_GRANT } from '../../domain/client.ts'
import { DEVICE_CODE_SECONDS, DEVICE_POLL_SECONDS } from '../../domain/limits.ts'
import { showCode } from '../../domain/typed-code.ts'
import { record } from '../../records/record.ts'
import type { Parts, RequestFacts } from '../../sign-in/parts.ts'
import { insertDeviceAuthorization } from '../../store/device-authorizations.ts'
import { randomCode } from '../../tokens/random.ts'
import type { FormParameters } from '../parameters.ts'
import { registeredScope, requireGrant } from '../registered.ts'
import { resolveAudience } from '../resource.ts'
import { digestOfDeviceCode, keyOfUserCode, sealDeviceCode } from './codes.ts'

export const DEVICE_PATH = '/device'

export interface DeviceAnswer {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

/** Throws OAuthError for every refusal. */
export async function startDeviceAuthorization(
  parts: Pick<Parts, 'config' | 'secrets' | 'shards'>,
  client: Client,
  form: FormParameters,
  { now, device, place }: RequestFacts,
): Promise<DeviceAnswer> {
  requireGrant(client, DEVICE_CODE_GRANT)
  const scope = registeredScope(client, form.scope)
  const audience = await resolveAudience(parts, client, form.resource)
  const expiresAt = now + DEVICE_CODE_SECONDS
  const asked = { clientId: client.id, scope, audience, device, place, expiresAt }
  while (true) {
    const userCode = randomCode()
    const deviceCode = await sealDeviceCode(parts, client.id, { userCode, expiresAt })
    const key = await keyOfUserCode(parts, userCode)
    const deviceCodeDigest = await digestOfDeviceCode(deviceCode)
    const fresh = { ...asked, deviceCodeDigest }
    if (await insertDeviceAuthorization(key.db, key.digest, fresh, DEVICE_POLL_SECONDS)) {
      record('device.started')
      return answerWith(`${parts.config.issuer}${DEVICE_PATH}`, deviceCode, showCode(userCode))
    }
  }
}

const answerWith = (page: string, deviceCode: string, userCode: string): DeviceAnswer => ({
  device_code: deviceCode,
  user_code: userCode,
  verification_uri: page,
  verification_uri_complete: `${page}?user_code=${userCode}`,
  expires_in: DEVICE_CODE_SECONDS,
  interval: DEVICE_POLL_SECONDS,
})
