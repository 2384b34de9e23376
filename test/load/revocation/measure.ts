// Tokens are shown to resource servers without a pause, end, and are shown until each server has refused them.
import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { createChecks } from '../../../src/cli/drill/checks.ts'
import type { OwnInstance } from '../support/own-instance.ts'
import { quantile } from '../support/statistics.ts'
import { type ResourceServer, startServers } from './servers.ts'
import { createTokenMakers, type MortalToken, TooBusy } from './tokens.ts'

interface Plan {
  readonly revocations: number
  readonly parallel: number
}

/** One token at one server. Milliseconds after the end was acknowledged. */
interface Finding {
  readonly how: string
  readonly server: string
  /** When the last request that was accepted was sent; before the end: 0. */
  readonly sentMs: number
  /** When its answer came. */
  readonly answeredMs: number
  /** Of the request that was sent, and asked for strongly, next. */
  readonly strongStatus: number
}

/** As docs/resource-servers.md has it, whatever the code says. */
const BOUND_MS = 1_000
const OK = 200
const CREATED = 201
const REFUSED = 401
/** No acceptance, and no word about the token either. */
const UNAVAILABLE = 503
const MEASURED_SHARE = 0.9
const PAUSE_MS = 10
/** Tokens end at any time of the bound. */
const PHASE_MS = 1_200
const GIVE_UP_MS = 10_000
const TOLD_EVERY = 100

/** @returns the claims that did not hold */
export async function measureRevocation(
  instance: OwnInstance,
  { revocations, parallel }: Plan,
): Promise<readonly string[]> {
  const { tell, check, broken } = createChecks()
  const servers = await startServers(instance)
  const makers = await createTokenMakers(instance)
  const findings: Finding[] = []
  let next = 0
  let done = 0
  let busy = 0
  const measureOne = async (index: number): Promise<readonly Finding[]> => {
    const token = await makers[index % makers.length]?.(index)
    return token === undefined ? [] : endUnderWatch(token, servers)
  }
  const work = async () => {
    for (let index = next++; index < revocations; index = next++) {
      const found = await measureOne(index).catch(error => {
        if (!(error instanceof TooBusy)) throw error
        return null
      })
      if (found === null) busy++
      else findings.push(...found)
      if (++done % TOLD_EVERY === 0) tell(`   ${done} of ${revocations} tokens have ended`)
    }
  }
  tell(`\n${revocations} tokens end, ${parallel} at a time:`)
  await Promise.all(Array.from({ length: parallel }, work))

  tell('\nMilliseconds from the acknowledged end to the last request that was accepted, and to its answer:')
  tell('\nserver                   how                      tokens    p50    p99    max    answer, max')
  for (const [name, group] of Map.groupBy(
    findings,
    ({ server, how }) => `${server.padEnd(25)}${how.padEnd(23)}`,
  )) {
    const sent = group.map(({ sentMs }) => sentMs)
    const figures = [quantile(sent, 0.5), quantile(sent, 0.99), Math.max(...sent)]
    const answered = Math.max(...group.map(({ answeredMs }) => answeredMs))
    const columns = figures.map(each => each.toFixed(0).padStart(7)).join('')
    tell(`${name}${String(group.length).padStart(8)}${columns}${answered.toFixed(0).padStart(15)}`)
  }
  tell(
    `\nAt a load average of ${loadavg()
      .map(each => each.toFixed(1))
      .join(' ')}:`,
  )
  const late = findings.filter(({ sentMs }) => sentMs > BOUND_MS)
  check(
    `no request that was sent more than ${BOUND_MS} ms after the end was accepted`,
    late.length === 0,
    late,
  )
  const weak = findings.filter(({ strongStatus }) => strongStatus === CREATED)
  check('none was accepted strongly, however soon', weak.length === 0, weak)
  const measured = revocations - busy
  check(
    `${measured} of ${revocations} were measured; for others the service was too busy`,
    measured >= MEASURED_SHARE * revocations,
  )
  return broken
}

async function endUnderWatch(token: MortalToken, servers: readonly ResourceServer[]): Promise<Finding[]> {
  const headers = { authorization: `Bearer ${token.text}` }
  const ask = async (url: string, method: string): Promise<number> => {
    const response = await fetch(url, { method, headers })
    await response.arrayBuffer()
    return response.status
  }
  let endedAt = Number.POSITIVE_INFINITY
  const watch = async ({ url }: ResourceServer) => {
    let last = { sent: 0, answered: 0 }
    for (;;) {
      const sent = performance.now()
      const status = await ask(url, 'GET')
      if (status === OK) last = { sent, answered: performance.now() }
      else if (status === REFUSED) return last
      else if (status !== UNAVAILABLE) throw new Error(`${url} answered ${status}`)
      if (sent - endedAt > GIVE_UP_MS) return last
      await sleep(PAUSE_MS)
    }
  }
  const end = async () => {
    await sleep(Math.random() * PHASE_MS)
    try {
      await token.end()
    } finally {
      endedAt = performance.now()
    }
    return Promise.all(servers.map(({ url }) => ask(url, 'POST')))
  }
  const known = await Promise.all(servers.map(({ url }) => ask(url, 'GET')))
  if (known.includes(UNAVAILABLE)) throw new TooBusy('before the end')
  if (known.some(status => status !== OK)) throw new Error(`a good token got ${known.join(' and ')}`)
  const watched = Promise.all(servers.map(watch))
  // A failure is told when it is waited for.
  watched.catch(() => undefined)
  const strong = await end()
  const lasts = await watched
  return servers.map(({ name }, index) => {
    const { sent = 0, answered = 0 } = lasts[index] ?? {}
    const after = (at: number) => Math.max(0, at - endedAt)
    const times = { sentMs: after(sent), answeredMs: after(answered) }
    return { how: token.how, server: name, ...times, strongStatus: strong[index] ?? 0 }
  })
}
