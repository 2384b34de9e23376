// A session: one user, one client, one device, one sign-in.
import { RECENT_SIGN_IN_SECONDS, SESSION_ABSOLUTE_SECONDS, SESSION_IDLE_SECONDS } from './limits.ts'

export type ClientKind = 'first_party' | 'third_party'
export type SignedInWith = 'email_link' | 'email_code'
export type StartedIn = 'browser' | 'app'

export interface Device {
  readonly name: string | null
  readonly kind: 'phone' | 'tablet' | 'desktop' | 'other'
  readonly os: string | null
  readonly browser: string | null
}

export interface Place {
  readonly country: string | null
  readonly city: string | null
}

export interface Session {
  readonly id: string
  readonly userId: string
  readonly clientId: string
  readonly clientKind: ClientKind
  readonly scope: string
  readonly signedInWith: readonly SignedInWith[]
  readonly startedIn: StartedIn
  readonly device: Device
  readonly place: Place
  readonly createdAt: number
  /** Place of its beginning in the user's log: orders sessions of the same second. */
  readonly createdSeq: number
  /** The `createdSeq` of the first session in whose name the user has said that it was them; null when in none. */
  readonly recognizedFrom: number | null
  readonly lastSeenAt: number
  /** Milliseconds within that second. */
  readonly lastSeenMs: number
  /** Idle or absolute limit, whichever comes first. */
  readonly expiresAt: number
  readonly absoluteExpiresAt: number
}

/** When it was last used, in milliseconds since the epoch. */
export const lastActive = ({ lastSeenAt, lastSeenMs }: Session): number => lastSeenAt * 1_000 + lastSeenMs

/** What a sign-in brings; times and limits are added by the decision. */
export interface NewSession {
  readonly id: string
  readonly clientId: string
  readonly clientKind: ClientKind
  readonly scope: string
  readonly signedInWith: readonly SignedInWith[]
  readonly startedIn: StartedIn
  readonly device: Device
  readonly place: Place
  /** Milliseconds within the second in which it begins. */
  readonly startedMs: number
  /** Digest of the first refresh token, or of the browser session's cookie. */
  readonly secretDigest: string
}

/** The stored side of one access token. */
export interface NewBucket {
  readonly audience: string
  readonly commitment: string
  readonly expiresAt: number
}

export const isLive = (session: Pick<Session, 'expiresAt'>, now: number): boolean => session.expiresAt > now

/** Whether its holder signed in a short while ago: every sign-in is a session of its own. */
export const isRecent = (session: Pick<Session, 'createdAt'>, now: number): boolean =>
  now - session.createdAt <= RECENT_SIGN_IN_SECONDS

export const absoluteExpiry = (createdAt: number): number => createdAt + SESSION_ABSOLUTE_SECONDS

/** When a session used now runs out, if nobody uses it again. */
export const expiryAfterUse = (absoluteExpiresAt: number, now: number): number =>
  Math.min(now + SESSION_IDLE_SECONDS, absoluteExpiresAt)
