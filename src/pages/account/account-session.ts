// A live session as the account page shows it.
import type { ClientKind, Device, Place } from '../../domain/session.ts'

export interface AccountSession {
  readonly id: string
  readonly current: boolean
  readonly clientId: string
  readonly clientName: string
  readonly kind: ClientKind
  readonly device: Device
  /** Equal for sessions on one device (domain/device-groups.ts). */
  readonly deviceKey: string
  readonly place: Place
  /** Seconds, as are all times. */
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
}

const newestFirst = (a: AccountSession, b: AccountSession): number =>
  Number(b.current) - Number(a.current) || b.lastSeenAt - a.lastSeenAt

/** In groups: the caller's first, then by newest activity; within a group likewise. */
export const grouped = (
  sessions: readonly AccountSession[],
  key: (session: AccountSession) => string,
): readonly (readonly AccountSession[])[] => [...Map.groupBy(sessions.toSorted(newestFirst), key).values()]
