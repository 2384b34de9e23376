// Signing in from somewhere: with a User-Agent, from a network; and what the holder of the account is told of it.
import { MAGIC_LINK_GRANT } from '../../../src/domain/client.ts'
import type { MailMessage } from '../../../src/mail/message.ts'
import { endSessionsOf } from '../../../src/sign-in/end-sessions.ts'
import { randomId } from '../../../src/tokens/random.ts'
import { askForMail, type Browser } from './browser.ts'
import { form, type Service } from './service.ts'
import { requestLink, type Tokens } from './sign-in.ts'
import { storedUsers } from './stored.ts'

export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
export const SAFARI =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15'

export async function signInByBrowser(
  service: Service,
  email: string,
  signingIn: Browser,
  userAgent: string,
): Promise<Response> {
  const { token } = await askForMail(service, signingIn, email)
  return signingIn.post('/sign-in/link', { token }, { 'User-Agent': userAgent })
}

export async function signInByApp(
  service: Service,
  clientId: string,
  email: string,
  ip: string,
  userAgent: string,
  by: 'link' | 'code' = 'link',
): Promise<Tokens> {
  const { codeVerifier, token, signInId, code } = await requestLink(service, clientId, email, { ip })
  const init = form({
    grant_type: MAGIC_LINK_GRANT,
    client_id: clientId,
    code_verifier: codeVerifier,
    ...(by === 'link' ? { token } : { sign_in_id: signInId, code }),
  })
  const from = { 'CF-Connecting-IP': ip, 'User-Agent': userAgent }
  const headers = { ...(init.headers as Record<string, string>), ...from }
  const response = await service.request('/oauth2/token', { ...init, headers })
  if (response.status !== 200) throw new Error(`not signed in: ${await response.text()}`)
  return response.json()
}

/** All that this address has been told so far. */
export const noticesTo = (service: Service, email: string): MailMessage[] =>
  service.mails.filter(({ to, subject }) => to === email && subject.startsWith('New sign-in'))

/** Says of everything that is live: "That was not me". */
export async function disownAll(service: Service, email: string): Promise<void> {
  const [userId = ''] = await storedUsers(service, email)
  const change = {
    selection: { kind: 'all', includeApps: true },
    reason: 'not_me',
    by: { kind: 'notice' },
  } as const
  const result = await endSessionsOf(service.parts, userId, { opId: randomId('op'), ...change }, service.now)
  if (result.tag !== 'ended' || result.sessions.length === 0) throw new Error('nothing was disowned')
}

/** The token of the newest notice. */
export function noticeToken(service: Service, email: string): string {
  const token = /^https:\/\/auth\.test\/account\/not-me\?token=([\w-]+)$/m.exec(
    noticesTo(service, email).at(-1)?.text ?? '',
  )?.[1]
  if (token === undefined) throw new Error(`no notice for ${email}`)
  return token
}
