// Rotations at a pace that nobody would ask for, then removals, while people and verifiers go on.
import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { createChecks } from '../../../src/cli/drill/checks.ts'
import { KEY_PUBLISHED_SECONDS, KEY_RETIRING_SECONDS } from '../../../src/domain/limits.ts'
import type { OwnInstance } from '../support/own-instance.ts'
import { signIn } from '../support/sign-ins.ts'
import { createTally, keepSigningIn, kidOf, useEagerly, useSparingly, type World } from './people.ts'
import { createCachingVerifier, createUsualVerifier, type Verifier } from './verifiers.ts'

interface Plan {
  readonly seconds: number
  readonly everySeconds: number
  readonly emergencies: number
}

interface Rotated {
  readonly active: string
  readonly retiring: readonly string[]
}

const EAGER = 4
const SPARING = 3
const VERIFIERS = 4
/** So that what they know is not of one age. */
const VERIFIER_OFFSET_MS = 13_000
const REMOVED_BOUND_MS = 60_000
/** The pending key is known everywhere by then. */
export const BETWEEN_REMOVALS_SECONDS = KEY_PUBLISHED_SECONDS + 10
/** Signing, waiting, and all that stopped signing within the time for which tokens of theirs may live. */
const KEYS_MAX = 2 + Math.ceil(KEY_RETIRING_SECONDS / KEY_PUBLISHED_SECONDS)
const POLL_MS = 250
const SHOWN_MAX = 20

/** @returns the claims that did not hold */
export async function measureRotation(instance: OwnInstance, plan: Plan): Promise<readonly string[]> {
  const { tell, check, broken } = createChecks()
  const stopping = new AbortController()
  const world = await createWorld(instance, stopping.signal)
  const people = await Promise.all(
    Array.from({ length: EAGER + SPARING }, (_, index) =>
      signIn(instance, world.clientId, `person-${index}@load.test`),
    ),
  )
  const working = Promise.all([
    ...people.map(({ device }, index) => (index < EAGER ? useEagerly : useSparingly)(world, device)),
    keepSigningIn(world),
  ])
  // A failure of theirs is told when they are waited for.
  working.catch(() => undefined)

  tell(`\n1. Rotations are asked for every ${plan.everySeconds} s, for ${plan.seconds} s:`)
  const actives = new Set<string>()
  let asked = 0
  let most = 0
  for (const until = Date.now() + plan.seconds * 1_000; Date.now() < until; ) {
    const { active } = (await instance.operator.ask('POST', '/keys/rotate', {})) as unknown as Rotated
    if (!actives.has(active)) tell(`   ${time()}  ${active} signs`)
    actives.add(active)
    asked++
    const published = (await (await fetch(`${instance.origin}/.well-known/jwks.json`)).json()) as { keys: [] }
    most = Math.max(most, published.keys.length)
    await sleep(plan.everySeconds * 1_000)
  }
  const refusedBefore = world.tally.refused.length
  check(`${asked} requests made ${actives.size} keys sign, one after the other`, actives.size > 1)
  check(`no good token was refused, in ${count(world)} uses`, refusedBefore === 0, refusedBefore)
  check(`the key set had ${most} keys at most, and cannot have more than ${KEYS_MAX}`, most <= KEYS_MAX)

  if (plan.emergencies > 0) tell(`\n2. The active key is removed, ${plan.emergencies} times:`)
  for (let index = 0; index < plan.emergencies; index++) {
    await sleep(BETWEEN_REMOVALS_SECONDS * 1_000)
    await removeActiveKey(world, people[EAGER]?.device.accessToken ?? '', check)
  }
  stopping.abort()
  await working
  const refusedAfter = world.tally.refused.length - refusedBefore
  check('no other token was refused, and every refresh worked', refusedAfter === 0, refusedAfter)
  for (const { device } of people) await device.refresh()
  const alive = await Promise.all(people.map(({ device }) => device.request('GET', '/ping/whoami')))
  check(
    'nobody was signed out',
    alive.every(({ status }) => status === 200),
  )

  tell(
    `\nUses, at a load average of ${loadavg()
      .map(each => each.toFixed(1))
      .join(' ')}:`,
  )
  for (const [what, times] of world.tally.done) tell(`   ${String(times).padStart(6)}  ${what}`)
  for (const line of world.tally.refused.slice(0, SHOWN_MAX)) tell(`   REFUSED ${line}`)
  return broken
}

async function removeActiveKey(
  world: World,
  token: string,
  check: (claim: string, holds: boolean, found?: unknown) => void,
): Promise<void> {
  const kid = kidOf(token)
  // What is under way was begun while the key was good.
  world.removed.add(kid)
  await world.instance.operator.ask('POST', '/keys/rotate', { emergency: kid })
  const from = performance.now()
  const authorization = `Bearer ${token}`
  const isTaken = async () =>
    (await fetch(`${world.instance.origin}/ping/whoami`, { headers: { authorization } })).status === 200
  const strict = world.verifiers.filter(({ name }) => name.startsWith('a cache'))
  const lasted = await Promise.all([
    lastedMs(isTaken, from),
    ...strict.map(each => lastedMs(async () => (await each.refusalOf(token)) === null, from)),
  ])
  const seconds = lasted.map(ms => (ms / 1_000).toFixed(1)).join(', ')
  check(
    `${time()}  a token of ${kid} was taken no more after ${seconds} s (here, and by verifiers with caches)`,
    Math.max(...lasted) <= REMOVED_BOUND_MS,
  )
}

/** Until the first refusal. */
async function lastedMs(isTaken: () => Promise<boolean>, from: number): Promise<number> {
  while (await isTaken()) {
    if (performance.now() - from > 2 * REMOVED_BOUND_MS) return Number.POSITIVE_INFINITY
    await sleep(POLL_MS)
  }
  return performance.now() - from
}

async function createWorld(instance: OwnInstance, stopping: AbortSignal): Promise<World> {
  const { operator, origin } = instance
  const scopes = ['openid', 'email', 'sessions']
  await operator.ask('POST', '/clients', {
    ...{ client_id: 'load', name: 'Load', kind: 'first_party', type: 'public', scopes },
  })
  const asking = await operator.ask('POST', '/clients', {
    ...{ name: 'Load: a resource server', kind: 'first_party', type: 'confidential', scopes: ['read'] },
    ...{ grant_types: ['client_credentials'], audience: origin },
  })
  const verifiers: Verifier[] = [createUsualVerifier(origin)]
  for (let index = 0; index < VERIFIERS; index++) {
    // The set that they get has a different age each.
    setTimeout(
      () => verifiers.push(createCachingVerifier(origin, `a cache of its own, ${index + 1}`)),
      index * VERIFIER_OFFSET_MS,
    )
  }
  return {
    instance,
    clientId: 'load',
    introspecting: { id: String(asking.client_id), secret: String(asking.client_secret) },
    verifiers,
    tally: createTally(),
    removed: new Set(),
    stopping,
  }
}

const count = ({ tally }: World): number => [...tally.done.values()].reduce((sum, each) => sum + each, 0)

const time = (): string => new Date().toISOString().slice(11, 19)
