// The smallest model of a user: what a log of events adds up to, and random users to try the rules on.
import fc from 'fast-check'
import type { StartSession, UserState } from '../../src/domain/commands.ts'
import type { Consent } from '../../src/domain/consent.ts'
import type { ConsentGranted, UserEvent } from '../../src/domain/events.ts'
import type { DeviceTrace } from '../../src/domain/known-device.ts'
import { DEFAULT_PREFERENCES, type Preferences } from '../../src/domain/preferences.ts'
import type { SessionRule } from '../../src/domain/rule.ts'
import { type ClientKind, isLive, type NewSession, type Session } from '../../src/domain/session.ts'

export const NOW = 1_800_000_000
const DIGEST = 'd'.repeat(43)
const DEVICE = { name: null, kind: 'phone', os: null, browser: null } as const
const PLACE = { country: null, city: null }

export function aSession(id: string, changes: Partial<Session> = {}): Session {
  return {
    id,
    userId: 'u_1',
    clientId: 'ios',
    clientKind: 'first_party',
    scope: '',
    signedInWith: ['email_link'],
    startedIn: 'app',
    device: DEVICE,
    place: PLACE,
    createdAt: NOW - 100,
    createdSeq: 1,
    recognizedFrom: null,
    lastSeenAt: NOW - 100,
    lastSeenMs: 0,
    expiresAt: NOW + 1_000,
    absoluteExpiresAt: NOW + 1_000,
    ...changes,
  }
}

export function aUser(sessions: readonly Session[] = [], preferences: Partial<Preferences> = {}): UserState {
  return {
    userId: 'u_1',
    user: {
      email: 'ann@x.test',
      disabledAt: null,
      preferences: { ...DEFAULT_PREFERENCES, ...preferences },
      asksForCode: false,
    },
    sessions,
    consents: [],
    lastSeq: Math.max(0, ...sessions.map(session => session.createdSeq)),
    traces: [],
  }
}

export function aNewSession(
  id: string,
  clientId: string,
  clientKind: ClientKind = 'first_party',
): NewSession {
  return {
    id,
    clientId,
    clientKind,
    scope: '',
    signedInWith: ['email_link'],
    startedIn: 'app',
    device: DEVICE,
    place: PLACE,
    startedMs: 250,
    secretDigest: DIGEST,
  }
}

export function aStart(
  id: string,
  clientId: string,
  rule: SessionRule,
  changes: Partial<StartSession> = {},
): StartSession {
  return {
    type: 'start_session',
    opId: `op:${id}`,
    session: aNewSession(id, clientId),
    bucket: null,
    rule,
    address: null,
    newUser: null,
    formerSessionId: null,
    authorizedIn: null,
    marks: [],
    notice: null,
    ...changes,
  }
}

const withoutConsent = (state: UserState, clientId: string): readonly Consent[] =>
  state.consents.filter(consent => consent.clientId !== clientId)

const consentOf = ({ clientId, scope, at }: ConsentGranted): Consent => ({
  clientId,
  scope,
  grantedAt: at,
})

/** The state after the events. Throws when the log has a gap, or ends what is not there. */
export function apply(state: UserState, events: readonly UserEvent[]): UserState {
  return events.reduce(applyOne, state)
}

function applyOne(state: UserState, event: UserEvent): UserState {
  if (event.seq !== state.lastSeq + 1) throw new Error(`gap: ${event.seq} after ${state.lastSeq}`)
  const next = { ...state, lastSeq: event.seq, traces: [traceOf(event), ...state.traces] }
  switch (event.type) {
    case 'session.created': {
      const { id } = event.session
      if (state.sessions.some(session => session.id === id)) throw new Error(`${id} began twice`)
      const known = state.user ?? {
        email: event.newUser?.email ?? '',
        disabledAt: null,
        preferences: DEFAULT_PREFERENCES,
        asksForCode: false,
      }
      const user = { ...known, asksForCode: known.asksForCode && !event.answersCode }
      return { ...next, user, sessions: [...state.sessions, sessionOf(state.userId, event)] }
    }
    case 'session.ended': {
      const sessions = state.sessions.filter(session => session.id !== event.sessionId)
      if (sessions.length === state.sessions.length)
        throw new Error(`${event.sessionId} ended, but was not there`)
      const asksForCode = event.reason === 'not_me' || state.user?.asksForCode === true
      return { ...next, sessions, user: state.user && { ...state.user, asksForCode } }
    }
    case 'preference.changed':
      return { ...next, user: state.user && { ...state.user, preferences: event.preferences } }
    case 'email.changed':
      return { ...next, user: state.user && { ...state.user, email: event.email } }
    case 'user.disabled':
      return { ...next, user: state.user && { ...state.user, disabledAt: event.at } }
    case 'user.enabled':
      return { ...next, user: state.user && { ...state.user, disabledAt: null } }
    case 'user.deleted':
      return { ...next, user: null, consents: [] }
    case 'consent.granted':
      return { ...next, consents: [...withoutConsent(state, event.clientId), consentOf(event)] }
    case 'consent.withdrawn':
      return { ...next, consents: withoutConsent(state, event.clientId) }
    case 'sign_in.refused':
      return next
  }
}

function traceOf(event: UserEvent): DeviceTrace {
  switch (event.type) {
    case 'session.created':
      return { sessionId: event.session.id, reason: null, marks: event.marks }
    case 'session.ended':
      return { sessionId: event.sessionId, reason: event.reason, marks: [] }
    case 'sign_in.refused':
      return { sessionId: null, reason: event.reason, marks: [] }
    default:
      return { sessionId: null, reason: null, marks: [] }
  }
}

function sessionOf(userId: string, event: Extract<UserEvent, { type: 'session.created' }>): Session {
  const { secretDigest: _, startedMs: lastSeenMs, ...session } = event.session
  const { at, seq, expiresAt, absoluteExpiresAt } = event
  return {
    ...session,
    userId,
    createdAt: at,
    createdSeq: seq,
    recognizedFrom: null,
    lastSeenAt: at,
    lastSeenMs,
    expiresAt,
    absoluteExpiresAt,
  }
}

export const liveIds = (state: UserState, now = NOW): string[] =>
  state.sessions.filter(session => isLive(session, now)).map(session => session.id)

export const CLIENTS = ['ios', 'android', 'photos'] as const
export const kindOf = (clientId: string): ClientKind =>
  clientId === 'photos' ? 'third_party' : 'first_party'

/** Up to a dozen sessions on three clients, some of them past their expiry. */
export const anyUser: fc.Arbitrary<UserState> = fc
  .array(
    fc.record({
      clientId: fc.constantFrom(...CLIENTS),
      age: fc.integer({ min: 0, max: 5 }),
      idle: fc.integer({ min: 0, max: 5 }),
      left: fc.integer({ min: -2, max: 20 }),
    }),
    { maxLength: 12 },
  )
  .map(population =>
    aUser(
      population.map(({ clientId, age, idle, left }, index) =>
        aSession(`s${index}`, {
          clientId,
          clientKind: kindOf(clientId),
          createdAt: NOW - 10 - age,
          createdSeq: index + 1,
          lastSeenAt: NOW - idle,
          expiresAt: NOW + left,
        }),
      ),
    ),
  )

export const anyRule: fc.Arbitrary<SessionRule> = fc.record({
  limit: fc.option(fc.integer({ min: 1, max: 4 }), { nil: null }),
  at_limit: fc.constantFrom('replace_oldest', 'replace_least_recent', 'refuse'),
})
