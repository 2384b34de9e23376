// A browser as tests meet it: it keeps cookies as a browser would, takes the anti-forgery token from the page it
// saw last, and follows no redirect by itself. A cookie that a browser would refuse, or that breaks our own rule for
// cookies (WB-01), fails the test, whichever test it is.
import { freshIp, ISSUER, type Service } from './service.ts'
import { contentsOf } from './sign-in.ts'

export interface Browser {
  /** Its network; it can move to another. */
  ip: string
  /** Every Set-Cookie line that it was sent. */
  readonly setCookies: readonly string[]
  /** The token of the page that it saw last; null when it saw none since its nonce changed. */
  readonly csrfToken: string | null
  readonly cookie: (name: string) => string | undefined
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<Response>
  /** Sends a form from a page of ours: with that page's token unless `fields` has one, same origin unless `headers` say otherwise. */
  readonly post: (
    path: string,
    fields?: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>
  /** Any request, with this browser's cookies and network and nothing else added. */
  readonly send: (path: string, init?: RequestInit) => Promise<Response>
}

export const SAME_ORIGIN = { Origin: ISSUER, 'Sec-Fetch-Site': 'same-origin' } as const
export const ACCEPT_JSON = { Accept: 'application/json' } as const

export function browser(service: Service, ip = freshIp()): Browser {
  let network = ip
  const jar = new Map<string, { readonly value: string; readonly until: number }>()
  const setCookies: string[] = []
  let csrfToken: string | null = null

  const keep = (line: string): void => {
    setCookies.push(line)
    const { name, value, maxAge } = parseCookie(line)
    if (maxAge <= 0) jar.delete(name)
    else jar.set(name, { value, until: service.now + maxAge })
    if (name === '__Host-csrf') csrfToken = null
  }

  const cookieHeader = (): string =>
    [...jar]
      .filter(([, { until }]) => until > service.now)
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ')

  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers)
    headers.set('CF-Connecting-IP', network)
    const cookies = cookieHeader()
    if (cookies !== '' && !headers.has('Cookie')) headers.set('Cookie', cookies)
    const response = await service.request(path, { ...init, headers })
    response.headers.getSetCookie().forEach(keep)
    const isPage = response.headers.get('Content-Type')?.startsWith('text/html') ?? false
    const token = isPage ? /name="csrf_token" value="([^"]+)"/.exec(await response.clone().text())?.[1] : null
    csrfToken = token ?? csrfToken
    return response
  }

  return {
    get ip() {
      return network
    },
    set ip(moved) {
      network = moved
    },
    setCookies,
    get csrfToken() {
      return csrfToken
    },
    cookie: name => jar.get(name)?.value,
    get: (path, headers = {}) => send(path, { headers }),
    async post(path, fields = {}, headers = {}) {
      if (csrfToken === null && fields.csrf_token === undefined) await send('/sign-in')
      const body = new URLSearchParams({ csrf_token: csrfToken ?? '', ...fields }).toString()
      const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
      return send(path, { method: 'POST', headers: { ...type, ...SAME_ORIGIN, ...headers }, body })
    },
    send,
  }
}

/** Asks for a mail, and reads it. */
export async function askForMail(
  service: Service,
  asking: Browser,
  email: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: string; readonly token: string }> {
  const response = await asking.post('/sign-in', { email, ...fields })
  if (response.status !== 303) throw new Error(`no mail: ${response.status} ${await response.text()}`)
  return contentsOf(service.newestMail(email).text)
}

/** The whole way, by link, on to a browser session. */
export async function signInBrowser(
  service: Service,
  email: string,
  signingIn: Browser = browser(service),
): Promise<Browser> {
  const { token } = await askForMail(service, signingIn, email)
  const response = await signingIn.post('/sign-in/link', { token })
  if (response.status !== 303) throw new Error(`not signed in: ${response.status} ${await response.text()}`)
  return signingIn
}

const COOKIE_MAX_BYTES = 4096

/** Throws for a cookie that breaks WB-01. */
function parseCookie(line: string): { name: string; value: string; maxAge: number } {
  const [pair = '', ...rest] = line.split(/; */)
  const attributes = new Map(
    rest.map(part => [part.split('=')[0]?.toLowerCase() ?? '', part.split('=')[1] ?? '']),
  )
  const [name = '', value = ''] = pair.split('=')
  const isStrict =
    name.startsWith('__Host-') &&
    attributes.has('secure') &&
    attributes.has('httponly') &&
    attributes.get('path') === '/' &&
    !attributes.has('domain') &&
    /^(?:Lax|Strict)$/.test(attributes.get('samesite') ?? '') &&
    new TextEncoder().encode(line).byteLength < COOKIE_MAX_BYTES
  if (!isStrict) throw new Error(`WB-01: a cookie that must not be set: ${line}`)
  const maxAge = attributes.get('max-age')
  return { name, value, maxAge: maxAge === undefined ? Number.POSITIVE_INFINITY : Number(maxAge) }
}
