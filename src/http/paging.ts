// Pages: a limit and an opaque cursor in the query, both checked.
import * as v from 'valibot'
import { parseBase64url, parseUtf8, toBase64url, utf8 } from '../domain/encoding.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '../domain/limits.ts'
import type { Session } from '../domain/session.ts'
import type { ActivityCursor } from '../store/sessions.ts'
import { Problem } from './problem.ts'

const DIGITS = /^[1-9][0-9]{0,15}$/
const Positive = v.pipe(v.string(), v.regex(DIGITS), v.toNumber(), v.integer(), v.minValue(1))

export const Limit = v.optional(Positive)
/** The exclusive upper end of a page of the log; the newest page without it. */
export const Before = v.optional(Positive)
/** How many stand on the pages before. */
export const From = v.optional(Positive)

/** 1 … 100, 100 when absent. */
export const pageLimit = (limit: number = PAGE_DEFAULT): number => Math.min(limit, PAGE_MAX)

export const activityCursor = (last: Session): string =>
  toBase64url(utf8(`${last.lastSeenAt}.${last.lastSeenMs}.${last.createdSeq}`))

/** Throws `invalid_request` for one that we did not make. */
export function parseActivityCursor(text: string | undefined): ActivityCursor | null {
  if (text === undefined) return null
  const bytes = parseBase64url(text)
  const [, lastSeenAt, lastSeenMs, createdSeq] = CURSOR.exec((bytes && parseUtf8(bytes)) ?? '') ?? []
  if (lastSeenAt === undefined) throw new Problem('invalid_request', { detail: 'check: cursor' })
  return {
    lastSeenAt: Number(lastSeenAt),
    lastSeenMs: Number(lastSeenMs),
    createdSeq: Number(createdSeq),
  }
}

const CURSOR = /^([1-9][0-9]{0,15})\.(0|[1-9][0-9]{0,2})\.([1-9][0-9]{0,15})$/
