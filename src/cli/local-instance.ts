// A running local instance, for commands that act out what happens to people on it.
import { randomBytes } from 'node:crypto'
import { isAnswering } from './is-answering.ts'
import { createMailbox, type Mailbox } from './mailbox.ts'
import { mailboxOrigin, type Settings, serviceOrigin, UsageError } from './settings.ts'

const PATIENCE_MS = 30_000

export interface LocalInstance {
  readonly origin: string
  readonly mailbox: Mailbox
}

/** Throws UsageError when nothing runs. */
export async function findLocalInstance(settings: Settings): Promise<LocalInstance> {
  const origin = serviceOrigin(settings)
  const mailbox = mailboxOrigin(settings)
  for (const url of [`${origin}/health`, `${mailbox}/healthz`]) {
    if (!(await isAnswering(url))) {
      throw new UsageError(`Nothing answers at ${url}: start Latchkey first, with npm run dev.`)
    }
  }
  return { origin, mailbox: createMailbox(mailbox, PATIENCE_MS) }
}

/** An address that nobody had before. */
export const newAddress = (name: string): string => `${name}-${randomBytes(3).toString('hex')}@demo.test`
