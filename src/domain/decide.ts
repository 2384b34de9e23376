// The rules of a user's sessions: given the state and a command, which events follow. Pure.
import type {
  AccountResult,
  ChangeEmail,
  Command,
  EndResult,
  EndSessions,
  GrantConsent,
  ResultOf,
  SessionSelection,
  SetDisabled,
  SetPreferences,
  StartResult,
  StartSession,
  UserState,
  WithdrawConsent,
} from './commands.ts'
import { isConsentTo } from './consent.ts'
import type { Actor, EndReason, SessionEnded, UserEvent } from './events.ts'
import { isKnownDevice } from './known-device.ts'
import { SESSIONS_PER_USER_MAX } from './limits.ts'
import { samePreferences } from './preferences.ts'
import { type AtLimit, effectiveRule, refusesAnother } from './rule.ts'
import { isWithinScope, unionScope } from './scope.ts'
import { absoluteExpiry, expiryAfterUse, isLive, type Session } from './session.ts'

export interface Decision<Result> {
  readonly events: readonly UserEvent[]
  readonly result: Result
}

/** An event before it has its place in the log. */
type Draft = UserEvent extends infer E
  ? E extends UserEvent
    ? Omit<E, 'seq' | 'opId' | 'firstSeq'>
    : never
  : never

export function decide<C extends Command>(state: UserState, command: C, now: number): Decision<ResultOf<C>> {
  return decideAny(state, command, now) as Decision<ResultOf<C>>
}

function decideAny(
  state: UserState,
  command: Command,
  now: number,
): Decision<StartResult | EndResult | AccountResult> {
  switch (command.type) {
    case 'start_session':
      return startSession(state, command, now)
    case 'end_sessions':
      return endSessions(state, command, now)
    case 'set_preferences':
      return setPreferences(state, command, now)
    case 'set_disabled':
      return setDisabled(state, command, now)
    case 'grant_consent':
      return grantConsent(state, command, now)
    case 'withdraw_consent':
      return withdrawConsent(state, command, now)
    case 'change_email':
      return changeEmail(state, command, now)
  }
}

function startSession(state: UserState, command: StartSession, now: number): Decision<StartResult> {
  const { session, bucket, newUser } = command
  if (state.user === null && newUser === null) return nothing({ tag: 'no_such_user' })
  if (state.user !== null && command.address !== null && state.user.email !== command.address) {
    return nothing({ tag: 'address_moved' })
  }
  if (state.user !== null && state.user.disabledAt !== null)
    return refuse(state, command, 'user_disabled', now)

  const { live, expired } = split(state.sessions, now)
  if (!isStillAuthorized(state, live, command)) return nothing({ tag: 'authorization_gone' })
  const others = live.filter(other => other.id !== command.formerSessionId)
  const isOnClient = (other: Session) => other.clientId === session.clientId
  if (refusesAnother(command.rule, others.filter(isOnClient).length)) {
    return refuse(state, command, 'session_limit_reached', now)
  }
  const by: Actor = { kind: 'session', session_id: session.id }
  const rule = effectiveRule(command.rule, state.user?.preferences.one_session_per_client ?? false)
  const leaving = new Set(live.filter(other => !others.includes(other)))
  if (state.user?.preferences.one_device) {
    for (const other of others.filter(isOtherDevice(session.clientKind))) leaving.add(other)
  }
  const staying = others.filter(other => !leaving.has(other))
  const onClient = staying.filter(isOnClient)
  const excess = Math.max(0, onClient.length + 1 - rule.limit)
  for (const other of firstToLeave(onClient, rule.replace).slice(0, excess)) leaving.add(other)
  const rest = staying.filter(other => !leaving.has(other))
  const overall = Math.max(0, rest.length + 1 - SESSIONS_PER_USER_MAX)
  for (const other of firstToLeave(rest, 'replace_least_recent').slice(0, overall)) leaving.add(other)

  const replaced = [...leaving]
  const absoluteExpiresAt = absoluteExpiry(now)
  const notice = isNoticeDue(state, command) ? command.notice : null
  const drafts: Draft[] = [
    ...expired.map(ended('expired', { kind: 'system' }, now)),
    ...replaced.map(ended('replaced', by, now)),
    {
      type: 'session.created',
      at: now,
      by,
      session,
      sessionLimit: rule.limit,
      absoluteExpiresAt,
      expiresAt: expiryAfterUse(absoluteExpiresAt, now),
      bucket,
      newUser: state.user === null ? newUser : null,
      marks: command.marks,
      notice,
    },
  ]
  return {
    events: inSequence(state, command.opId, drafts),
    result: {
      tag: 'started',
      sessionId: session.id,
      replaced: replaced.map(other => other.id),
      isNoticeDue: notice !== null,
    },
  }
}

