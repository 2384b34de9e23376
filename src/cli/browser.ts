// A browser as the service sees one: cookies, forms with the token of the page that it saw last, no script.
import { createPkce, type Device } from './device.ts'
import { findCode, type Mailbox } from './mailbox.ts'
import { UsageError } from './settings.ts'

export interface Browser {
  cookie(name: string): string
  cookieHeader(): string
  csrfToken(): string
  /** Redirects are not followed. */
  request(method: string, path: string, init?: RequestInit): Promise<Response>
  post(path: string, fields: Readonly<Record<string, string>>): Promise<Response>
  /** Asks for a mail and reads it. */
  askForMail(email: string): Promise<{ readonly code: string }>
  /** The whole way, by the typed code. Throws when it does not end signed in. */
  signIn(email: string): Promise<void>
}

export function createBrowser(origin: string, mailbox: Mailbox): Browser {
  const jar = new Map<string, string>()
  let csrfToken = ''
  const cookieHeader = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')

  const request: Browser['request'] = async (method, path, init = {}) => {
    const response = await fetch(new URL(path, origin), {
      ...init,
      method,
      redirect: 'manual',
      headers: { ...(init.headers as Record<string, string> | undefined), cookie: cookieHeader() },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      jar.set(name, value)
    }
    if (response.headers.get('content-type')?.startsWith('text/html')) {
      csrfToken = /name="csrf_token" value="([^"]+)"/.exec(await response.clone().text())?.[1] ?? csrfToken
    }
    return response
  }
  const post: Browser['post'] = (path, fields) =>
    request('POST', path, { body: new URLSearchParams({ csrf_token: csrfToken, ...fields }) })

  const askForMail: Browser['askForMail'] = async email => {
    await request('GET', '/sign-in')
    await post('/sign-in', { email })
    await request('GET', '/sign-in/check')
    const mail = await mailbox(email, candidate => findCode(candidate) !== null)
    return { code: findCode(mail) ?? '' }
  }

  return {
    cookie: name => jar.get(name) ?? '',
    cookieHeader,
    csrfToken: () => csrfToken,
    request,
    post,
    askForMail,
    async signIn(email) {
      const { code } = await askForMail(email)
      const { status } = await post('/sign-in/code', { code })
      if (status !== 303) throw new UsageError(`The browser was not signed in: ${status}.`)
      await request('GET', '/account')
    },
  }
}

const REDIRECT_URI = 'http://127.0.0.1:9/callback'

/** Asks for a client in a browser that is signed in. @returns the request that waits on the page, and its form's address */
export async function askConsent(browser: Browser, clientId: string) {
  const { verifier, challenge } = createPkce()
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    ...challenge,
  })
  const asked = await browser.request('GET', `/oauth2/authorize?${query}`)
  const page = await asked.text()
  const [, action = ''] = /<form[^>]* action="([^"]+)"/.exec(page) ?? []
  const [, pending = ''] = /name="request" value="([^"]+)"/.exec(page) ?? []
  return { action, pending, verifier, status: asked.status }
}

/** Allows a client in a browser that is signed in. @returns the code, and what it is exchanged with */
export async function authorize(
  browser: Browser,
  clientId: string,
): Promise<Readonly<Record<string, string>>> {
  const { action, pending, verifier, status } = await askConsent(browser, clientId)
  const answered = await browser.post(action, { request: pending, decision: 'allow' })
  const code = new URL(answered.headers.get('location') ?? 'x:').searchParams.get('code')
  if (code === null) throw new UsageError(`${clientId} was not allowed: ${status}, ${answered.status}.`)
  return { code, redirect_uri: REDIRECT_URI, code_verifier: verifier }
}

/** Connects an app of others to the account of this browser. */
export async function connectApp(browser: Browser, clientId: string, app: Device): Promise<void> {
  const { status } = await app.exchange({
    grant_type: 'authorization_code',
    ...(await authorize(browser, clientId)),
  })
  if (status !== 200) throw new UsageError(`${clientId} got no tokens: ${status}.`)
}
