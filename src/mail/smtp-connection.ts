// One SMTP conversation over a socket: lines out, replies in, TLS under it when asked. Of a reply only code and
// keywords are used: servers repeat addresses in their texts, so none of those may get into an error.
import { connect } from 'cloudflare:sockets'
import type { MailConfig } from '../config.ts'
import { utf8 } from '../domain/encoding.ts'
import { MailNotAccepted } from './not-accepted.ts'

export type SmtpConfig = Extract<MailConfig, { transport: 'smtp' }>

/** First digit of a reply code: done, or go on (RFC 5321 §4.2.1). */
export type Expected = 2 | 3

export interface SmtpConnection {
  /** Texts of the reply's lines. Throws MailNotAccepted on any other reply than the expected. */
  reply(step: string, expected: Expected): Promise<readonly string[]>
  command(step: string, line: string, expected: Expected): Promise<readonly string[]>
  write(step: string, text: string): Promise<void>
  startTls(): void
  close(): void
}

const SECURE_TRANSPORT = { none: 'off', starttls: 'starttls', tls: 'on' } as const
const REPLY_LINE_MAX_CHARS = 4 * 1024
const REPLY_MAX_LINES = 100
const REPLY_LINE = /^(\d)\d\d(?:([ -])(.*))?$/

export function openSmtpConnection({ host, port, security }: SmtpConfig): SmtpConnection {
  const open = (socket: Socket) => {
    // Reads and writes report a failure; these promises would report it again, to nobody.
    socket.opened.catch(ignore)
    socket.closed.catch(ignore)
    return { socket, reader: socket.readable.getReader(), writer: socket.writable.getWriter() }
  }
  let stream = open(
    connect({ hostname: host, port }, { secureTransport: SECURE_TRANSPORT[security], allowHalfOpen: false }),
  )
  const decoder = new TextDecoder()
  let received = ''

  const readLine = async (step: string): Promise<string> => {
    let end = received.indexOf('\n')
    while (end < 0) {
      if (received.length > REPLY_LINE_MAX_CHARS) throw new MailNotAccepted(`smtp: endless reply to ${step}`)
      const { value, done } = await stream.reader.read().catch(failed(step))
      // A closed stream answers every further read at once: going on would never yield to a timer.
      if (done) throw new MailNotAccepted(`smtp: connection closed at ${step}`)
      received += decoder.decode(value, { stream: true })
      end = received.indexOf('\n')
    }
    const line = received.slice(0, end).replace(/\r$/, '')
    received = received.slice(end + 1)
    return line
  }

  const reply = async (step: string, expected: Expected): Promise<readonly string[]> => {
    const texts: string[] = []
    while (texts.length < REPLY_MAX_LINES) {
      const line = await readLine(step)
      const [, kind, separator, text = ''] = REPLY_LINE.exec(line) ?? []
      if (kind === undefined) throw new MailNotAccepted(`smtp: no SMTP reply to ${step}`)
      if (kind !== String(expected)) throw new MailNotAccepted(`smtp: ${line.slice(0, 3)} to ${step}`)
      texts.push(text)
      if (separator !== '-') return texts
    }
    throw new MailNotAccepted(`smtp: endless reply to ${step}`)
  }

  const write = (step: string, text: string): Promise<void> =>
    stream.writer.write(utf8(text)).catch(failed(step))

  return {
    reply,
    write,
    command: async (step, line, expected) => {
      await write(step, `${line}\r\n`)
      return reply(step, expected)
    },
    startTls: () => {
      // What came in the clear must not be read as if it came under TLS (CVE-2011-0411).
      if (received !== '') throw new MailNotAccepted('smtp: reply ahead of TLS')
      stream.reader.releaseLock()
      stream.writer.releaseLock()
      stream = open(stream.socket.startTls())
    },
    close: () => void stream.socket.close().catch(ignore),
  }
}

const ignore = (): void => {}

const failed = (step: string) => (): never => {
  throw new MailNotAccepted(`smtp: connection failed at ${step}`)
}