function isNoticeDue(state: UserState, command: StartSession): boolean {
  switch (state.user?.preferences.notify.new_sign_in) {
    case 'always':
      return true
    case 'new_device':
      return !isKnownDevice(state.traces, command.marks)
    case 'never':
    // The first sign-in of all: there is nobody to warn.
    case undefined:
      return false
  }
}

function refuse(
  state: UserState,
  command: StartSession,
  why: 'session_limit_reached' | 'user_disabled',
  now: number,
): Decision<StartResult> {
  const { expired } = split(state.sessions, now)
  const { session } = command
  const refused: Draft = {
    type: 'sign_in.refused',
    at: now,
    by: { kind: 'system' },
    clientId: session.clientId,
    reason: why,
    device: session.device,
    place: session.place,
  }
  const drafts = [...expired.map(ended('expired', { kind: 'system' }, now)), refused]
  return { events: inSequence(state, command.opId, drafts), result: { tag: 'refused', why } }
}

function endSessions(state: UserState, command: EndSessions, now: number): Decision<EndResult> {
  const { live, expired } = split(state.sessions, now)
  const { by, selection } = command
  if (!isActorLive(live, by)) return nothing({ tag: 'actor_gone' })
  const chosen = live.filter(isSelected(selection, by))
  if (selection.kind === 'one' && chosen.length === 0) return nothing({ tag: 'not_found' })
  const drafts = [
    ...expired.map(ended('expired', { kind: 'system' }, now)),
    ...chosen.map(ended(command.reason, by, now)),
  ]
  return {
    events: inSequence(state, command.opId, drafts),
    result: { tag: 'ended', sessions: chosen.map(session => session.id) },
  }
}

function setPreferences(state: UserState, command: SetPreferences, now: number): Decision<AccountResult> {
  if (state.user === null) return nothing({ tag: 'no_such_user' })
  if (!isActorLive(split(state.sessions, now).live, command.by)) return nothing({ tag: 'actor_gone' })
  if (samePreferences(state.user.preferences, command.preferences)) return nothing({ tag: 'changed' })
  const draft: Draft = {
    type: 'preference.changed',
    at: now,
    by: command.by,
    preferences: command.preferences,
  }
  return { events: inSequence(state, command.opId, [draft]), result: { tag: 'changed' } }
}

function setDisabled(state: UserState, command: SetDisabled, now: number): Decision<AccountResult> {
  if (state.user === null) return nothing({ tag: 'no_such_user' })
  if ((state.user.disabledAt !== null) === command.disabled) return nothing({ tag: 'changed' })
  const by: Actor = { kind: 'operator' }
  const { live, expired } = split(state.sessions, now)
  const drafts: Draft[] = [
    ...expired.map(ended('expired', { kind: 'system' }, now)),
    ...(command.disabled ? live.map(ended('user_disabled', by, now)) : []),
    { type: command.disabled ? 'user.disabled' : 'user.enabled', at: now, by },
  ]
  return { events: inSequence(state, command.opId, drafts), result: { tag: 'changed' } }
}

function grantConsent(state: UserState, command: GrantConsent, now: number): Decision<AccountResult> {
  if (state.user === null) return nothing({ tag: 'no_such_user' })
  if (!isActorLive(split(state.sessions, now).live, command.by)) return nothing({ tag: 'actor_gone' })
  const client = { clientId: command.clientId, since: command.clientSince }
  const former = state.consents.find(consent => isConsentTo(client, consent))
  const scope = unionScope(former?.scope ?? '', command.scope)
  const draft: Draft = { type: 'consent.granted', at: now, by: command.by, clientId: command.clientId, scope }
  return { events: inSequence(state, command.opId, [draft]), result: { tag: 'changed' } }
}

