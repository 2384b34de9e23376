// The page where a user connects a device that cannot show one (RFC 8628 §3.3). A code is looked up by a form only, and
// decided on by a second one, whoever the client is and however the code came here.
import * as v from 'valibot'
import { operation } from '#operation'
import { DECISIONS } from '../domain/device-authorization.ts'
import { splitScope } from '../domain/scope.ts'
import type { Session } from '../domain/session.ts'
import { parseCode, showCode } from '../domain/typed-code.ts'
import {
  decideOnDevice,
  type FoundDevice,
  findUndecided,
  sealQuestion,
  unsealQuestion,
} from '../oauth/device/decide.ts'
import { DEVICE_PATH } from '../oauth/device/start.ts'
import type { FormParameters } from '../oauth/parameters.ts'
import { foreignResource } from '../oauth/resource.ts'
import { ConsentPage } from '../pages/consent-page.tsx'
import { DeviceDecidedPage } from '../pages/device-decided-page.tsx'
import { DevicePage } from '../pages/device-page.tsx'
import { refusedFor } from '../records/record.ts'
import { findUser } from '../store/users.ts'
import { randomSecret } from '../tokens/random.ts'
import { readForm } from './body.ts'
import { findBrowserSession } from './browser-session.ts'
import type { LatchkeyContext, LatchkeyEnv } from './context.ts'
import { checkCsrf, csrfToken } from './csrf.ts'
import { Hono } from './hono.ts'
import { wantsJson } from './negotiate.ts'
import { pageForm, texts } from './openapi/form.ts'
import { Problem } from './problem.ts'
import { checkUserCodeLimit } from './rate-limit.ts'

export const devicePages = new Hono<LatchkeyEnv>()

devicePages.get(
  DEVICE_PATH,
  operation(() => ({
    summary: 'Asks for the code that a device shows',
    by: 'browser',
    query: v.object(texts(['user_code'])),
    answers: { 200: 'text/html', 303: { to: ['/sign-in'] } },
  })),
  async c => {
    const userCode = parseCode(c.req.query('user_code') ?? '')
    if ((await findBrowserSession(c)) === null) return c.redirect(signInPath(userCode), 303)
    return c.html(
      <DevicePage
        csrfToken={await csrfToken(c)}
        action={DEVICE_PATH}
        userCode={userCode === null ? undefined : showCode(userCode)}
      />,
    )
  },
)

devicePages.post(
  DEVICE_PATH,
  operation(() => ({
    summary: 'Says which device a code is of, and asks; then what the user decides on it',
    by: 'browser',
    form: v.union([
      pageForm({ user_code: v.string() }),
      pageForm({ request: v.string(), decision: v.picklist(DECISIONS) }),
    ]),
    answers: { 200: 'text/html', 303: { to: ['/sign-in', DEVICE_PATH] } },
    refusals: [429],
  })),
  async c => {
    const form = await readForm(c)
    await checkCsrf(c, form.csrf_token)
    return form.request === undefined ? lookUp(c, form) : decide(c, form.request, form)
  },
)

async function lookUp(c: LatchkeyContext, form: FormParameters): Promise<Response> {
  const { parts, facts } = c.var
  const userCode = parseCode(form.user_code ?? '')
  const session = await findBrowserSession(c)
  if (session === null) return c.redirect(signInPath(userCode), 303)
  await checkUserCodeLimit(c, session.userId)
  const found = userCode === null ? null : await findUndecided(parts, userCode, facts.now)
  if (userCode === null || found === null) return typeAgain(c)
  return ask(c, userCode, found, session)
}

async function typeAgain(c: LatchkeyContext): Promise<Response> {
  if (wantsJson(c)) throw new Problem('wrong_code')
  refusedFor('wrong_code')
  const page = <DevicePage csrfToken={await csrfToken(c)} action={DEVICE_PATH} error="wrong_user_code" />
  return c.html(page, 400)
}

async function ask(
  c: LatchkeyContext,
  userCode: string,
  { authorization, client }: FoundDevice,
  session: Session,
): Promise<Response> {
  const { parts, facts } = c.var
  const asked = { sessionId: session.id, decisionId: randomSecret() }
  const user = await findUser(parts.shards.of(session.userId), session.userId)
  const { device, place, scope, audience } = authorization
  return c.html(
    <ConsentPage
      csrfToken={await csrfToken(c)}
      action={DEVICE_PATH}
      request={await sealQuestion(parts, { userCode, begunAt: facts.now, asked })}
      clientName={client.name}
      about={{
        kind: 'device',
        userCode: showCode(userCode),
        device,
        place,
        scopes: splitScope(scope),
        resource: foreignResource(parts, client, audience),
      }}
      email={user?.email ?? ''}
      otherAccount={signInPath(userCode)}
    />,
  )
}

async function decide(c: LatchkeyContext, sealed: string, form: FormParameters): Promise<Response> {
  const { parts, facts } = c.var
  const question = await unsealQuestion(parts, sealed, facts.now)
  if (question === null) throw new Problem('authorization_over')
  const decision = DECISIONS.find(each => each === form.decision)
  if (decision === undefined) throw new Problem('invalid_request', { detail: 'check: decision' })
  const session = await findBrowserSession(c)
  // The answer counts for whom the page has asked; anybody else begins with the code.
  if (session?.id !== question.asked.sessionId) return c.redirect(devicePath(question.userCode), 303)
  const client = await decideOnDevice(parts, question, decision, session, facts)
  if (client === null) throw new Problem('authorization_over')
  const isAllowed = decision === 'allow'
  return c.html(
    <DeviceDecidedPage csrfToken={await csrfToken(c)} isAllowed={isAllowed} clientName={client.name} />,
  )
}

const devicePath = (userCode: string | null): string =>
  userCode === null ? DEVICE_PATH : `${DEVICE_PATH}?user_code=${showCode(userCode)}`

const signInPath = (userCode: string | null): string =>
  `/sign-in?${new URLSearchParams({ continue: devicePath(userCode) })}`
