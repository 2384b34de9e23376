// A device authorization (RFC 8628): a device that cannot show a page waits for its user to decide in a browser.
import type { Authorization } from './authorization.ts'
import type { Device, Place } from './session.ts'

export const DECISIONS = ['allow', 'deny'] as const
export type Decision = (typeof DECISIONS)[number]

export interface DeviceAuthorization {
  readonly deviceCodeDigest: string
  readonly clientId: string
  readonly scope: string
  readonly audience: string
  /** What asked, and will hold the tokens. */
  readonly device: Device
  readonly place: Place
  readonly expiresAt: number
  /** The newest poll came before its time. */
  readonly isTooFast: boolean
  readonly decided: Decided | null
}

/** Who decided: the browser session that was asked. */
export interface DecidedBy {
  readonly decisionId: string
  readonly userId: string
  readonly browserSessionId: string
  readonly signedInWith: Authorization['signedInWith']
  readonly authTime: number
}

export interface Decided extends DecidedBy {
  readonly decision: Decision
}

export type PollAnswer =
  /** But for its marks, which the poll itself brings. */
  | { readonly tag: 'authorized'; readonly authorization: Omit<Authorization, 'marks'> }
  | { readonly tag: 'refused'; readonly error: 'authorization_pending' | 'slow_down' | 'access_denied' }

/** Of one that has not expired (RFC 8628 §3.5). */
export function answerPoll(polled: DeviceAuthorization): PollAnswer {
  const { decided, clientId, scope, audience, device, place } = polled
  if (decided === null) {
    return { tag: 'refused', error: polled.isTooFast ? 'slow_down' : 'authorization_pending' }
  }
  if (decided.decision === 'deny') return { tag: 'refused', error: 'access_denied' }
  const { userId, browserSessionId, signedInWith, authTime } = decided
  return {
    tag: 'authorized',
    authorization: {
      ...{ userId, clientId, scope, audience, browserSessionId, signedInWith, authTime },
      ...{ device, place },
    },
  }
}

/** One decision for each code; the very same one, sent again, stands. */
export function mayDecide(
  { expiresAt, decided }: Pick<DeviceAuthorization, 'expiresAt' | 'decided'>,
  decision: Decision,
  decisionId: string,
  now: number,
): boolean {
  if (expiresAt <= now) return false
  return decided === null || (decided.decisionId === decisionId && decided.decision === decision)
}

export const isUndecided = (
  { expiresAt, decided }: Pick<DeviceAuthorization, 'expiresAt' | 'decided'>,
  now: number,
): boolean => decided === null && expiresAt > now
