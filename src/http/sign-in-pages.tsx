// Signing in, in a browser: the binding cookie ties every step to the browser that asked.
import * as v from 'valibot'
import { operation } from '#operation'
import { ACCOUNT_CLIENT } from '../domain/client.ts'
import { parseEmailAddress } from '../domain/email-address.ts'
import { isTaggedId } from '../domain/ids.ts'
import { parseCode } from '../domain/typed-code.ts'
import { CheckMailPage } from '../pages/check-mail-page.tsx'
import { SignInPage } from '../pages/sign-in-page.tsx'
import { refusedFor } from '../records/record.ts'
import { proveByCode, proveByLink } from '../sign-in/prove.ts'
import { startSignIn } from '../sign-in/start.ts'
import { type Binding, mintBinding } from '../tokens/binding.ts'
import { ring } from '../waiting/call.ts'
import { askForCode } from './ask-for-code.tsx'
import { requestBinding } from './binding.ts'
import { readForm } from './body.ts'
import { findBrowserSession } from './browser-session.ts'
import { complete } from './complete-sign-in.ts'
import type { LatchkeyContext, LatchkeyEnv } from './context.ts'
import { parseContinueTo } from './continue-to.ts'
import { writeCookie } from './cookies.ts'
import { checkCsrf, checkOrigin, csrfToken } from './csrf.ts'
import { allowFormTarget } from './form-target.ts'
import { Hono } from './hono.ts'
import { wantsJson } from './negotiate.ts'
import { pageForm, texts } from './openapi/form.ts'
import { Problem } from './problem.ts'
import { checkRedemptionLimit, checkSignInLimit } from './rate-limit.ts'
import { SignInState, signInState } from './sign-in-state.ts'
import { findSignedOutWhy } from './signed-out-why.ts'

export const signInPages = new Hono<LatchkeyEnv>()

/** What the page may be told to say, by whoever sends people there. */
const NOTICES = ['recent_sign_in_required', 'nothing_deleted'] as const

signInPages.get(
  '/sign-in',
  operation(() => ({
    summary: 'Asks for a mail address to sign in with',
    by: 'visitor',
    query: v.object(texts(['continue', 'login_hint'])),
    answers: { 200: 'text/html' },
  })),
  async c => {
    const continueTo = parseContinueTo(c.req.query('continue'), c.var.parts.config.issuer)
    const email = parseEmailAddress(c.req.query('login_hint') ?? '')?.deliverTo
    const why = await findSignedOutWhy(c)
    return c.html(
      <SignInPage
        csrfToken={await csrfToken(c)}
        continueTo={continueTo}
        email={email}
        notice={
          why?.tag === 'traits_changed' ? why.tag : NOTICES.find(each => each === c.req.query('notice'))
        }
        ended={why?.tag === 'ended' ? why : undefined}
      />,
    )
  },
)

signInPages.post(
  '/sign-in',
  operation(() => ({
    summary: 'Sends a link and a code to any address alike; a cookie ties them to this browser',
    by: 'visitor',
    form: pageForm({ email: v.string() }, ['continue']),
    answers: { 303: { to: ['/sign-in/check'] } },
    refusals: [429],
  })),
  async c => {
    const { parts, facts } = c.var
    const form = await readForm(c)
    await checkCsrf(c, form.csrf_token)
    const continueTo = parseContinueTo(form.continue, parts.config.issuer)
    const address = parseEmailAddress(form.email ?? '')
    if (address === null) return askAgain(c, continueTo)
    await checkSignInLimit(c)
    const former = await requestBinding(c)
    let binding: Binding | null = null
    await startSignIn(
      parts,
      {
        address,
        client: ACCOUNT_CLIENT,
        scope: '',
        startedIn: 'browser',
        bindingDigest: async id => {
          binding = await mintBinding(id, former)
          return binding.digest
        },
        continueTo,
        deviceName: null,
      },
      facts,
    )
    if (binding !== null) writeCookie(c, 'signIn', (binding as Binding).text)
    return c.redirect('/sign-in/check', 303)
  },
)

async function askAgain(c: LatchkeyContext, continueTo: string | null) {
  if (wantsJson(c)) throw new Problem('invalid_email')
  refusedFor('invalid_email')
  const page = <SignInPage csrfToken={await csrfToken(c)} continueTo={continueTo} error="invalid_email" />
  return c.html(page, 400)
}

signInPages.get(
  '/sign-in/check',
  operation(() => ({
    summary: 'How this browser’s sign-in stands; goes on once it is complete',
    by: 'visitor',
    answers: { 200: ['text/html', SignInState], 303: { to: 'own_path' } },
  })),
  async c => {
    const session = await findBrowserSession(c)
    const state = await signInState(c, await requestBinding(c), session)
    if (wantsJson(c)) return c.json(state)
    if (session !== null && state.state === 'completed') return c.redirect(state.location, 303)
    await allowFormTarget(c, state.location)
    return c.html(<CheckMailPage ended={state.state === 'ended'} csrfToken={await csrfToken(c)} />)
  },
)

/** A browser that asked for no sign-in holds nothing that a forged form could use: it is told `wrong_browser`, token or none. */
async function readRedemption(c: LatchkeyContext) {
  const form = await readForm(c)
  const binding = await requestBinding(c)
  if (binding === null) checkOrigin(c)
  else await checkCsrf(c, form.csrf_token)
  return { form, binding }
}

signInPages.post(
  '/sign-in/link',
  operation(() => ({
    summary: 'Completes a sign-in by its link',
    by: 'requesting_browser',
    form: pageForm({ token: v.string() }),
    answers: { 303: { to: 'own_path' } },
    refusals: [429],
  })),
  async c => {
    const { form, binding } = await readRedemption(c)
    await checkRedemptionLimit(c)
    const { parts, facts } = c.var
    const proof = await proveByLink(parts, form.token ?? '', binding?.digest ?? null, 'browser', facts)
    return complete(c, proof)
  },
)

signInPages.post(
  '/sign-in/code',
  operation(() => ({
    summary: 'Completes a sign-in by its code',
    by: 'requesting_browser',
    form: pageForm({ code: v.string() }, ['sign_in_id']),
    answers: { 303: { to: 'own_path' } },
    refusals: [429],
  })),
  async c => {
    const { form, binding: held } = await readRedemption(c)
    await checkRedemptionLimit(c)
    if (held === null) throw new Problem('wrong_browser')
    // The newest sign-in of this browser, unless the page was about an earlier one: all of them have its secret.
    const named = isTaggedId('i', form.sign_in_id) ? form.sign_in_id : null
    const binding = named === null ? held : { ...held, signInId: named }
    const { parts, facts } = c.var
    const code = parseCode(form.code ?? '')
    const proof = await proveByCode(parts, binding.signInId, code, binding.digest, 'browser', facts)
    // Over, by this wrong code perhaps: other tabs of this browser may still wait for it.
    if (proof.tag === 'refused' && proof.why === 'sign_in_ended') {
      facts.waitUntil(ring(parts.waitingBrowsers, binding.digest))
    }
    if (proof.tag === 'refused' && proof.why === 'wrong_code' && !wantsJson(c)) {
      refusedFor(proof.why)
      const { location } = await signInState(c, binding, null)
      if (named !== null) return askForCode(c, named, location, 400, 'wrong_code')
      await allowFormTarget(c, location)
      return c.html(<CheckMailPage ended={false} csrfToken={await csrfToken(c)} error="wrong_code" />, 400)
    }
    return complete(c, proof)
  },
)
