// The client of a measurement, a process of its own: connections that each send a request as soon as the one before is
// answered. It reads as little of an answer as it can, so that it waits for the server and not the server for it.
import { connect, type Socket } from 'node:net'
import type { Load, Round } from './load.ts'
import { createOrder } from './order.ts'

const MAX_SAMPLES = 1_000_000
const samples = new Float64Array(MAX_SAMPLES)
const END_OF_HEAD = Buffer.from('\r\n\r\n')
const LAST_CHUNK = Buffer.from('0\r\n\r\n')

process.on('message', (load: Load) => {
  run(load).then(
    round => process.send?.(round),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})

async function run(load: Load): Promise<Round> {
  const total: Totals = { count: 0, wrong: 0, bytes: 0, firstWrong: '' }
  const begun = performance.now()
  const until = begun + load.ms
  const take = createOrder(load)
  await Promise.all(Array.from({ length: load.connections }, () => useConnection(load, take, until, total)))
  const ms = performance.now() - begun
  const sorted = samples.subarray(0, Math.min(total.count, MAX_SAMPLES)).sort()
  const quantile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return { ...total, ms, p50: quantile(0.5), p99: quantile(0.99) }
}

interface Totals {
  count: number
  wrong: number
  bytes: number
  firstWrong: string
}

/** Until the time is over, or there is nothing left to ask. */
function useConnection(load: Load, take: () => string | null, until: number, total: Totals): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(load.port, '127.0.0.1')
    socket.setNoDelay(true)
    socket.on('error', reject)
    let sentAt = 0
    let pending: Buffer = Buffer.alloc(0)
    const send = (request: string | null) => {
      const isOver = performance.now() > until && total.count >= load.least
      if (request === null || isOver) {
        socket.destroy()
        return resolve()
      }
      sentAt = performance.now()
      socket.write(request)
    }
    socket.on('connect', () => send(take()))
    socket.on('data', chunk => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
      const answer = readAnswer(pending)
      if (answer === null) return
      if (total.count < MAX_SAMPLES) samples[total.count] = performance.now() - sentAt
      total.count += 1
      total.bytes += pending.length
      if (answer.status !== load.status) {
        total.wrong += 1
        total.firstWrong ||= pending.toString('latin1').slice(0, 600)
      }
      const successor = load.order === 'each leads on' ? successorOf(load, answer.body()) : take()
      pending = Buffer.alloc(0)
      send(successor)
    })
  })
}

/** null while it is not complete. */
function readAnswer(bytes: Buffer): { status: number; body: () => string } | null {
  const headEnd = bytes.indexOf(END_OF_HEAD)
  if (headEnd < 0) return null
  const head = bytes.toString('latin1', 0, headEnd)
  const status = Number(head.slice(9, 12))
  const bodyStart = headEnd + END_OF_HEAD.length
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (length !== undefined) {
    if (bytes.length < bodyStart + Number(length)) return null
  } else if (/\r\ntransfer-encoding: chunked/i.test(head) && !bytes.subarray(-5).equals(LAST_CHUNK)) {
    return null
  }
  return { status, body: () => bytes.toString('utf8', bodyStart) }
}

/** The next request of a chain: its token is in the answer. */
function successorOf({ chain }: Load, body: string): string | null {
  const token = /"refresh_token":"([^"]+)"/.exec(body)?.[1]
  if (chain === null || token === undefined) return null
  const form = `${chain.form}refresh_token=${encodeURIComponent(token)}`
  return chain.head.replace('{length}', String(form.length)) + form
}
