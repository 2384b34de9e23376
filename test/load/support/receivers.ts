// Receivers of webhooks on this machine, well and unwell, and what each of them has got.
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import type { Operator } from '../../../src/cli/drill/operator.ts'

/** Takes everything; answers 500 to the first try of each message; hangs up; never answers. */
export type Manner = 'well' | 'fails first' | 'drops' | 'hangs'

export interface Received {
  readonly body: string
  tries: number
  /** Whether each try had the same body. */
  isConstant: boolean
  /** From the second of the event to the arrival of the try that was taken; null while none was. */
  lateMs: number | null
}

export interface Receiver {
  readonly manner: Manner
  readonly id: string
  /** By `webhook-id`. */
  readonly received: ReadonlyMap<string, Received>
  /** Requests that the published library would have refused. */
  readonly badSignatures: number
  remove(): Promise<void>
}

export async function startReceiver(operator: Operator, manner: Manner): Promise<Receiver> {
  const received = new Map<string, Received>()
  let verifier: Webhook | null = null
  let badSignatures = 0

  const keep = (headers: IncomingHttpHeaders, body: string): Received => {
    try {
      verifier?.verify(body, headers as Record<string, string>)
    } catch {
      badSignatures++
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

  const { port } = server.address() as AddressInfo
  const registered = await operator.ask('POST', '/webhooks', {
    url: `http://127.0.0.1:${port}/${manner.replace(' ', '-')}`,
    events: ['*'],
  })
  verifier = new Webhook(String(registered.secret))
  return {
    manner,
    id: String(registered.id),
    received,
    get badSignatures() {
      return badSignatures
    },
    async remove() {
      await operator.ask('DELETE', `/webhooks/${registered.id}`)
      await close(server)
    },
  }
}

function close(server: Server): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeAllConnections()
  return closed
}
