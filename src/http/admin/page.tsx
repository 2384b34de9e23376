// The operator's page: the ADMIN_TOKEN opens it once, a short session in a cookie keeps it open. Nothing else does, and this
// cookie opens nothing else: the calls under /admin/v1 take the token itself.
import { OPERATOR_SESSION_SECONDS } from '../../domain/limits.ts'
import { AdminPage } from '../../pages/admin/admin-page.tsx'
import { AdminSignInPage } from '../../pages/admin/admin-sign-in-page.tsx'
import { identify, record, refusedFor } from '../../records/record.ts'
import { acknowledgeAlarm } from '../../store/alarms.ts'
import { isOperatorSession, mintOperatorSession } from '../../tokens/operator-session.ts'
import { readForm } from '../body.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { clearCookie, readCookie, writeCookie } from '../cookies.ts'
import { checkCsrf, csrfToken } from '../csrf.ts'
import { Hono } from '../hono.ts'
import { wantsJson } from '../negotiate.ts'
import { Problem } from '../problem.ts'
import { checkSecretLimit, countWrongSecret } from '../rate-limit.ts'
import { gatherStats } from './gather-stats.ts'
import { isAdminToken, noOperator } from './require-operator.ts'

export const adminPage = new Hono<LatchkeyEnv>()

const PATH = '/admin'

/** Wrong tokens are counted as a client's wrong secrets are, under a name that no client can have. */
const GUESSED = PATH

adminPage.get(PATH, async c => {
  if (!(await isOperator(c))) return askForToken(c)
  const { parts, facts } = c.var
  return c.html(<AdminPage csrfToken={await csrfToken(c)} stats={await gatherStats(parts, facts.now)} />)
})

adminPage.post(PATH, async c => {
  const { parts, facts } = c.var
  const form = await readForm(c)
  await checkCsrf(c, form.csrf_token)
  checkSecretLimit(c, GUESSED)
  const token = form.admin_token ?? ''
  if (!(await isAdminToken(parts, token))) {
    await countWrongSecret(c, GUESSED)
    return askForToken(c, 'wrong_token')
  }
  const expiresAt = facts.now + OPERATOR_SESSION_SECONDS
  writeCookie(c, 'operator', await mintOperatorSession(parts.secrets, token, expiresAt))
  identify({ actor: 'operator' })
  record('operator.signed_in')
  return c.redirect(PATH, 303)
})

adminPage.post(`${PATH}/sign-out`, async c => {
  const form = await readForm(c)
  await checkCsrf(c, form.csrf_token)
  if (await isOperator(c)) record('operator.signed_out')
  clearCookie(c, 'operator')
  return c.redirect(PATH, 303)
})

adminPage.post(`${PATH}/acknowledge`, async c => {
  const form = await readForm(c)
  await checkCsrf(c, form.csrf_token)
  if (!(await isOperator(c))) return c.redirect(PATH, 303)
  const { parts, facts } = c.var
  const alarmId = form.alarm_id ?? ''
  const isKnown = await acknowledgeAlarm(parts.shards.global, alarmId, facts.now)
  if (!isKnown) throw new Problem('not_found')
  record('operator.called', { method: c.req.method, path: c.req.path, alarm_id: alarmId })
  return c.redirect(PATH, 303)
})

async function isOperator(c: LatchkeyContext): Promise<boolean> {
  const { parts, facts } = c.var
  const cookie = readCookie(c, 'operator') ?? ''
  const isOpen = await isOperatorSession(parts.secrets, parts.config.secrets.ADMIN_TOKEN, cookie, facts.now)
  if (isOpen) identify({ actor: 'operator' })
  return isOpen
}

async function askForToken(c: LatchkeyContext, error?: 'wrong_token'): Promise<Response> {
  if (wantsJson(c)) throw noOperator()
  if (error !== undefined) refusedFor(error)
  const page = <AdminSignInPage csrfToken={await csrfToken(c)} error={error} />
  return c.html(page, error === undefined ? 200 : 401)
}
