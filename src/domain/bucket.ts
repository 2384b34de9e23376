// What a stored bucket says about a token whose form, signature and expiry are good (DESIGN: the four rows).
import type { EndReason } from './events.ts'

export type RetiredReason = EndReason | 'rotated'

export interface Bucket {
  readonly commitment: string
  readonly expiresAt: number
  readonly retiredAt: number | null
  readonly retiredReason: RetiredReason | null
}

export type BucketVerdict =
  | { readonly tag: 'live' }
  | { readonly tag: 'retired'; readonly reason: RetiredReason; readonly at: number }
  | { readonly tag: 'forged' }

/**
 * @param isCommitted whether the stored commitment equals the presented token's; compared by the caller, in constant time
 */
export function judgeBucket(bucket: Bucket | null, isCommitted: boolean): BucketVerdict {
  if (bucket === null || !isCommitted) return { tag: 'forged' }
  if (bucket.retiredAt === null) return { tag: 'live' }
  return { tag: 'retired', reason: bucket.retiredReason ?? 'signed_out', at: bucket.retiredAt }
}

export type DeadTokenCode = 'token_rotated' | 'session_replaced' | 'session_ended'

export function deadTokenCode(reason: RetiredReason): DeadTokenCode {
  if (reason === 'rotated') return 'token_rotated'
  return reason === 'replaced' ? 'session_replaced' : 'session_ended'
}
