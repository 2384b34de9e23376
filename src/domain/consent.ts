// What a user has allowed a third-party client.

export interface Consent {
  readonly clientId: string
  readonly scope: string
  /** Seconds. */
  readonly grantedAt: number
}

/** A client as a consent knows it. */
export interface KnownClient {
  readonly clientId: string
  /** When it was registered, in seconds. */
  readonly since: number
}

/** An id can be registered again: what was allowed before was allowed to another client. */
export const isConsentTo = ({ clientId, since }: KnownClient, consent: Consent): boolean =>
  consent.clientId === clientId && consent.grantedAt >= since
