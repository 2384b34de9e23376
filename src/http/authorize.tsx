// The authorization endpoint: from a client's request through sign-in and consent to a code (OAuth 2.1 §4.1).
import * as v from 'valibot'
import { operation } from '#operation'
import { type AnswerTo, nextStep, type PendingAuthorization, type Prompt } from '../domain/authorization.ts'
import type { Client } from '../domain/client.ts'
import { isClientDocumentUrl } from '../domain/client-document.ts'
import { DECISIONS } from '../domain/device-authorization.ts'
import { matchesRedirectUri } from '../domain/redirect-uri.ts'
import { splitScope } from '../domain/scope.ts'
import type { Session } from '../domain/session.ts'
import {
  type AnswerParameters,
  answerLocation,
  answerParameters,
  codeAnswer,
  errorAnswer,
} from '../oauth/authorize/answer.ts'
import { grantConsent, isConsented } from '../oauth/authorize/consent.ts'
import { issueCode } from '../oauth/authorize/issue-code.ts'
import { CONTINUE_PATH, continuePath, sealPending, unsealPending } from '../oauth/authorize/pending.ts'
import { isPushed, takePushed } from '../oauth/authorize/pushed.ts'
import { findAddressee, parseRequest } from '../oauth/authorize/request.ts'
import { AUTHORIZATION_PARAMETERS, readSent, type Sent } from '../oauth/authorize/sent.ts'
import { OAuthError } from '../oauth/errors.ts'
import { isRegisteredFor } from '../oauth/registered.ts'
import { foreignResource } from '../oauth/resource.ts'
import { ConsentPage } from '../pages/consent-page.tsx'
import { FormPostPage } from '../pages/form-post-page.tsx'
import { refusedFor } from '../records/record.ts'
import { findUser } from '../store/users.ts'
import { randomSecret } from '../tokens/random.ts'
import { readForm, readFormText } from './body.ts'
import { findBrowserSession } from './browser-session.ts'
import type { LatchkeyContext, LatchkeyEnv } from './context.ts'
import { readCookie } from './cookies.ts'
import { checkCsrf, csrfToken } from './csrf.ts'
import { formTargetOf } from './form-target.ts'
import { Hono } from './hono.ts'
import { idleHead } from './methods.ts'
import { pageForm, texts } from './openapi/form.ts'
import { Problem } from './problem.ts'
import { sendOnAsGet } from './send-on-as-get.ts'

export const authorize = new Hono<LatchkeyEnv>()

const AUTHORIZE_PATH = '/oauth2/authorize'

const AuthorizationParameters = v.object(texts(AUTHORIZATION_PARAMETERS))
const described = operation({
  summary: 'Begins an authorization in the user’s browser',
  by: 'anyone',
  query: AuthorizationParameters,
  form: AuthorizationParameters,
  answers: { 200: 'text/html', 303: { to: 'anywhere' } },
})

authorize.get(AUTHORIZE_PATH, described, idleHead, c => begin(c, new URL(c.req.url).searchParams))

authorize.post(AUTHORIZE_PATH, described, async c => {
  const parameters = new URLSearchParams(await readFormText(c))
  if (readCookie(c, 'session') !== undefined) return begin(c, parameters)
  const sent = readSent(parameters)
  if (!isPushed(sent)) await requireAddressee(c, sent)
  return sendOnAsGet(c, AUTHORIZE_PATH, parameters)
})

async function begin(c: LatchkeyContext, parameters: URLSearchParams): Promise<Response> {
  const { parts, facts } = c.var
  const front = readSent(parameters)
  const wasPushed = isPushed(front)
  const sent = wasPushed ? await takePushed(parts, front, facts.now) : front
  if (sent === null) throw new Problem('invalid_request_uri')
  const addressee = await requireAddressee(c, sent)
  const parsed = await parseRequest(parts, addressee, sent, wasPushed, facts.now)
  if (parsed.tag === 'refused') return answer(c, parsed.answerTo, errorAnswer(parsed.error))
  const session = await findBrowserSession(c)
  const pending = {
    request: parsed.request,
    begunAt: facts.now,
    formerSessionId: session?.id ?? null,
    asked: null,
  }
  return proceed(c, parsed.client, pending, session)
}

/** Throws a problem, which the user sees, where nobody may be answered. */
async function requireAddressee(c: LatchkeyContext, sent: Sent) {
  const addressee = await findAddressee(c.var.parts, sent, c.var.facts)
  if (addressee.tag === 'unknown') throw new Problem(addressee.why)
  return addressee
}

authorize.get(
  CONTINUE_PATH,
  operation(() => ({
    summary: 'Goes on with an authorization, once its user has signed in',
    by: 'visitor',
    query: v.object({ request: v.string() }),
    answers: { 200: 'text/html', 303: { to: 'anywhere' } },
  })),
  idleHead,
  async c => {
    const { pending, client } = await readPending(c, c.req.query('request'))
    return proceed(c, client, pending, await findBrowserSession(c))
  },
)

