// Users, for operators and support desks: look up, end everything, disable, delete.
import * as v from 'valibot'
import { operation } from '#operation'
import { parseEmailAddress } from '../../domain/email-address.ts'
import { PAGE_MAX } from '../../domain/limits.ts'
import { rfc3339, rfc3339OrNull } from '../../domain/time.ts'
import { endSessionsOf } from '../../sign-in/end-sessions.ts'
import { listEvents } from '../../store/events.ts'
import { listLiveSessions } from '../../store/sessions.ts'
import { findUser, findUserIdByAddress, type UserRow } from '../../store/users.ts'
import { addressTag } from '../../tokens/address-tag.ts'
import { randomId } from '../../tokens/random.ts'
import { callUser, type UserVerbs } from '../../user/call.ts'
import type { Reported } from '../../user/outcome.ts'
import { readQuery } from '../body.ts'
import { clientsOf } from '../client-names.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { EventView, eventView } from '../event-view.ts'
import { Hono } from '../hono.ts'
import { Count, Time } from '../openapi/fields.ts'
import { Before } from '../paging.ts'
import { SessionView, sessionView } from '../session-view.ts'
import { requireUser } from './require-user.ts'

export const adminUsers = new Hono<LatchkeyEnv>()

const UserView = v.pipe(
  v.object({
    id: v.string(),
    email: v.string(),
    created_at: Time,
    disabled_at: v.nullable(Time),
  }),
  v.title('User'),
)
const UsersQuery = v.object({ email: v.string() })

adminUsers.get(
  '/admin/v1/users',
  operation({
    summary: 'The user of a mail address',
    by: 'operator',
    query: UsersQuery,
    answers: { 200: v.object({ users: v.array(UserView) }) },
  }),
  async c => {
    const { email } = readQuery(c, UsersQuery)
    const address = parseEmailAddress(email)
    if (address === null) return c.json({ users: [] })
    const { shards } = c.var.parts
    const index = shards.ofTag(await addressTag(address.canonical))
    const userId = await findUserIdByAddress(index, address.canonical)
    const user = userId === null ? null : await findUser(shards.of(userId), userId)
    return c.json({ users: user?.email === address.canonical ? [userView(user)] : [] })
  },
)

adminUsers.get(
  '/admin/v1/users/:id',
  operation({ summary: 'One user', by: 'operator', answers: { 200: UserView }, refusals: [404] }),
  async c => c.json(userView(await requireUser(c))),
)

adminUsers.get(
  '/admin/v1/users/:id/sessions',
  operation({
    summary: 'Where a user is signed in',
    by: 'operator',
    answers: { 200: v.object({ sessions: v.array(SessionView) }) },
    refusals: [404],
  }),
  async c => {
    const user = await requireUser(c)
    const { parts, facts } = c.var
    const live = await listLiveSessions(parts.shards.of(user.id), user.id, facts.now)
    const clients = await clientsOf(
      c,
      live.map(session => session.clientId),
    )
    return c.json({
      sessions: live.map(session => sessionView(session, clients.get(session.clientId) ?? null, null)),
    })
  },
)

const LogQuery = v.object({ before: Before })

adminUsers.get(
  '/admin/v1/users/:id/events',
  operation({
    summary: 'A user’s log, newest first',
    by: 'operator',
    query: LogQuery,
    answers: { 200: v.object({ events: v.array(EventView) }) },
    refusals: [404],
  }),
  async c => {
    const user = await requireUser(c)
    const { before = null } = readQuery(c, LogQuery)
    const events = await listEvents(c.var.parts.shards.of(user.id), user.id, before, PAGE_MAX)
    return c.json({ events: events.map(eventView) })
  },
)

adminUsers.post(
  '/admin/v1/users/:id/revoke-sessions',
  operation({
    summary: 'Ends all of a user’s sessions',
    by: 'operator',
    answers: { 200: v.object({ revoked: Count }) },
    refusals: [404],
  }),
  async c => {
    const user = await requireUser(c)
    const selection = { kind: 'all', includeApps: true } as const
    const by = { kind: 'operator' } as const
    const { parts, facts } = c.var
    const change = { opId: randomId('op'), selection, reason: 'ended_by_operator', by } as const
    const result = await endSessionsOf(parts, user.id, change, facts.now)
    return c.json({ revoked: result.tag === 'ended' ? result.sessions.length : 0 })
  },
)

adminUsers.post(
  '/admin/v1/users/:id/disable',
  operation({
    summary: 'Disables a user and ends the sessions',
    by: 'operator',
    answers: { 204: null },
    refusals: [404],
  }),
  async c => {
    await setDisabled(c, true)
    return c.body(null, 204)
  },
)

adminUsers.post(
  '/admin/v1/users/:id/enable',
  operation({
    summary: 'Lets a user sign in again',
    by: 'operator',
    answers: { 204: null },
    refusals: [404],
  }),
  async c => {
    await setDisabled(c, false)
    return c.body(null, 204)
  },
)

adminUsers.delete(
  '/admin/v1/users/:id',
  operation({ summary: 'Deletes a user', by: 'operator', answers: { 204: null }, refusals: [404] }),
  async c => {
    const user = await requireUser(c)
    const { parts, facts } = c.var
    const command = {
      type: 'delete_account',
      opId: randomId('op'),
      reason: 'ended_by_operator',
      by: { kind: 'operator' },
      notice: null,
    } as const
    // It was there a moment ago: if it is gone, this very call removed it and the answer was lost, or another did.
    await change(c, user, verbs => verbs.deleteAccount(user.id, command, facts.now))
    facts.waitUntil(parts.limits.forget(user.email, facts.now).catch(() => undefined))
    return c.body(null, 204)
  },
)

async function setDisabled(c: LatchkeyContext, disabled: boolean): Promise<void> {
  const user = await requireUser(c)
  const opId = randomId('op')
  await change(c, user, verbs =>
    verbs.changeAccount(user.id, { type: 'set_disabled', opId, disabled }, c.var.facts.now),
  )
}

const change = <Result extends Reported<{ readonly tag: string }>>(
  c: LatchkeyContext,
  user: UserRow,
  call: (verbs: UserVerbs) => Promise<Result>,
) => callUser(c.var.parts.users, user.id, call)

const userView = (user: UserRow) => ({
  id: user.id,
  email: user.email,
  created_at: rfc3339(user.created_at),
  disabled_at: rfc3339OrNull(user.disabled_at),
})
