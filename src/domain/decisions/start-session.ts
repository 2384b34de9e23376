// A sign-in, or a grant redeemed: whether it may start a session, and whom it tells.
import type { StartResult, StartSession, UserState } from '../commands.ts'
import type { Actor } from '../events.ts'
import { isKnownDevice } from '../known-device.ts'
import { refusesAnother } from '../rule.ts'
import { isWithinScope } from '../scope.ts'
import { absoluteExpiry, expiryAfterUse, type Session } from '../session.ts'
import { type Decision, type Draft, inSequence, nothing } from './decision.ts'
import { makeRoom } from './make-room.ts'
import { ended, split } from './sessions.ts'

export function startSession(state: UserState, command: StartSession, now: number): Decision<StartResult> {
  const { session, bucket, newUser } = command
  if (state.user === null && newUser === null) return nothing({ tag: 'no_such_user' })
  if (state.user !== null && command.address !== null && state.user.email !== command.address) {
    return nothing({ tag: 'address_moved' })
  }
  if (state.user !== null && state.user.disabledAt !== null)
    return refuse(state, command, 'user_disabled', now)
  if (asksForCode(state, command) && !session.signedInWith.includes('email_code')) {
    return nothing({ tag: 'code_required' })
  }

  const { live, expired } = split(state.sessions, now)
  if (!isStillAuthorized(state, live, command)) return nothing({ tag: 'authorization_gone' })
  const onClient = live.filter(
    other => other.clientId === session.clientId && other.id !== command.formerSessionId,
  )
  if (refusesAnother(command.rule, onClient.length)) {
    return refuse(state, command, 'session_limit_reached', now)
  }
  const by: Actor = { kind: 'session', session_id: session.id }
  const { leaving, limit } = makeRoom(live, command, state.user?.preferences ?? null)
  const absoluteExpiresAt = absoluteExpiry(now)
  const notice = isNoticeDue(state, command) ? command.notice : null
  const drafts: Draft[] = [
    ...expired.map(ended('expired', { kind: 'system' }, now)),
    ...leaving.map(ended('replaced', by, now)),
    {
      type: 'session.created',
      at: now,
      by,
      session,
      sessionLimit: limit,
      absoluteExpiresAt,
      expiresAt: expiryAfterUse(absoluteExpiresAt, now),
      bucket,
      newUser: state.user === null ? newUser : null,
      marks: command.marks,
      answersCode: asksForCode(state, command),
      notice,
    },
  ]
  return {
    events: inSequence(state, command.opId, drafts),
    result: {
      tag: 'started',
      sessionId: session.id,
      replaced: leaving.map(other => other.id),
      isNoticeDue: notice !== null,
    },
  }
}

/** Of a mailbox alone: what a signed-in browser has authorized was signed in before. */
const asksForCode = (state: UserState, { address }: StartSession): boolean =>
  address !== null && state.user?.asksForCode === true

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
