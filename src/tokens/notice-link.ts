// The token in the link of a notice: which session of whom, until when, sealed. It is kept nowhere, and it opens
// nothing but the page that ends that session.
import { isTaggedId } from '../domain/ids.ts'
import type { Secrets } from './secrets.ts'

export interface NoticeLink {
  readonly userId: string
  readonly sessionId: string
  /** Seconds since the epoch. */
  readonly expiresAt: number
}

const CONTEXT = 'not-me'
const TEXT_MAX_CHARS = 256
const EXPIRY = /^[1-9][0-9]{9,11}$/

export const mintNoticeLink = (
  secrets: Secrets,
  { userId, sessionId, expiresAt }: NoticeLink,
): Promise<string> => secrets.seal('notice-link', CONTEXT, `${userId}.${sessionId}.${expiresAt}`)

/** What a token says, expired or not; null for anything that this deployment did not make. */
export async function readNoticeLink(secrets: Secrets, text: string): Promise<NoticeLink | null> {
  if (text.length > TEXT_MAX_CHARS) return null
  const [userId, sessionId, expiry = '', ...rest] =
    (await secrets.unseal('notice-link', CONTEXT, text))?.split('.') ?? []
  if (!isTaggedId('u', userId) || !isTaggedId('s', sessionId)) return null
  if (!EXPIRY.test(expiry) || rest.length > 0) return null
  return { userId, sessionId, expiresAt: Number(expiry) }
}
