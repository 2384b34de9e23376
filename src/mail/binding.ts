// Mail through Cloudflare's `send_email` binding.
import { parseSender } from '../domain/sender.ts'
import { MailNotAccepted } from './not-accepted.ts'
import type { MailTransport } from './transport.ts'

export function createBindingTransport(from: string, binding: SendEmail | null): MailTransport {
  const { name, address } = parseSender(from)
  if (binding === null) throw new Error('MAIL_TRANSPORT is binding, but no send_email binding is configured')
  return {
    send: async ({ to, subject, text, html }) => {
      try {
        await binding.send({
          from: name === null ? address : { name, email: address },
          to,
          subject,
          text,
          html,
        })
      } catch (error) {
        throw new MailNotAccepted(`binding: ${errorCode(error)}`)
      }
    },
  }
}

/** Cloudflare's `E_…` code; its message repeats addresses. */
function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' && /^E_[A-Z_]{1,60}$/.test(code) ? code : 'refused'
}
