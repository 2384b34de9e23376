// Values of the right width that nothing has to be computed for.
import type { SessionCreated, SessionEnded } from '../../../src/domain/events.ts'
import type { EventLink, StoredEvent } from '../../../src/store/linked-events.ts'

const DEVICE = { name: 'Phone of somebody', kind: 'phone', os: 'iOS', browser: 'Safari' } as const
const PLACE = { country: 'DE', city: 'Berlin' }

/** No two alike. */
export function madeUp(chars: number): string {
  const unlike = `${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`
  return unlike.padEnd(chars, 'x').slice(0, chars)
}

export const madeUpLinks = (entries: readonly StoredEvent[]): EventLink[] =>
  entries.map(() => ({ digest: madeUp(43), details_digest: madeUp(43), details_salt: madeUp(22) }))

export function createdEvent(userId: string): SessionCreated {
  const at = Math.floor(Date.now() / 1_000)
  const id = `s_aa${madeUp(22)}`
  return {
    type: 'session.created',
    seq: 1,
    opId: `sign-in:i_aa${madeUp(22)}`,
    firstSeq: 1,
    at,
    by: { kind: 'session', session_id: id },
    session: {
      id,
      clientId: 'bench',
      clientKind: 'first_party',
      scope: 'sessions read',
      signedInWith: ['email_code'],
      startedIn: 'app',
      device: DEVICE,
      place: PLACE,
      startedMs: 0,
      secretDigest: madeUp(43),
    },
    sessionLimit: 1,
    absoluteExpiresAt: at + 2_000_000,
    expiresAt: at + 1_000_000,
    bucket: { audience: 'https://notes.bench', commitment: madeUp(43), expiresAt: at + 600 },
    newUser: { email: `${userId.toLowerCase()}@bench.test` },
    marks: [madeUp(43), madeUp(43)],
    answersCode: false,
    notice: null,
  }
}

/** Of a session that is the first entry of its user's log. */
export const endedEvent = (sessionId: string): SessionEnded => ({
  type: 'session.ended',
  seq: 2,
  opId: `sign-out:${sessionId}`,
  firstSeq: 2,
  at: Math.floor(Date.now() / 1_000),
  by: { kind: 'session', session_id: sessionId },
  sessionId,
  clientId: 'bench',
  reason: 'signed_out',
  device: DEVICE,
  place: PLACE,
})