authorize.post(
  CONTINUE_PATH,
  operation(() => ({
    summary: 'What the user decides on an app’s request',
    by: 'visitor',
    form: pageForm({ request: v.string(), decision: v.picklist(DECISIONS) }),
    answers: { 200: 'text/html', 303: { to: 'anywhere' } },
  })),
  async c => {
    const form = await readForm(c)
    await checkCsrf(c, form.csrf_token)
    const { pending, client } = await readPending(c, form.request)
    const { request, asked } = pending
    if (form.decision === 'deny') {
      return answer(c, request, errorAnswer(new OAuthError('access_denied', 'the user has declined')))
    }
    if (form.decision !== 'allow') throw new Problem('invalid_request', { detail: 'check: decision' })
    const session = await findBrowserSession(c)
    // The answer counts for whom the page has asked; anybody else is asked first.
    if (session === null || asked === null || session.id !== asked.sessionId) {
      return c.redirect(continuePath(form.request ?? ''), 303)
    }
    if (client.kind === 'third_party') {
      const consent = { scope: request.scope, decisionId: asked.decisionId }
      const granted = await grantConsent(c.var.parts, session, client, consent, c.var.facts)
      if (granted.tag !== 'changed') return c.redirect(continuePath(form.request ?? ''), 303)
    }
    return answerWithCode(c, pending, session, asked.decisionId)
  },
)

/** The request behind a sealed text, and its client as it is now. */
async function readPending(
  c: LatchkeyContext,
  sealed: string | undefined,
): Promise<{ pending: PendingAuthorization; client: Client }> {
  const { parts, facts } = c.var
  const pending = await unsealPending(parts, sealed ?? '', facts.now)
  if (pending === null) throw new Problem('authorization_over')
  const client = await parts.resolveClient(pending.request.clientId, facts)
  const { redirectUri, scope } = pending.request
  const isStillRegistered =
    client?.redirect_uris.some(uri => matchesRedirectUri(redirectUri, uri)) === true &&
    isRegisteredFor(client, scope)
  if (client === null || !isStillRegistered) throw new Problem('authorization_over')
  return { pending, client }
}

async function proceed(
  c: LatchkeyContext,
  client: Client,
  pending: PendingAuthorization,
  session: Session | null,
): Promise<Response> {
  const { parts, facts } = c.var
  const { request } = pending
  // What was allowed at one service of others says nothing of another: such a request is asked about each time.
  const isOwn = foreignResource(parts, client, request.audience) === null
  const consented = isOwn && session !== null && (await isConsented(parts, client, session, request.scope))
  const step = nextStep(pending, client, session, consented, facts.now)
  if (step.tag === 'refuse') {
    return answer(c, request, errorAnswer(new OAuthError(step.error, 'the user has to be asked')))
  }
  if (step.tag === 'sign_in' || session === null) {
    return c.redirect(signInPath(await sealPending(parts, pending), request.loginHint), 303)
  }
  return step.tag === 'ask'
    ? ask(c, client, pending, session)
    : answerWithCode(c, pending, session, randomSecret())
}

function signInPath(sealed: string, loginHint: string | null): string {
  const hint = loginHint === null ? {} : { login_hint: loginHint }
  return `/sign-in?${new URLSearchParams({ continue: continuePath(sealed), ...hint })}`
}

async function ask(
  c: LatchkeyContext,
  client: Client,
  pending: PendingAuthorization,
  session: Session,
): Promise<Response> {
  const { parts } = c.var
  const asked = { sessionId: session.id, decisionId: randomSecret() }
  const user = await findUser(parts.shards.of(session.userId), session.userId)
  const { redirectUri, scope, audience } = pending.request
  c.set('formTarget', formTargetOf(redirectUri))
  // Another account begins with another sign-in, for this same request and all that it asks for.
  const prompts: readonly Prompt[] = [...pending.request.prompts, 'login']
  const others = { ...pending, formerSessionId: session.id, request: { ...pending.request, prompts } }
  return c.html(
    <ConsentPage
      csrfToken={await csrfToken(c)}
      action={CONTINUE_PATH}
      request={await sealPending(parts, { ...pending, asked })}
      clientName={client.name}
      about={
        client.kind === 'third_party'
          ? {
              kind: 'connect',
              ownerHost: ownerHostOf(c, client),
              redirectUri,
              scopes: splitScope(scope),
              resource: foreignResource(parts, client, audience),
            }
          : { kind: 'choose' }
      }
      email={user?.email ?? ''}
      otherAccount={signInPath(await sealPending(parts, others), null)}
    />,
  )
}

/** Where the client's metadata is published; null for a registered one. */
const ownerHostOf = (c: LatchkeyContext, { id }: Client): string | null =>
  isClientDocumentUrl(id, c.var.parts.config.loopbackTargets) ? new URL(id).host : null

async function answerWithCode(
  c: LatchkeyContext,
  pending: PendingAuthorization,
  session: Session,
  decisionId: string,
): Promise<Response> {
  const { parts, facts } = c.var
  const code = await issueCode(parts, pending.request, session, decisionId, facts)
  if (code === null) throw new Problem('authorization_over')
  return answer(c, pending.request, codeAnswer(code))
}

async function answer(
  c: LatchkeyContext,
  answerTo: AnswerTo,
  parameters: AnswerParameters,
): Promise<Response> {
  if (parameters.error !== undefined) refusedFor(parameters.error)
  const full = answerParameters(answerTo, c.var.parts.config.issuer, parameters)
  if (answerTo.responseMode !== 'form_post') return c.redirect(answerLocation(answerTo, full), 303)
  c.set('formTarget', formTargetOf(answerTo.redirectUri))
  return c.html(<FormPostPage action={answerTo.redirectUri} fields={full} />)
}
