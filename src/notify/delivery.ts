// What a try to tell somebody outside comes to.
import { DELIVERY_RETRY_AFTER_MAX_SECONDS } from '../domain/limits.ts'
import { parseRetryAfter } from '../domain/retry-after.ts'
import type { TargetAnswer } from '../outbound/fetch-target.ts'

/** `status` is that of the answer, null when there was none. */
export type Delivery =
  | { readonly tag: 'delivered'; readonly status: number }
  /** Nobody wants to know any more, or what there was to do is done. */
  | { readonly tag: 'settled' }
  | Failed
  /** Another try would be answered alike. */
  | { readonly tag: 'refused'; readonly why: string; readonly status: number | null }

export interface Failed {
  readonly tag: 'failed'
  readonly why: string
  readonly status: number | null
  /** 0 when that is not said. */
  readonly retryAfterSeconds: number
}

/** Anything but 2xx has failed; whether for good depends on who was asked. */
export function judgeAnswer(
  answer: TargetAnswer,
  now: number,
): Failed | Extract<Delivery, { tag: 'delivered' }> {
  if (answer.tag === 'failed') return failed(answer.why)
  const { status, headers } = answer
  if (status >= 200 && status < 300) return { tag: 'delivered', status }
  const asked = parseRetryAfter(headers.get('Retry-After') ?? '', now)
  const retryAfterSeconds = Math.min(asked, DELIVERY_RETRY_AFTER_MAX_SECONDS)
  return { tag: 'failed', why: `status_${status}`, status, retryAfterSeconds }
}

export const failed = (why: string): Failed => ({ tag: 'failed', why, status: null, retryAfterSeconds: 0 })

/** No try was made: too soon. */
export const heldBack = (retryAfterSeconds: number): Failed => ({ ...failed('held_back'), retryAfterSeconds })

export const refused = ({ why, status }: Failed): Delivery => ({ tag: 'refused', why, status })
