// An app that sends a browser to the authorization endpoint, and a browser that goes where it is sent.
import { pkceChallenge } from '../../../src/tokens/digest.ts'
import type { Browser } from './browser.ts'
import { form, ISSUER, type Service } from './service.ts'
import { contentsOf, createClient, type Tokens, verifier } from './sign-in.ts'

export const REDIRECT_URI = 'https://app.test/cb'

export interface App {
  readonly service: Service
  readonly clientId: string
  readonly redirectUri: string
  readonly secret: string | undefined
}

/** A public first-party client unless the registration says otherwise. */
export async function createApp(
  service: Service,
  registration: Readonly<Record<string, unknown>> = {},
): Promise<App> {
  const redirectUris = (registration.redirect_uris as string[] | undefined) ?? [REDIRECT_URI]
  const scopes = ['openid', 'email', 'read']
  const client = await createClient(service, { scopes, redirect_uris: redirectUris, ...registration })
  const redirectUri = redirectUris[0] ?? REDIRECT_URI
  return { service, clientId: client.client_id, redirectUri, secret: client.client_secret }
}

export interface Request {
  readonly path: string
  readonly codeVerifier: string
}

/** The request of a well-behaved app. A parameter that is `null` is left out. */
export async function authorizationRequest(
  app: App,
  changes: Readonly<Record<string, string | null>> = {},
): Promise<Request> {
  const codeVerifier = verifier()
  const parameters = {
    response_type: 'code',
    client_id: app.clientId,
    redirect_uri: app.redirectUri,
    code_challenge: await pkceChallenge(codeVerifier),
    code_challenge_method: 'S256',
    state: 'st',
    ...changes,
  }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== null) query.set(name, value)
  return { path: `/oauth2/authorize?${query}`, codeVerifier }
}

/** Follows redirects within the service; stops at a page or at the app. */
export async function follow(browser: Browser, response: Response): Promise<Response> {
  let at = response
  for (let hops = 0; hops < 10; hops++) {
    const location = at.headers.get('Location')
    if (location === null) return at
    const url = new URL(location, ISSUER)
    if (url.origin !== ISSUER) return at
    at = await browser.get(`${url.pathname}${url.search}`)
  }
  throw new Error('too many redirects')
}

export interface Answer {
  readonly code?: string
  readonly state?: string
  readonly iss?: string
  readonly error?: string
  readonly error_description?: string
}

/** What the app got in its query. */
export function answerOf(response: Response): Answer {
  const location = response.headers.get('Location')
  if (response.status !== 303 || location === null) throw new Error(`no answer: ${response.status}`)
  return Object.fromEntries(new URL(location).searchParams)
}

/** The sealed request of the page that asks. */
export async function askedRequest(page: Response): Promise<string> {
  const found = /name="request" value="([^"]+)"/.exec(await page.clone().text())?.[1]
  if (found === undefined) throw new Error(`not asked: ${page.status} ${page.headers.get('Location')}`)
  return found
}

export const decide = async (
  browser: Browser,
  page: Response,
  decision: 'allow' | 'deny',
): Promise<Response> =>
  browser.post('/oauth2/authorize/continue', { request: await askedRequest(page), decision })

/** Types the address and the code, as the pages ask. */
export async function signInThere(service: Service, browser: Browser, page: Response, email: string) {
  const continueTo = /name="continue" value="([^"]+)"/.exec(await page.clone().text())?.[1]
  if (continueTo === undefined) throw new Error('not the sign-in page')
  const fields = { email, continue: continueTo.replaceAll('&amp;', '&') }
  await follow(browser, await browser.post('/sign-in', fields))
  const { code } = contentsOf(service.newestMail(email).text)
  return follow(browser, await browser.post('/sign-in/code', { code }))
}

/** The whole way to a code, for a browser that is signed in; a page that asks is answered with yes. */
export async function getCode(
  app: App,
  browser: Browser,
  changes: Readonly<Record<string, string | null>> = {},
): Promise<{ readonly code: string; readonly codeVerifier: string }> {
  const { path, codeVerifier } = await authorizationRequest(app, changes)
  let response = await follow(browser, await browser.get(path))
  if (response.status === 200) response = await decide(browser, response, 'allow')
  const { code, error } = answerOf(response)
  if (code === undefined) throw new Error(`no code: ${error}`)
  return { code, codeVerifier }
}

export const exchange = (
  app: App,
  { code, codeVerifier }: { readonly code: string; readonly codeVerifier: string },
  changes: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  app.service.request(
    '/oauth2/token',
    form({
      grant_type: 'authorization_code',
      client_id: app.clientId,
      ...(app.secret === undefined ? {} : { client_secret: app.secret }),
      code,
      code_verifier: codeVerifier,
      redirect_uri: app.redirectUri,
      ...changes,
    }),
  )

export async function connect(
  app: App,
  browser: Browser,
  changes: Readonly<Record<string, string | null>> = {},
): Promise<Tokens> {
  const response = await exchange(app, await getCode(app, browser, changes))
  if (response.status !== 200) throw new Error(`no tokens: ${await response.text()}`)
  return response.json()
}
