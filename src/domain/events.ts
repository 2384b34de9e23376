// What can happen to a user: the entries of the log, and what each carries so that its rows can be written.
import type { Preferences } from './preferences.ts'
import type { Device, NewBucket, NewSession, Place } from './session.ts'
import type { WaitingMail } from './waiting-mail.ts'

export type EndReason =
  | 'signed_out'
  | 'replaced'
  | 'ended_by_user'
  | 'ended_by_operator'
  | 'not_me'
  | 'refresh_reused'
  | 'code_reused'
  | 'expired'
  | 'user_disabled'
  | 'consent_withdrawn'

/**
 * Who did it. A session is a place where the user is signed in; a notice is whoever holds the mail that told of a
 * sign-in; the system is Latchkey's own housekeeping.
 */
export type Actor =
  | { readonly kind: 'session'; readonly session_id: string }
  | { readonly kind: 'notice' }
  | { readonly kind: 'operator' }
  | { readonly kind: 'system' }

interface EventBase {
  readonly seq: number
  /** On the event that the change is about, its last. */
  readonly opId: string | null
  /** Beside the opId: seq of the first event of the same change. */
  readonly firstSeq: number | null
  readonly at: number
  readonly by: Actor
}

export interface NewUser {
  /** Canonical address. */
  readonly email: string
}

export interface SessionCreated extends EventBase {
  readonly type: 'session.created'
  readonly session: NewSession
  readonly sessionLimit: number
  readonly absoluteExpiresAt: number
  readonly expiresAt: number
  /** null for browser sessions, which have no access token. */
  readonly bucket: NewBucket | null
  /** Set by the first sign-in of an address. */
  readonly newUser: NewUser | null
  /** By which this device is known again. */
  readonly marks: readonly string[]
  /** Whether the user asked for the typed code: with this sign-in, no longer. */
  readonly answersCode: boolean
  /** What tells the holder of this sign-in, if it is to be told. */
  readonly notice: WaitingMail | null
}

export interface SessionEnded extends EventBase {
  readonly type: 'session.ended'
  readonly sessionId: string
  readonly clientId: string
  readonly reason: EndReason
  readonly device: Device
  readonly place: Place
}

export interface SignInRefused extends EventBase {
  readonly type: 'sign_in.refused'
  readonly clientId: string
  readonly reason: 'session_limit_reached' | 'user_disabled'
  readonly device: Device
  readonly place: Place
}

export interface PreferenceChanged extends EventBase {
  readonly type: 'preference.changed'
  readonly preferences: Preferences
}

/** A third-party client may now act within `scope` (all that it was ever allowed, until withdrawn). */
export interface ConsentGranted extends EventBase {
  readonly type: 'consent.granted'
  readonly clientId: string
  readonly scope: string
}

export interface ConsentWithdrawn extends EventBase {
  readonly type: 'consent.withdrawn'
  readonly clientId: string
}

/** The log's entry names no address. */
export interface EmailChanged extends EventBase {
  readonly type: 'email.changed'
  readonly email: string
  /** What tells the former address. */
  readonly notice: WaitingMail
}

export interface UserDisabled extends EventBase {
  readonly type: 'user.disabled'
}

export interface UserEnabled extends EventBase {
  readonly type: 'user.enabled'
}

/** The last entry of a log, by which nothing personal stays in it. */
export interface UserDeleted extends EventBase {
  readonly type: 'user.deleted'
  /** What tells the holder of the address; null when an operator deletes. */
  readonly notice: WaitingMail | null
}

export type UserEvent =
  | SessionCreated
  | SessionEnded
  | SignInRefused
  | PreferenceChanged
  | ConsentGranted
  | ConsentWithdrawn
  | EmailChanged
  | UserDisabled
  | UserEnabled
  | UserDeleted

export type UserEventType = UserEvent['type']
