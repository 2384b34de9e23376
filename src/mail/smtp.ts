// Mail through an SMTP server (RFC 5321): the dialogue, in its order. One connection, one recipient, one mail.
import { utf8 } from '../domain/encoding.ts'
import { domainOf, parseSender } from '../domain/sender.ts'
import { untilAborted } from './abort.ts'
import { mimeMessage } from './mime.ts'
import { MailNotAccepted } from './not-accepted.ts'
import { openSmtpConnection, type SmtpConfig, type SmtpConnection } from './smtp-connection.ts'
import type { MailTransport } from './transport.ts'

export function createSmtpTransport(config: SmtpConfig): MailTransport {
  const sender = parseSender(config.from)
  return {
    send: async (message, { id, signal }) => {
      const data = mimeMessage(sender, message, id, new Date())
      const connection = openSmtpConnection(config)
      try {
        await untilAborted(signal, converse(connection, config, sender.address, message.to, data))
      } finally {
        connection.close()
      }
    },
  }
}

async function converse(
  connection: SmtpConnection,
  config: SmtpConfig,
  from: string,
  to: string,
  data: string,
): Promise<void> {
  const hello = () => connection.command('EHLO', `EHLO ${domainOf(from)}`, 2)

  await connection.reply('greeting', 2)
  let extensions = await hello()
  if (config.security === 'starttls') {
    // Never in the clear instead: whoever sits between could strip the offer.
    if (!offers(extensions, 'STARTTLS')) throw new MailNotAccepted('smtp: STARTTLS not offered')
    await connection.command('STARTTLS', 'STARTTLS', 2)
    connection.startTls()
    extensions = await hello()
  }
  if (config.username !== null && config.password !== null) {
    await authenticate(connection, extensions, config.username, config.password)
  }
  await connection.command('MAIL', `MAIL FROM:<${from}>`, 2)
  await connection.command('RCPT', `RCPT TO:<${to}>`, 2)
  await connection.command('DATA', 'DATA', 3)
  await connection.write('message', `${data}.\r\n`)
  await connection.reply('message', 2)
  // The mail is accepted; nothing that happens to the farewell may make it fail.
  connection.write('QUIT', 'QUIT\r\n').catch(() => {})
}

async function authenticate(
  connection: SmtpConnection,
  extensions: readonly string[],
  username: string,
  password: string,
): Promise<void> {
  const mechanisms = extensions.find(text => /^AUTH[ =]/i.test(text)) ?? ''
  if (/\bPLAIN\b/i.test(mechanisms)) {
    await connection.command('AUTH', `AUTH PLAIN ${base64(`\0${username}\0${password}`)}`, 2)
  } else if (/\bLOGIN\b/i.test(mechanisms)) {
    await connection.command('AUTH', 'AUTH LOGIN', 3)
    await connection.command('AUTH', base64(username), 3)
    await connection.command('AUTH', base64(password), 2)
  } else {
    throw new MailNotAccepted('smtp: no AUTH mechanism in common')
  }
}

const offers = (extensions: readonly string[], keyword: string): boolean =>
  extensions.some(text => text.toUpperCase().split(' ')[0] === keyword)

const base64 = (text: string): string => btoa(String.fromCharCode(...utf8(text)))
