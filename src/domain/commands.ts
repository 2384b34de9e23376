// What may be asked of a user's sessions. Digests only: the object and the database never see a secret.
import type { Consent } from './consent.ts'
import type { Actor, EndReason, NewUser } from './events.ts'
import type { DeviceTrace } from './known-device.ts'
import type { Preferences, PreferencesChange } from './preferences.ts'
import type { SessionRule } from './rule.ts'
import type { NewBucket, NewSession, Session } from './session.ts'
import type { WaitingMail } from './waiting-mail.ts'

/** All that ending sessions is decided on. */
export interface SessionsState {
  readonly userId: string
  readonly sessions: readonly Session[]
  readonly lastSeq: number
}

export interface UserState extends SessionsState {
  /** null: this user does not exist (yet). */
  readonly user: {
    readonly email: string
    readonly disabledAt: number | null
    readonly preferences: Preferences
    /** Since a session was disowned: the next sign-in takes the typed code, the link alone is not enough. */
    readonly asksForCode: boolean
  } | null
  /** What third-party clients have been allowed. */
  readonly consents: readonly Consent[]
  /** The newest entries of the log, newest first; as many as the command needs. */
  readonly traces: readonly DeviceTrace[]
}

interface CommandBase {
  /** Names this change for ever: a retry carries the same one and has no second effect. */
  readonly opId: string
}

export interface StartSession extends CommandBase {
  readonly type: 'start_session'
  readonly session: NewSession
  readonly bucket: NewBucket | null
  readonly rule: SessionRule
  /** The mailbox that was proven, canonical: it must be this user's now. null when something else was proven. */
  readonly address: string | null
  /** For an address that had no user when it was looked up. */
  readonly newUser: NewUser | null
  /** The session that this browser had until now. */
  readonly formerSessionId: string | null
  /** The browser session in which the user authorized the client; null where the sign-in itself began the session. */
  readonly authorizedIn: string | null
  /** Of the device and browser that signed in. */
  readonly marks: readonly string[]
  /** The notice of this sign-in, should one be due; null for a new user, whom nobody could have been before. */
  readonly notice: WaitingMail | null
}

export type SessionSelection =
  | { readonly kind: 'one'; readonly sessionId: string }
  /** One that began after the actor's own. */
  | { readonly kind: 'arrival'; readonly sessionId: string }
  /** Those of them that are live. */
  | { readonly kind: 'listed'; readonly sessionIds: readonly string[] }
  /** All but the actor's own; `clientId: null` means of every client. */
  | { readonly kind: 'others'; readonly clientId: string | null }
  | { readonly kind: 'all'; readonly includeApps: boolean }
  | { readonly kind: 'client'; readonly clientId: string }
  /** Nothing live: what has run out is ended by every change. */
  | { readonly kind: 'expired' }

export interface EndSessions extends CommandBase {
  readonly type: 'end_sessions'
  readonly selection: SessionSelection
  readonly reason: EndReason
  readonly by: Actor
}

export interface SetPreferences extends CommandBase {
  readonly type: 'set_preferences'
  readonly preferences: PreferencesChange
  readonly by: Actor
}

export interface SetDisabled extends CommandBase {
  readonly type: 'set_disabled'
  readonly disabled: boolean
}

export interface GrantConsent extends CommandBase {
  readonly type: 'grant_consent'
  readonly clientId: string
  /** When the client was registered, in seconds. */
  readonly clientSince: number
  readonly scope: string
  readonly by: Actor
}

/** Ends the client's sessions as well. */
export interface WithdrawConsent extends CommandBase {
  readonly type: 'withdraw_consent'
  readonly clientId: string
  readonly by: Actor
}

/** What changes the user rather than a session. */
export type ChangeAccount = SetPreferences | SetDisabled | GrantConsent | WithdrawConsent

export interface ChangeEmail extends CommandBase {
  readonly type: 'change_email'
  /** Canonical; its mailbox was proven. */
  readonly email: string
  readonly by: Actor
  /** To the former address. */
  readonly notice: WaitingMail
}

/** Ends every session and removes the user. */
export interface DeleteAccount extends CommandBase {
  readonly type: 'delete_account'
  /** Of the end of the sessions. */
  readonly reason: EndReason
  readonly by: Actor
  /** To the user's address; null when nobody is to be told. */
  readonly notice: WaitingMail | null
}

export type Command = StartSession | EndSessions | ChangeAccount | ChangeEmail | DeleteAccount

/** What a command is decided on. */
export type StateOf<C extends Command> = C extends EndSessions ? SessionsState : UserState

export type StartResult =
  | {
      readonly tag: 'started'
      readonly sessionId: string
      readonly replaced: readonly string[]
      /** Whether the notice was written, and its first delivery is up to whoever asked. */
      readonly isNoticeDue: boolean
    }
  | { readonly tag: 'refused'; readonly why: 'session_limit_reached' | 'user_disabled' }
  | { readonly tag: 'no_such_user' }
  /** Between authorization and now the user signed out there, or withdrew the consent. */
  | { readonly tag: 'authorization_gone' }
  /** The proven address is not, or no longer, this user's. */
  | { readonly tag: 'address_moved' }
  /** The link was right, and is not enough this time; nothing is spent. */
  | { readonly tag: 'code_required' }

export type EndResult =
  | { readonly tag: 'ended'; readonly sessions: readonly string[] }
  | { readonly tag: 'not_found' }
  /** Whoever ends sessions must be live when the change is decided. */
  | { readonly tag: 'actor_gone' }

export type AccountResult =
  | { readonly tag: 'changed' }
  | { readonly tag: 'no_such_user' }
  | { readonly tag: 'actor_gone' }

export type ChangeEmailResult =
  | AccountResult
  /** By this code a moment ago, or in an attempt whose answer was lost; the notice was written then. */
  | { readonly tag: 'changed_before' }
  /** The time for it has run out, or it was called off. */
  | { readonly tag: 'change_over' }

export type ResultOf<C extends Command> = C extends StartSession
  ? StartResult
  : C extends EndSessions
    ? EndResult
    : C extends ChangeEmail
      ? ChangeEmailResult
      : AccountResult
