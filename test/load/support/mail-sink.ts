// The mail server of a measurement: keeps the newest mail to each address until it is read, and nothing else.
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import type { Mail, Mailbox } from '../../../src/cli/mailbox.ts'

const PATIENCE_MS = 60_000

export interface MailSink {
  readonly port: number
  /** Each mail is given once. The text is the mail as it came. */
  readonly mailbox: Mailbox
  stop(): Promise<void>
}

export async function startMailSink(): Promise<MailSink> {
  const waiting = new Map<string, (mail: Mail) => void>()
  const kept = new Map<string, Mail>()
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, { envelope }, done) => {
      void text(stream).then(raw => {
        for (const { address } of envelope.rcptTo) {
          const mail = { id: address, to: [{ address }], subject: '', text: raw, html: '' }
          const reader = waiting.get(address)
          if (reader === undefined) kept.set(address, mail)
          else reader(mail)
        }
        done()
      })
    },
  })
  // A client that hangs up is none of our business.
  server.on('error', () => undefined)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))

  const mailbox: Mailbox = (address, isWanted = () => true) =>
    new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => {
        waiting.delete(address)
        reject(new Error('a mail did not arrive'))
      }, PATIENCE_MS)
      const take = (mail: Mail) => {
        if (!isWanted(mail)) return
        clearTimeout(giveUp)
        waiting.delete(address)
        kept.delete(address)
        resolve(mail)
      }
      waiting.set(address, take)
      const early = kept.get(address)
      if (early !== undefined) take(early)
    })
  return {
    port: (server.server.address() as AddressInfo).port,
    mailbox,
    stop: () => new Promise(resolve => server.close(resolve)),
  }
}