function withdrawConsent(state: UserState, command: WithdrawConsent, now: number): Decision<AccountResult> {
  if (state.user === null) return nothing({ tag: 'no_such_user' })
  const { by, clientId } = command
  const { live, expired } = split(state.sessions, now)
  if (!isActorLive(live, by)) return nothing({ tag: 'actor_gone' })
  const ofClient = live.filter(
    session => session.clientId === clientId && session.clientKind === 'third_party',
  )
  const isKnown = state.consents.some(consent => consent.clientId === clientId)
  if (!isKnown && ofClient.length === 0) return nothing({ tag: 'changed' })
  const drafts: Draft[] = [
    ...expired.map(ended('expired', { kind: 'system' }, now)),
    ...ofClient.map(ended('consent_withdrawn', by, now)),
    { type: 'consent.withdrawn', at: now, by, clientId },
  ]
  return { events: inSequence(state, command.opId, drafts), result: { tag: 'changed' } }
}

function changeEmail(state: UserState, command: ChangeEmail, now: number): Decision<AccountResult> {
  if (state.user === null) return nothing({ tag: 'no_such_user' })
  if (!isActorLive(split(state.sessions, now).live, command.by)) return nothing({ tag: 'actor_gone' })
  const { by, email, notice } = command
  const draft: Draft = { type: 'email.changed', at: now, by, email, notice }
  return { events: inSequence(state, command.opId, [draft]), result: { tag: 'changed' } }
}

/** The events in the order of the log; the last one is what the command was about and carries its opId. */
function inSequence(state: UserState, opId: string, drafts: readonly Draft[]): readonly UserEvent[] {
  const firstSeq = state.lastSeq + 1
  return drafts.map((draft, index): UserEvent => {
    const isCause = index === drafts.length - 1
    const cause = isCause ? { opId, firstSeq } : { opId: null, firstSeq: null }
    return { ...draft, ...cause, seq: firstSeq + index }
  })
}

const ended =
  (reason: EndReason, by: Actor, at: number) =>
  (session: Session): Omit<SessionEnded, 'seq' | 'opId' | 'firstSeq'> => ({
    type: 'session.ended',
    at,
    by,
    sessionId: session.id,
    clientId: session.clientId,
    reason,
    device: session.device,
    place: session.place,
  })

function split(sessions: readonly Session[], now: number) {
  return {
    live: sessions.filter(session => isLive(session, now)),
    expired: sessions.filter(session => !isLive(session, now)),
  }
}

/** A code is worth what its user still wants: signed in there, and for third parties within a consent. */
function isStillAuthorized(
  state: UserState,
  live: readonly Session[],
  { authorizedIn, session }: StartSession,
): boolean {
  if (authorizedIn === null) return true
  if (!live.some(each => each.id === authorizedIn)) return false
  if (session.clientKind === 'first_party') return true
  const consent = state.consents.find(each => each.clientId === session.clientId)
  return consent !== undefined && isWithinScope(session.scope, consent.scope)
}

function isActorLive(live: readonly Session[], by: Actor): boolean {
  return by.kind !== 'session' || live.some(session => session.id === by.session_id)
}

function isSelected(selection: SessionSelection, by: Actor): (session: Session) => boolean {
  const isActor = (session: Session) => by.kind === 'session' && session.id === by.session_id
  switch (selection.kind) {
    case 'one':
      return session => session.id === selection.sessionId
    case 'listed':
      return session => selection.sessionIds.includes(session.id)
    case 'others':
      return session =>
        !isActor(session) && (selection.clientId === null || session.clientId === selection.clientId)
    case 'all':
      return session => selection.includeApps || session.clientKind === 'first_party' || isActor(session)
    case 'client':
      return session => session.clientId === selection.clientId
    case 'expired':
      return () => false
  }
}

/** One device at a time: a first-party sign-in ends all other first-party sessions, never third-party apps. */
const isOtherDevice = (kind: Session['clientKind']) => (other: Session) =>
  kind === 'first_party' && other.clientKind === 'first_party'

function firstToLeave(sessions: readonly Session[], atLimit: AtLimit): readonly Session[] {
  const age = (session: Session) => (atLimit === 'replace_oldest' ? session.createdAt : session.lastSeenAt)
  return [...sessions].sort((a, b) => age(a) - age(b) || a.createdSeq - b.createdSeq)
}

const nothing = <Result>(result: Result): Decision<Result> => ({ events: [], result })
