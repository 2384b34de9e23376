// Free ports for one instance, from below the range that systems hand out on their own.
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const FIRST = 20_000
const LAST = 32_000
const POLL_MS = 5

export interface Ports {
  readonly service: number
  readonly smtp: number
  readonly mailbox: number
  /** Of the example resource server, where a test starts it. */
  readonly notes: number
}

const given = new Set<number>()

export const findPorts = async (): Promise<Ports> => ({
  service: await findPort(),
  smtp: await findPort(),
  mailbox: await findPort(),
  notes: await findPort(),
})

async function findPort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (given.has(port)) continue
    given.add(port)
    const holder = await tryToOccupy(port)
    if (holder === null) continue
    await holder.free()
    return port
  }
}

export interface Holder {
  free(): Promise<void>
}

/** Takes a port as soon as it is free, and hangs up on whoever calls. */
export async function occupy(port: number): Promise<Holder> {
  for (;;) {
    const holder = await tryToOccupy(port)
    if (holder !== null) return holder
    await sleep(POLL_MS)
  }
}

const tryToOccupy = (port: number): Promise<Holder | null> =>
  new Promise(resolve => {
    const server = createServer(socket => socket.destroy())
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () =>
      resolve({ free: () => new Promise(done => server.close(() => done())) }),
    )
  })
