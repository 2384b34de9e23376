// What the service offers to resource servers, whichever way they reach it.
import type { FeedAnswer } from './bounded-verifier.ts'
import type { FeedPosition } from './feed-position.ts'

/** What a good token says (RFC 9068 §2.2). A client in its own name has no session: it is its own `sub`. */
export interface TokenClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string
  readonly client_id: string
  readonly scope: string
  readonly iat: number
  readonly exp: number
  readonly jti: string
  readonly sid?: string
  readonly auth_time?: number
  /** The key that the token is bound to (RFC 9449 §6.1). */
  readonly cnf?: { readonly jkt: string }
}

export interface VerifyDemand {
  /** What `aud` must be; else the caller's own audience. */
  readonly audience?: string
  /** Scopes, space-separated, all of which the token must have. */
  readonly scope?: string
  /** `bounded` unless said otherwise; the caller's registration may be stricter. */
  readonly mode?: 'bounded' | 'strong'
  /** Strongly, with what the caller needs to remember the token itself. */
  readonly remember?: boolean
  /** Of a bound token: the proof of this request (RFC 9449 §4), which is used up. */
  readonly proof?: { readonly text: string; readonly method: string; readonly uri: string }
}

export type VerifyRefusalCode =
  | 'invalid_token'
  | 'token_expired'
  | 'token_rotated'
  | 'session_replaced'
  | 'session_ended'
  | 'insufficient_scope'
  | 'invalid_dpop_proof'
  /** The caller is no confidential client of this service. */
  | 'unauthorized_client'
  /** The truth is out of reach: refuse. */
  | 'unavailable'

export interface VerifyRefusal {
  readonly tag: 'refused'
  readonly code: VerifyRefusalCode
  /** Of a session that has ended. */
  readonly reason?: string
  /** RFC 3339 */
  readonly ended_at?: string
}

export interface VerifyAcceptance {
  readonly tag: 'accepted'
  readonly claims: TokenClaims
  /** Seconds since the epoch, to the millisecond: every retirement up to then is known. */
  readonly as_of: number
  /** With `remember`, of a token that may be remembered. */
  readonly memory?: { readonly position: FeedPosition; readonly until: number }
}

export type VerifyAnswer = VerifyAcceptance | VerifyRefusal

/** `env.AUTH` of a resource Worker, or the same over HTTP. */
export interface TokenService {
  verify(token: string, demand?: VerifyDemand): Promise<VerifyAnswer>
  /** null: it does not go on from there, forget what rests on it. Throws when it cannot be read. */
  retirements(after: FeedPosition): Promise<FeedAnswer | null>
}
