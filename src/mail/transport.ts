// The ways out for a mail, and the choice between them.
import type { MailConfig } from '../config.ts'
import { createBindingTransport } from './binding.ts'
import { createHttpTransport } from './http-provider.ts'
import { checkMessage, type MailMessage } from './message.ts'
import { createSmtpTransport } from './smtp.ts'

/** One attempt at one mail. */
export interface Attempt {
  /** The same for every attempt at a mail, so that a provider can tell a repetition. */
  readonly id: string
  /** Aborts when the time for this attempt is over. */
  readonly signal: AbortSignal
}

export interface MailTransport {
  /** Throws when the mail was not accepted: MailNotAccepted where the reason may be logged. */
  send(message: MailMessage, attempt: Attempt): Promise<void>
}

export interface MailEffects {
  readonly fetch: typeof fetch
  readonly emailBinding: SendEmail | null
}

/** Throws when the settings cannot work. */
export function createTransport(config: MailConfig, effects: MailEffects): MailTransport {
  const transport = transportFor(config, effects)
  return {
    send: async (message, attempt) => {
      checkMessage(message)
      await transport.send(message, attempt)
    },
  }
}

function transportFor(config: MailConfig, { fetch, emailBinding }: MailEffects): MailTransport {
  switch (config.transport) {
    case 'smtp':
      return createSmtpTransport(config)
    case 'binding':
      return createBindingTransport(config.from, emailBinding)
    case 'http':
      return createHttpTransport(config.from, config.apiKey, fetch)
  }
}
