// Telling the holder of an account of a sign-in. The mail is sealed before it is known whether it will be needed: the
// change that begins the session decides, and writes it in the same batch.
import type { Client } from '../domain/client.ts'
import { DAY_SECONDS, NOTICE_LINK_SECONDS, NOTICE_MAIL_SECONDS } from '../domain/limits.ts'
import type { NewSession } from '../domain/session.ts'
import { newSignInMessage } from '../mail/new-sign-in-message.ts'
import type { PreparedMail } from '../mail/outbox.ts'
import { mintNoticeLink } from '../tokens/notice-link.ts'
import { describeDevice, describePlace } from './describe.ts'
import type { Parts, RequestFacts } from './parts.ts'

export interface NoticedSignIn {
  readonly userId: string
  /** The address on file. */
  readonly address: string
  readonly client: Client
  readonly session: Pick<NewSession, 'id' | 'device' | 'place'>
}

export async function prepareNotice(parts: Parts, about: NoticedSignIn, now: number): Promise<PreparedMail> {
  const { userId, address, client, session } = about
  const expiresAt = now + NOTICE_LINK_SECONDS
  const url = new URL('/account/not-me', parts.config.issuer)
  url.searchParams.set(
    'token',
    await mintNoticeLink(parts.secrets, { userId, sessionId: session.id, expiresAt }),
  )
  const message = newSignInMessage({
    to: address,
    link: url.href,
    clientName: client.name,
    at: now,
    device: describeDevice(session.device),
    place: describePlace(session.place),
    linkDays: NOTICE_LINK_SECONDS / DAY_SECONDS,
  })
  return parts.outbox.prepare(message, now + NOTICE_MAIL_SECONDS, now)
}

/** The first attempt, once the change has written it. */
export const deliverNotice = (
  parts: Parts,
  userId: string,
  notice: PreparedMail,
  { now, waitUntil }: RequestFacts,
): void => waitUntil(parts.outbox.deliver(parts.shards.of(userId), notice, now))
