// A sign-in: an attempt, from the mail request to its success. Link and code belong to one attempt.
import { WRONG_CODES_LIMIT } from './limits.ts'
import type { StartedIn } from './session.ts'

export interface SignIn {
  readonly id: string
  /** Canonical address. */
  readonly address: string
  readonly clientId: string
  readonly scope: string
  readonly startedIn: StartedIn
  /** Digest of the binding cookie's secret, or the PKCE challenge: whoever holds its pre-image asked for this. */
  readonly bindingDigest: string
  readonly linkCommitment: string
  readonly codeDigest: string
  readonly wrongCodes: number
  /** Where its browser goes on to: a path can hold a code of another kind, a device's. */
  readonly sealedContinueTo: string | null
  readonly deviceName: string | null
  readonly createdAt: number
  readonly expiresAt: number
}

export const isOpen = (signIn: Pick<SignIn, 'expiresAt' | 'wrongCodes'>, now: number): boolean =>
  signIn.expiresAt > now && signIn.wrongCodes < WRONG_CODES_LIMIT

/** A link or code is spent by being the op_id of the event that it causes; both share one. */
export const signInOpId = (signInId: string): string => `sign-in:${signInId}`
