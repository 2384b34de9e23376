// Receivers of webhooks, well and unwell, in a process of their own: what they have to do must not be in the way of those whose
// sign-ins are timed. It is told what to do by receivers.ts, and answers each call once.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import type { Call, Manner, Received, Report } from './receivers.ts'

interface Receiver {
  readonly port: number
  readonly report: Report
  verifier: Webhook | null
  close(): void
}

const receivers: Receiver[] = []

process.on('message', (call: Call) => {
  perform(call).then(answer => process.send?.(answer))
})

// Nobody is left to ask.
process.on('disconnect', () => process.exit())

async function perform(call: Call): Promise<unknown> {
  switch (call.type) {
    case 'start': {
      receivers.push(...(await Promise.all(call.manners.map(start))))
      return receivers.map(({ port }) => port)
    }
    case 'secrets': {
      call.secrets.forEach((secret, index) => {
        Object.assign(receivers[index] ?? {}, { verifier: new Webhook(secret) })
      })
      return null
    }
    case 'report':
      return receivers.map(({ report }) => report)
    case 'stop': {
      for (const receiver of receivers.splice(0)) receiver.close()
      return null
    }
  }
}

async function start(manner: Manner): Promise<Receiver> {
  const received = new Map<string, Received>()
  const report = { received, badSignatures: 0 }

  const keep = (headers: IncomingHttpHeaders, body: string): Received => {
    try {
      receiver.verifier?.verify(body, headers as Record<string, string>)
    } catch {
      report.badSignatures++
    }
    const id = String(headers['webhook-id'])
    const known = received.get(id) ?? { body, tries: 0, isConstant: true, lateMs: null }
    received.set(id, known)
    known.tries++
    known.isConstant &&= known.body === body
    return known
  }
  const answer = (status: number, each: Received, response: ServerResponse) => {
    if (status < 300) each.lateMs ??= Date.now() - Date.parse(JSON.parse(each.body).timestamp)
    response.writeHead(status).end()
  }
  const server = createServer(async (request, response) => {
    if (manner === 'drops') return request.socket.destroy()
    const each = keep(request.headers, await text(request))
    if (manner === 'hangs') return
    answer(manner === 'fails first' && each.tries === 1 ? 500 : 204, each, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const receiver: Receiver = {
    port: (server.address() as AddressInfo).port,
    report,
    verifier: null,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
  return receiver
}
