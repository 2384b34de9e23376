// What became of one presented refresh token, read from the session's row after the attempt to rotate it.

export interface RotatedRow {
  readonly generation: number
  readonly secretDigest: string
  readonly sealedSuccessor: string | null
  readonly expiresAt: number
  /** When the presented generation was spent: the issue time of its successor's bucket; null when long ago or never. */
  readonly spentAt: number | null
}

export type RefreshVerdict =
  | { readonly tag: 'rotated' }
  | { readonly tag: 'same_successor'; readonly sealed: string }
  /** invalid_grant, and nothing else happens. */
  | { readonly tag: 'refused'; readonly why: 'session_gone' | 'expired' | 'unknown' | 'successor_used' }
  | { readonly tag: 'reused' }

/**
 * @param presented the generation of a token whose tag proves that we issued it
 * @param isOurs whether the row now carries the digest that this very attempt would have written
 */
export function judgeRefresh(
  row: RotatedRow | null,
  presented: { readonly generation: number },
  isOurs: boolean,
  graceSeconds: number,
  now: number,
): RefreshVerdict {
  if (row === null) return { tag: 'refused', why: 'session_gone' }
  if (isOurs) return { tag: 'rotated' }
  if (row.expiresAt <= now) return { tag: 'refused', why: 'expired' }
  if (row.generation <= presented.generation) return { tag: 'refused', why: 'unknown' }
  // Where there is no grace, a clock that is behind the one that rotated makes none.
  const isInGrace = graceSeconds > 0 && row.spentAt !== null && now - row.spentAt <= graceSeconds
  if (!isInGrace) return { tag: 'reused' }
  if (row.generation > presented.generation + 1 || row.sealedSuccessor === null) {
    return { tag: 'refused', why: 'successor_used' }
  }
  return { tag: 'same_successor', sealed: row.sealedSuccessor }
}
