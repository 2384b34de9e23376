// Mail servers on the loopback: real ones, which keep what they accept, and scripted ones, which misbehave.
import { createServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import type { Certificate } from './certificate.ts'

export interface Mail {
  readonly secure: boolean
  readonly user: string | null
  readonly hello: string
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
}

const HOST = 'localhost'
const closers: (() => Promise<void>)[] = []

export async function closeServers(): Promise<void> {
  await Promise.all(closers.splice(0).map(close => close()))
}

export async function mailServer(options: {
  readonly tls?: 'none' | 'starttls' | 'tls'
  readonly certificate?: Certificate
  readonly login?: { readonly username: string; readonly password: string; readonly method: string }
}): Promise<{ readonly port: number; readonly mails: Mail[] }> {
  const { tls = 'none', certificate, login } = options
  const mails: Mail[] = []
  const server = new SMTPServer({
    ...certificate,
    secure: tls === 'tls',
    disableReverseLookup: true,
    authOptional: login === undefined,
    ...(login === undefined ? {} : { authMethods: [login.method] }),
    disabledCommands: [...(tls === 'starttls' ? [] : ['STARTTLS']), ...(login === undefined ? ['AUTH'] : [])],
    onAuth: ({ username, password }, _session, done) =>
      username === login?.username && password === login.password
        ? done(null, { user: username })
        : done(new Error(`no such login: ${username} ${password}`)),
    onData: (stream, { secure, user, hostNameAppearsAs, envelope }, done) => {
      text(stream).then(raw => {
        const to = envelope.rcptTo.map(({ address }) => address)
        mails.push({
          secure,
          user: user ?? null,
          hello: hostNameAppearsAs,
          from: envelope.mailFrom.address,
          to,
          raw,
        })
        done()
      }, done)
    },
  })
  // A client that does not trust the certificate breaks the handshake off.
  server.on('error', () => {})
  await new Promise<void>(done => server.listen(0, HOST, done))
  closers.push(() => new Promise(done => server.close(done)))
  return { port: portOf(server.server), mails }
}

type Answer = string | ((socket: Socket) => void)

export const hang: Answer = () => {}
export const close: Answer = socket => void socket.end()
export const reset: Answer = socket => void socket.resetAndDestroy()

const ANSWERS: Readonly<Record<string, Answer>> = {
  greeting: '220 sink ESMTP',
  EHLO: '250-sink\r\n250 8BITMIME',
  MAIL: '250 ok',
  RCPT: '250 ok',
  DATA: '354 go on',
  message: '250 accepted',
  QUIT: '221 bye',
}

/** Answers each command as told, the rest politely; keeps every line that it was sent. */
export async function scriptedServer(answers: Readonly<Record<string, Answer>>) {
  const lines: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    const answer = (step: string) => {
      const chosen = answers[step] ?? ANSWERS[step] ?? '502 unknown'
      if (typeof chosen === 'string') socket.write(`${chosen}\r\n`)
      else chosen(socket)
    }
    let unread = ''
    let inMessage = false
    socket.on('data', chunk => {
      unread += chunk.toString('latin1')
      const complete = unread.split('\r\n')
      unread = complete.pop() ?? ''
      for (const line of complete) {
        lines.push(line)
        if (inMessage && line !== '.') continue
        const step = inMessage ? 'message' : (line.split(' ')[0] ?? '')
        inMessage = step === 'DATA'
        answer(step)
      }
    })
    answer('greeting')
  })
  await new Promise<void>(done => server.listen(0, HOST, done))
  closers.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(done => server.close(done))
  })
  return { port: portOf(server), lines, connections: () => sockets.size }
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return address.port
}
