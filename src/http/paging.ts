// Pages: a limit and an opaque cursor in the query, both checked.
import { parseBase64url, parseUtf8, toBase64url, utf8 } from '../domain/encoding.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '../domain/limits.ts'
import type { Session } from '../domain/session.ts'
import type { ActivityCursor } from '../store/sessions.ts'
import type { LatchkeyContext } from './context.ts'
import { Problem } from './problem.ts'

/** 1 … 100, 100 when absent. Throws `invalid_request`. */
export function pageLimit(c: LatchkeyContext): number {
  const text = c.req.query('limit')
  if (text === undefined) return PAGE_DEFAULT
  const limit = positive(text)
  if (limit === null) throw new Problem('invalid_request', { detail: 'check: limit' })
  return Math.min(limit, PAGE_MAX)
}

export const activityCursor = (last: Session): string =>
  toBase64url(utf8(`${last.lastSeenAt}.${last.createdSeq}`))

export function parseActivityCursor(c: LatchkeyContext): ActivityCursor | null {
  const text = c.req.query('cursor')
  if (text === undefined) return null
  const bytes = parseBase64url(text)
  const [lastSeenAt, createdSeq] = (bytes === null ? '' : (parseUtf8(bytes) ?? '')).split('.').map(positive)
  if (lastSeenAt == null || createdSeq == null) {
    throw new Problem('invalid_request', { detail: 'check: cursor' })
  }
  return { lastSeenAt, createdSeq }
}

/** The exclusive upper end of a page of the log; null for the newest page. */
export function parseBefore(c: LatchkeyContext): number | null {
  const text = c.req.query('before')
  if (text === undefined) return null
  const before = positive(text)
  if (before === null) throw new Problem('invalid_request', { detail: 'check: before' })
  return before
}

const positive = (text: string): number | null => (/^[1-9][0-9]{0,15}$/.test(text) ? Number(text) : null)
