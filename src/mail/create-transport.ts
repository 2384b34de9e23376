// The choice between the ways out for a mail.
import type { MailConfig } from '../config.ts'
import { createBindingTransport } from './binding.ts'
import { createHttpTransport } from './http-provider.ts'
import { checkMessage } from './message.ts'
import { createSmtpTransport } from './smtp.ts'
import type { MailTransport } from './transport.ts'

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
