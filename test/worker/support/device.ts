// A device that shows a code and polls, and the browser in which its user decides.
import { DEVICE_CODE_GRANT } from '../../../src/domain/client.ts'
import type { Browser } from './browser.ts'
import { form, freshIp, type Service } from './service.ts'
import { createClient } from './sign-in.ts'

type Fields = Readonly<Record<string, string>>

export interface Codes {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

export interface DeviceApp {
  readonly clientId: string
  readonly secret: string | undefined
  /** What it says of itself at the OAuth endpoints. */
  readonly credentials: Fields
  readonly ask: (fields?: Fields, headers?: Fields) => Promise<Response>
  readonly start: (fields?: Fields) => Promise<Codes>
  readonly poll: (codes: Pick<Codes, 'device_code'>, fields?: Fields) => Promise<Response>
}

const TELEVISION = 'Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/120.0 Safari/537.36'

/** A public first-party client unless the registration says otherwise. */
export async function createDeviceApp(
  service: Service,
  registration: Readonly<Record<string, unknown>> = {},
): Promise<DeviceApp> {
  const { client_id, client_secret } = await createClient(service, {
    name: 'Telly',
    scopes: ['openid', 'email', 'read'],
    grant_types: [DEVICE_CODE_GRANT, 'refresh_token'],
    ...registration,
  })
  const secret: Fields = client_secret === undefined ? {} : { client_secret }
  const credentials = { client_id, ...secret }
  const send = (path: string, fields: Fields, headers: Fields = {}) => {
    const init = form({ ...credentials, ...fields })
    return service.request(path, { ...init, headers: { ...(init.headers as Fields), ...headers } })
  }
  const ask: DeviceApp['ask'] = (fields = {}, headers = {}) =>
    send('/oauth2/device_authorization', fields, {
      'CF-Connecting-IP': freshIp(),
      'User-Agent': TELEVISION,
      ...headers,
    })
  return {
    clientId: client_id,
    secret: client_secret,
    credentials,
    ask,
    async start(fields) {
      const response = await ask(fields)
      if (response.status !== 200) throw new Error(`no codes: ${await response.text()}`)
      return response.json()
    },
    poll: ({ device_code }, fields = {}) =>
      send('/oauth2/token', { grant_type: DEVICE_CODE_GRANT, device_code, ...fields }),
  }
}

export const typeCode = (browser: Browser, userCode: string, headers: Fields = {}): Promise<Response> =>
  browser.post('/device', { user_code: userCode }, headers)

/** What the page that asks would send. */
export async function questionOf(page: Response): Promise<string> {
  const found = /name="request" value="([^"]+)"/.exec(await page.clone().text())?.[1]
  if (found === undefined) throw new Error(`not asked: ${page.status} ${page.headers.get('Location')}`)
  return found
}

export async function decideDevice(
  browser: Browser,
  userCode: string,
  decision: 'allow' | 'deny' = 'allow',
): Promise<Response> {
  const request = await questionOf(await typeCode(browser, userCode))
  return browser.post('/device', { request, decision })
}

export const errorOf = async (response: Response): Promise<string> =>
  `${response.status} ${((await response.json()) as { error: string }).error}`
