// Mail through Resend's HTTP API (https://resend.com/docs/api-reference/emails/send-email).
import { parseSender } from '../domain/sender.ts'
import { MailNotAccepted } from './not-accepted.ts'
import type { MailTransport } from './transport.ts'

const ENDPOINT = 'https://api.resend.com/emails'

export function createHttpTransport(
  from: string,
  apiKey: string,
  fetch: typeof globalThis.fetch,
): MailTransport {
  parseSender(from)
  return {
    send: async ({ to, subject, text, html }, { id, signal }) => {
      const response = await fetch(ENDPOINT, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${apiKey}`,
          'content-type': 'application/json',
          // Within 24 hours the provider sends a mail with the same key once, whatever became of its first answer.
          'idempotency-key': id,
          // Requests without one are refused.
          'user-agent': 'latchkey',
        },
        body: JSON.stringify({ from, to: [to], subject, text, html }),
        // A redirect would carry the key and the mail to another place.
        redirect: 'manual',
        signal,
      }).catch(() => {
        throw new MailNotAccepted('http: no answer')
      })
      await response.body?.cancel()
      if (!response.ok) throw new MailNotAccepted(`http: status ${response.status}`)
    },
  }
}
