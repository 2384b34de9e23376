// Users, for operators and support desks: look up, end everything, disable, delete.
import { Hono } from 'hono'
import { parseEmailAddress } from '../../domain/email-address.ts'
import { isTaggedId } from '../../domain/ids.ts'
import { PAGE_MAX } from '../../domain/limits.ts'
import { isLive } from '../../domain/session.ts'
import { rfc3339 } from '../../domain/time.ts'
import { endSessionsOf } from '../../sign-in/end-sessions.ts'
import { all } from '../../store/d1.ts'
import { listEvents } from '../../store/events.ts'
import { type SessionRow, selectSessions, sessionOf } from '../../store/sessions.ts'
import { findUser, findUserIdByAddress, type UserRow } from '../../store/users.ts'
import { addressTag } from '../../tokens/address-tag.ts'
import { randomId } from '../../tokens/random.ts'
import { callUser, type UserVerbs } from '../../user/call.ts'
import { clientsOf } from '../client-names.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { eventView } from '../event-view.ts'
import { parseBefore } from '../paging.ts'
import { Problem } from '../problem.ts'
import { sessionView } from '../session-view.ts'

export const adminUsers = new Hono<LatchkeyEnv>()

adminUsers.get('/admin/v1/users', async c => {
  const email = c.req.query('email')
  if (email === undefined) throw new Problem('invalid_request', { detail: 'check: email' })
  const address = parseEmailAddress(email)
  if (address === null) return c.json({ users: [] })
  const { shards } = c.var.parts
  const index = shards.ofTag(await addressTag(address.canonical))
  const userId = await findUserIdByAddress(index, address.canonical)
  const user = userId === null ? null : await findUser(shards.of(userId), userId)
  return c.json({ users: user?.email === address.canonical ? [userView(user)] : [] })
})

adminUsers.get('/admin/v1/users/:id', async c => c.json(userView(await requireUser(c))))

adminUsers.get('/admin/v1/users/:id/sessions', async c => {
  const user = await requireUser(c)
  const { parts, facts } = c.var
  const rows = await all<SessionRow>(selectSessions(parts.shards.of(user.id), user.id))
  const live = rows.map(sessionOf).filter(session => isLive(session, facts.now))
  const clients = await clientsOf(
    c,
    live.map(session => session.clientId),
  )
  return c.json({
    sessions: live.map(session => sessionView(session, clients.get(session.clientId) ?? null, null)),
  })
})

adminUsers.get('/admin/v1/users/:id/events', async c => {
  const user = await requireUser(c)
  const events = await listEvents(c.var.parts.shards.of(user.id), user.id, parseBefore(c), PAGE_MAX)
  return c.json({ events: events.map(eventView) })
})

adminUsers.post('/admin/v1/users/:id/revoke-sessions', async c => {
  const user = await requireUser(c)
  const selection = { kind: 'all', includeApps: true } as const
  const by = { kind: 'operator' } as const
  const { parts, facts } = c.var
  const change = { opId: randomId('op'), selection, reason: 'ended_by_operator', by } as const
  const result = await endSessionsOf(parts, user.id, change, facts.now)
  return c.json({ revoked: result.tag === 'ended' ? result.sessions.length : 0 })
})

adminUsers.post('/admin/v1/users/:id/disable', async c => {
  await setDisabled(c, true)
  return c.body(null, 204)
})

adminUsers.post('/admin/v1/users/:id/enable', async c => {
  await setDisabled(c, false)
  return c.body(null, 204)
})

adminUsers.delete('/admin/v1/users/:id', async c => {
  const user = await requireUser(c)
  const opId = randomId('op')
  // It was there a moment ago: if it is gone, this very call removed it and the answer was lost, or another did.
  await change(c, user, verbs => verbs.deleteAccount(user.id, opId, c.var.facts.now))
  return c.body(null, 204)
})

async function setDisabled(c: LatchkeyContext, disabled: boolean): Promise<void> {
  const user = await requireUser(c)
  const opId = randomId('op')
  await change(c, user, verbs =>
    verbs.changeAccount(user.id, { type: 'set_disabled', opId, disabled }, c.var.facts.now),
  )
}

const change = <Result extends { readonly tag: string }>(
  c: LatchkeyContext,
  user: UserRow,
  call: (verbs: UserVerbs) => Promise<Result>,
) => callUser(c.var.parts.users, user.id, call)

async function requireUser(c: LatchkeyContext): Promise<UserRow> {
  const id = c.req.param('id')
  const user = isTaggedId('u', id) ? await findUser(c.var.parts.shards.of(id), id) : null
  if (user === null) throw new Problem('not_found')
  return user
}

const userView = (user: UserRow) => ({
  id: user.id,
  email: user.email,
  created_at: rfc3339(user.created_at),
  disabled_at: user.disabled_at === null ? null : rfc3339(user.disabled_at),
})
