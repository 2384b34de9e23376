// What an alarm is: its kinds, how grave each is, and who is not told of it.

export type AlarmKind =
  | 'token.forged'
  | 'link.forged'
  | 'link.wrong_browser_burst'
  | 'refresh.reused'
  | 'code.reused'
  | 'mail.failing'
  | 'logout.failing'
  | 'webhook.failing'
  | 'key.overdue'

export type Severity = 'critical' | 'high' | 'medium'

export const SEVERITY: Readonly<Record<AlarmKind, Severity>> = {
  'token.forged': 'critical',
  'link.forged': 'critical',
  'link.wrong_browser_burst': 'high',
  'refresh.reused': 'high',
  'code.reused': 'high',
  'mail.failing': 'medium',
  'logout.failing': 'medium',
  'webhook.failing': 'medium',
  'key.overdue': 'medium',
}

/** An alarm as it stands, for those who are told: ids and counts, no secret. */
export interface AlarmReport {
  readonly id: string
  readonly kind: AlarmKind
  readonly severity: Severity
  readonly kid: string | null
  readonly count: number
  /** Seconds, as `lastAt`. */
  readonly firstAt: number
  readonly lastAt: number
  /** Of the first: for people, without secrets. */
  readonly detail: string
}

/** Not by the way that fails: it would not arrive, and fail once more. */
export const isMailed = ({ kind }: AlarmReport): boolean => kind !== 'mail.failing'
export const isToldToWebhooks = ({ kind }: AlarmReport): boolean => kind !== 'webhook.failing'

/** A valid signature on what was never issued: whoever made it holds the key. */
export const isForgery = (kind: AlarmKind): boolean => kind === 'token.forged' || kind === 'link.forged'
