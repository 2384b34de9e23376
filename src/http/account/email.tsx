// Changing the mail address: a recent sign-in, then the code from the new mailbox.
import * as v from 'valibot'
import { operation } from '#operation'
import { parseEmailAddress } from '../../domain/email-address.ts'
import { parseCode } from '../../domain/typed-code.ts'
import { EmailCodePage } from '../../pages/account/email-code-page.tsx'
import { EmailPage } from '../../pages/account/email-page.tsx'
import { refusedFor } from '../../records/record.ts'
import { completeEmailChange, isAwaitingCode } from '../../sign-in/complete-email-change.ts'
import { startEmailChange } from '../../sign-in/start-email-change.ts'
import { readForm } from '../body.ts'
import { findBrowserSession } from '../browser-session.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { checkCsrf, csrfToken } from '../csrf.ts'
import { currentAddress } from '../current-address.ts'
import { Hono } from '../hono.ts'
import { wantsJson } from '../negotiate.ts'
import { pageForm } from '../openapi/form.ts'
import { Problem } from '../problem.ts'
import { checkEmailChangeLimit, checkRedemptionLimit, checkSignInLimit } from '../rate-limit.ts'
import { recentSession, signInFirst } from '../recent-session.ts'

export const emailPages = new Hono<LatchkeyEnv>()

const HERE = '/account/email'

emailPages.get(
  '/account/email',
  operation({
    summary: 'Asks for another mail address; for a recent sign-in',
    by: 'browser',
    answers: { 200: 'text/html', 303: { to: ['/sign-in'] } },
    refusals: [401],
  }),
  async c => {
    const session = await recentSession(c, HERE)
    if (session instanceof Response) return session
    return askForAddress(c, await currentAddress(c, session))
  },
)

emailPages.post(
  '/account/email',
  operation(() => ({
    summary: 'Sends a code to the other address; for a recent sign-in',
    by: 'browser',
    form: pageForm({ email: v.string() }),
    answers: { 303: { to: ['/account/email/check', '/sign-in'] } },
    refusals: [401, 429],
  })),
  async c => {
    const { parts, facts } = c.var
    const form = await readForm(c)
    await checkCsrf(c, form.csrf_token)
    const session = await recentSession(c, HERE)
    if (session instanceof Response) return session
    const current = await currentAddress(c, session)
    const address = parseEmailAddress(form.email ?? '')
    if (address === null) return askForAddress(c, current, 'invalid_email')
    if (address.canonical === current) return askForAddress(c, current, 'same_address')
    await checkEmailChangeLimit(c, session.userId)
    await checkSignInLimit(c)
    await startEmailChange(parts, session, address, facts)
    return c.redirect('/account/email/check', 303)
  },
)

emailPages.get(
  '/account/email/check',
  operation({
    summary: 'Asks for the code from the other address',
    by: 'browser',
    answers: { 200: 'text/html', 303: { to: ['/account/email', '/sign-in'] } },
    refusals: [401],
  }),
  async c => {
    const session = await findBrowserSession(c)
    if (session === null) return signInFirst(c, null, HERE)
    if (!(await isAwaitingCode(c.var.parts, session, c.var.facts.now)))
      return c.redirect('/account/email', 303)
    return c.html(<EmailCodePage csrfToken={await csrfToken(c)} />)
  },
)

emailPages.post(
  '/account/email/code',
  operation(() => ({
    summary: 'Changes the mail address, by the code from the other one',
    by: 'browser',
    form: pageForm({ code: v.string() }),
    answers: { 303: { to: ['/account', '/sign-in'] } },
    refusals: [401, 409, 429],
  })),
  async c => {
    const { parts, facts } = c.var
    const form = await readForm(c)
    await checkCsrf(c, form.csrf_token)
    const session = await findBrowserSession(c)
    if (session === null) return signInFirst(c, null, HERE)
    await checkRedemptionLimit(c)
    const outcome = await completeEmailChange(parts, session, parseCode(form.code ?? ''), facts)
    if (outcome === 'changed') return c.redirect('/account?notice=email_changed', 303)
    if (outcome === 'session_ended') return signInFirst(c, null, HERE)
    if (outcome !== 'wrong_code') return askForAddress(c, await currentAddress(c, session), outcome)
    if (wantsJson(c)) throw new Problem('wrong_code')
    refusedFor('wrong_code')
    return c.html(<EmailCodePage csrfToken={await csrfToken(c)} error="wrong_code" />, 400)
  },
)

async function askForAddress(
  c: LatchkeyContext,
  current: string,
  error?: 'invalid_email' | 'same_address' | 'email_change_ended' | 'address_taken',
): Promise<Response> {
  const page = <EmailPage csrfToken={await csrfToken(c)} current={current} error={error} />
  if (error === undefined) return c.html(page)
  const problem = new Problem(error)
  if (wantsJson(c)) throw problem
  refusedFor(error)
  return c.html(page, problem.status)
}
