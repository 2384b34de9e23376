// The end-session endpoint (OpenID Connect RP-Initiated Logout 1.0). An app sends the browser here to sign its user out.
import * as v from 'valibot'
import { operation } from '#operation'
import type { Session } from '../domain/session.ts'
import { LOGOUT_PARAMETERS, readSent, type Sent } from '../oauth/authorize/sent.ts'
import { type LogoutRequest, locationOf, readLogoutRequest } from '../oauth/end-session.ts'
import { signOut } from '../oauth/revoke.ts'
import { SignOutPage } from '../pages/sign-out-page.tsx'
import { readFormText } from './body.ts'
import { findBrowserSession, findPresentedSession } from './browser-session.ts'
import type { LatchkeyContext, LatchkeyEnv } from './context.ts'
import { readCookie } from './cookies.ts'
import { checkCsrf, csrfToken } from './csrf.ts'
import { currentAddress } from './current-address.ts'
import { formTargetOf } from './form-target.ts'
import { Hono } from './hono.ts'
import { idleHead } from './methods.ts'
import { texts } from './openapi/form.ts'
import { Problem } from './problem.ts'
import { sendOnAsGet } from './send-on-as-get.ts'
import { SIGNED_OUT_PATH, signedOut } from './signed-out.ts'

export const endSession = new Hono<LatchkeyEnv>()

const END_SESSION_PATH = '/oauth2/end-session'
const CONFIRM_PATH = `${END_SESSION_PATH}/confirm`

const LogoutParameters = v.object(texts(LOGOUT_PARAMETERS))
const described = operation({
  summary: 'Signs the user out of this browser, at an app’s wish',
  by: 'anyone',
  query: LogoutParameters,
  form: LogoutParameters,
  answers: { 200: 'text/html', 303: { to: 'anywhere' } },
})

endSession.get(END_SESSION_PATH, described, idleHead, c => begin(c, new URL(c.req.url).searchParams))

endSession.post(END_SESSION_PATH, described, async c => {
  const parameters = new URLSearchParams(await readFormText(c))
  return readCookie(c, 'session') === undefined
    ? sendOnAsGet(c, END_SESSION_PATH, parameters)
    : begin(c, parameters)
})

/** Whose app shows an ID token of this very user need not be asked; a link or an image of any other site changes nothing. */
async function begin(c: LatchkeyContext, parameters: URLSearchParams): Promise<Response> {
  const request = await readRequest(c, readOnce(parameters))
  const session = await findPresentedSession(c)
  // Without a session here nobody speaks for the user: the app's own is the app's to end (/oauth2/revoke).
  if (session === null) return c.redirect(placeAfter(request), 303)
  if (request.hint?.userId !== session.userId) return ask(c, request)
  await signOut(c.var.parts, ownerOf(session), c.var.facts, { andSessionId: request.hint.sessionId })
  return signedOut(c, placeAfter(request))
}

endSession.post(CONFIRM_PATH, async c => {
  const sent = readOnce(new URLSearchParams(await readFormText(c)))
  await checkCsrf(c, sent.one('csrf_token') ?? undefined)
  const request = await readRequest(c, sent)
  const session = await findPresentedSession(c)
  if (session !== null) await signOut(c.var.parts, ownerOf(session), c.var.facts)
  return signedOut(c, placeAfter(request))
})

function readOnce(parameters: URLSearchParams): Sent {
  const sent = readSent(parameters)
  if (sent.isAnyRepeated) throw new Problem('invalid_request', { detail: 'a parameter is repeated' })
  return sent
}

const readRequest = (c: LatchkeyContext, sent: Sent): Promise<LogoutRequest> =>
  readLogoutRequest(c.var.parts, sent, c.var.facts)

const placeAfter = ({ goOnTo }: LogoutRequest): string =>
  goOnTo === null ? SIGNED_OUT_PATH : locationOf(goOnTo)

const ownerOf = (session: Session) => ({ userId: session.userId, sessionId: session.id })

/**
 * The form brings back what the answer needs, to be judged again; the ID token goes no further than here. Whose session it
 * is stays untold where its cookie is not taken as signed in.
 */
async function ask(c: LatchkeyContext, { client, goOnTo }: LogoutRequest) {
  const session = await findBrowserSession(c)
  if (goOnTo !== null) c.set('formTarget', formTargetOf(goOnTo.redirectUri))
  return c.html(
    <SignOutPage
      csrfToken={await csrfToken(c)}
      action={CONFIRM_PATH}
      hidden={fieldsOf(client, goOnTo)}
      clientName={client?.name ?? null}
      email={session && (await currentAddress(c, session))}
    />,
  )
}

function fieldsOf(client: LogoutRequest['client'], goOnTo: LogoutRequest['goOnTo']): Record<string, string> {
  if (client === null || goOnTo === null) return {}
  const { redirectUri, state } = goOnTo
  const fields = { client_id: client.id, post_logout_redirect_uri: redirectUri }
  return state === null ? fields : { ...fields, state }
}
