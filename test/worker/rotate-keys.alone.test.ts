// Rotation of the signing keys, as operators, verifiers with caches and people with tokens meet it. Two services on one
// database are two isolates: each has caches of its own.
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { decideKeys, type KeyCommand } from '../../src/domain/key-rotation.ts'
import {
  ACCESS_TOKEN_MAX_SECONDS,
  DAY_SECONDS,
  KEY_PUBLISHED_SECONDS,
  KEY_RETIRING_SECONDS,
  SIGNING_KEYS_CACHE_SECONDS,
} from '../../src/domain/limits.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { recordingAs } from '../../src/records/record.ts'
import { ConstraintViolated } from '../../src/store/d1.ts'
import { changeSigningKeys, listPublishedKeys, listSigningKeys } from '../../src/store/signing-keys.ts'
import { changeKeys, type KeyStorage } from '../../src/tokens/change-keys.ts'
import { generateKey, unsealKey } from '../../src/tokens/signing-key.ts'
import { alarmCount, listAlarms } from './support/alarms.ts'
import { signInBrowser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import { admin, bearer, createService, freshAddress, ISSUER, json, type Service } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, signIn, type Tokens } from './support/sign-in.ts'
import { checkHistory, eventsOfType } from './support/stored.ts'
import { watchDatabases } from './support/watched-databases.ts'

interface KeyView {
  readonly kid: string
  readonly state: string
  readonly alg: string
  readonly created_at: string
  readonly active_at: string | null
  readonly gone_at: string | null
}
interface Rotated {
  readonly active: string
  readonly retiring: string[]
  readonly removed: string[]
  readonly pending: string
  readonly due_at: string | null
}

const PATH = '/admin/v1/keys/rotate'
const send = (service: Service, body: unknown = {}) => service.request(PATH, admin(service, json(body)))

async function rotate(service: Service, body: unknown = {}): Promise<Rotated> {
  const answer = await send(service, body)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return answer.json()
}

async function keysOf(service: Service): Promise<KeyView[]> {
  const answer = await service.request('/admin/v1/keys', admin(service))
  return ((await answer.json()) as { keys: KeyView[] }).keys
}

async function kidOf(service: Service, state: string): Promise<string> {
  return (await keysOf(service)).find(key => key.state === state)?.kid ?? 'none'
}

async function statesOf(service: Service): Promise<string[]> {
  return (await keysOf(service)).map(key => key.state).sort()
}

const whoami = async (service: Service, token: string) =>
  (await service.request('/ping/whoami', bearer(token))).status
const kidIn = (token: string) => decodeProtectedHeader(token).kid as string
const cron = (service: Service) => keepHouse(service.parts, service.now)

async function jwks(service: Service): Promise<{ set: JSONWebKeySet; kids: string[]; maxAge: number }> {
  const answer = await service.request('/.well-known/jwks.json')
  const set = (await answer.json()) as JSONWebKeySet
  const maxAge = Number(/^public, max-age=(\d+)$/.exec(answer.headers.get('Cache-Control') ?? '')?.[1])
  return { set, kids: set.keys.map(key => String(key.kid)), maxAge }
}

/** Isolates with one clock. */
function isolates<Count extends 1 | 2 | 3>(count: Count, overrides = {}) {
  const all = Array.from({ length: count }, () => createService(overrides))
  const at = (now: number) => {
    for (const each of all) each.now = now
  }
  const start = (all[0] as Service).now
  at(start)
  return { all, a: all[0] as Service, b: (all[1] ?? all[0]) as Service, start, at }
}

/** Without asking the service, which would move the keys on. */
const openAlarms = async ({ parts }: Service) =>
  (await parts.shards.global.prepare('SELECT kind, kid, count FROM alarms').all()).results

const storageOf = (service: Service): KeyStorage => {
  const db = service.parts.shards.global
  return {
    list: () => listPublishedKeys(db),
    change: (change, created, now) => changeSigningKeys(db, change, created, now),
  }
}

beforeEach(async () => {
  vi.spyOn(console, 'info').mockReturnValue()
  const db = createService().parts.shards.global
  await db.batch(['signing_keys', 'alarms'].map(table => db.prepare(`DELETE FROM ${table}`)))
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('an ordinary rotation', () => {
  it('KY-03: moves on at once to a key that every cache knows, and orders the next until they know it', async () => {
    const { a, at, start } = isolates(1)
    const [one, two] = [await kidOf(a, 'active'), await kidOf(a, 'pending')]
    expect((await jwks(a)).kids.sort()).toEqual([one, two].sort())

    const first = await rotate(a)
    expect(first).toMatchObject({ active: two, retiring: [one], removed: [], due_at: null })
    at(start + 5)
    const second = await rotate(a)
    const dueAt = new Date((start + KEY_PUBLISHED_SECONDS) * 1_000).toISOString().replace('.000Z', 'Z')
    expect(second).toEqual({ ...first, due_at: dueAt })
    expect(await rotate(a)).toEqual(second)

    at(start + KEY_PUBLISHED_SECONDS - 1)
    await cron(a)
    expect(await kidOf(a, 'active')).toBe(two)
    at(start + KEY_PUBLISHED_SECONDS)
    await cron(a)
    const keys = await keysOf(a)
    expect(new Map(keys.map(key => [key.kid, key.state]))).toEqual(
      new Map([
        [one, 'retiring'],
        [two, 'retiring'],
        [first.pending, 'active'],
        [await kidOf(a, 'pending'), 'pending'],
      ]),
    )
    const [newest] = keys
    expect(newest).toMatchObject({ state: 'pending', alg: 'ES256', active_at: null, gone_at: null })
    expect(keys.map(key => key.created_at)).toEqual(
      keys
        .map(key => key.created_at)
        .sort()
        .reverse(),
    )
    // Done: what was ordered is not done again.
    at(start + 3 * KEY_PUBLISHED_SECONDS)
    await cron(a)
    expect(await kidOf(a, 'active')).toBe(first.pending)
  })

  it('KY-03: fifty of them under load, and verifiers with caches refuse nothing', async () => {
    const { all, a, b, start, at } = isolates(2)
    const { client_id } = await createClient(a)
    let tokens: Tokens = await signIn(a, client_id, freshAddress())
    const stepSeconds = 30
    const verifiers = all.map(source => ({ source, find: createLocalJWKSet({ keys: [] }), until: start }))
    const idTokens: { token: string; until: number }[] = []
    const signed = new Set<string>()
    const refused: string[] = []
    for (let now = start; signed.size <= 51 && now < start + 4 * DAY_SECONDS; now += stepSeconds) {
      at(now)
      const step = (now - start) / stepSeconds
      // Whoever looks again does so just before the change: what it knows is as old as it may be when it counts.
      for (const verifier of verifiers.filter(({ until }) => until <= now)) {
        const { set, maxAge } = await jwks(verifier.source)
        expect(maxAge).toBeGreaterThan(0)
        Object.assign(verifier, { find: createLocalJWKSet(set), until: now + maxAge })
      }
      await rotate(a)
      tokens = await (await refresh(step % 3 === 0 ? a : b, tokens)).json<Tokens>()
      signed.add(kidIn(tokens.access_token))
      for (const each of all) {
        if ((await whoami(each, tokens.access_token)) !== 200) refused.push(`access token at ${now - start}`)
      }
      idTokens.push({ token: tokens.id_token ?? '', until: now + 600 })
      while ((idTokens[0]?.until ?? now + 1) <= now) idTokens.shift()
      for (const verifier of verifiers) {
        for (const { token } of [idTokens[0], idTokens.at(-1)] as { token: string }[]) {
          const options = { issuer: ISSUER, audience: client_id, currentDate: new Date(now * 1_000) }
          await jwtVerify(token, verifier.find, options).catch(error =>
            refused.push(`ID token at ${now - start}: ${error.code}`),
          )
        }
      }
    }
    expect(signed.size).toBeGreaterThan(50)
    expect(refused).toEqual([])
    expect(await alarmCount(a)).toBe(0)
  })

  it('KY-02: no cache of the key set, of isolates and verifiers together, is older than the overlap allows', async () => {
    const { a, at, start } = isolates(1)
    for (const age of [0, 1, 49, 50, 99]) {
      at(start + age)
      const left = SIGNING_KEYS_CACHE_SECONDS - (age % SIGNING_KEYS_CACHE_SECONDS)
      expect((await jwks(a)).maxAge).toBe(left)
    }
    expect(SIGNING_KEYS_CACHE_SECONDS).toBeLessThan(KEY_PUBLISHED_SECONDS)
  })

  it('KY-03, KY-01: a retiring key stays until the last token of a slow isolate has expired, then goes; its private part goes first', async () => {
    const { a, b, start, at } = isolates(2)
    const { client_id } = await createClient(a, { access_token_seconds: ACCESS_TOKEN_MAX_SECONDS })
    const address = freshAddress()
    await jwks(b)
    const { retiring } = await rotate(a)
    // b has not looked since, and signs with the former key for as long as it may.
    at(start + SIGNING_KEYS_CACHE_SECONDS - 1)
    const last = await signIn(b, client_id, address)
    expect(retiring).toEqual([kidIn(last.access_token)])
    for (const seconds of [60, ACCESS_TOKEN_MAX_SECONDS - 1]) {
      at(start + SIGNING_KEYS_CACHE_SECONDS - 1 + seconds)
      await cron(a)
      expect([await whoami(a, last.access_token), await whoami(b, last.access_token)]).toEqual([200, 200])
    }
    const sealed = async () =>
      new Map((await listSigningKeys(a.parts.shards.global)).map(key => [key.kid, key.sealed_private_jwk]))
    expect((await sealed()).get(retiring[0] as string)).toBeNull()
    at(start + KEY_RETIRING_SECONDS - 1)
    await cron(a)
    expect((await jwks(a)).kids).toContain(retiring[0])
    at(start + KEY_RETIRING_SECONDS)
    await cron(a)
    expect((await jwks(a)).kids).not.toContain(retiring[0])
    const gone = (await keysOf(a)).find(key => key.kid === retiring[0])
    expect(gone).toMatchObject({ state: 'gone', gone_at: expect.stringMatching(/Z$/) })
  })
})

describe('an emergency', () => {
  it('KY-04: fails the tokens of a key here at once and elsewhere within 60 s, signs nobody out and rings no bell', async () => {
    const { a, b, start, at } = isolates(2)
    const { client_id } = await createClient(a)
    const address = freshAddress()
    const page = await signInBrowser(a, address)
    const tokens = await signIn(a, client_id, address)
    const byLink = await requestLink(a, client_id, freshAddress())
    const byCode = await requestLink(a, client_id, freshAddress())
    expect(await whoami(b, tokens.access_token)).toBe(200)
    const [removed, next] = [kidIn(tokens.access_token), await kidOf(a, 'pending')]
    const { d } = await unsealKey(
      a.parts.secrets,
      (await listPublishedKeys(a.parts.shards.global)).find(key => key.kid === removed) ?? {
        kid: '',
        sealed_private_jwk: null,
      },
    )
    const sealed = JSON.stringify(
      (await listPublishedKeys(a.parts.shards.global)).map(key => key.sealed_private_jwk),
    )

    const answer = await rotate(a, { emergency: removed })
    expect(answer).toMatchObject({ active: next, retiring: [], removed: [removed], due_at: null })
    expect(await whoami(a, tokens.access_token)).toBe(401)
    expect((await jwks(a)).kids.sort()).toEqual([next, answer.pending].sort())
    // The link was signed with it; the typed code was not.
    expect((await redeem(a, byLink, 'link')).status).toBe(400)
    expect((await redeem(a, byLink, 'code')).status).toBe(200)
    expect((await redeem(a, byCode, 'code')).status).toBe(200)

    // Another isolate may accept, and sign, until it looks again; the first does not take it.
    at(start + SIGNING_KEYS_CACHE_SECONDS - 1)
    expect(await whoami(b, tokens.access_token)).toBe(200)
    const late = await (await refresh(b, tokens)).json<Tokens>()
    expect(kidIn(late.access_token)).toBe(removed)
    expect(await whoami(a, late.access_token)).toBe(401)
    at(start + SIGNING_KEYS_CACHE_SECONDS)
    expect(await whoami(b, late.access_token)).toBe(401)

    const fresh = await (await refresh(b, late)).json<Tokens>()
    expect(kidIn(fresh.access_token)).toBe(next)
    for (const each of [a, b]) expect(await whoami(each, fresh.access_token)).toBe(200)
    expect((await page.get('/account')).status).toBe(200)
    expect(eventsOfType((await checkHistory(a, tokens.user_id)).events, 'session.ended')).toEqual([])
    expect(await alarmCount(a)).toBe(0)

    const stored = await dump(a)
    expect(stored).toContain(removed)
    const former = (JSON.parse(sealed) as string[]).filter(each => !stored.includes(each))
    expect(former).toHaveLength(1)
    expect(stored).not.toContain(d)
  })

  it('KY-04: a key that is known to every cache is there at once, again and again', async () => {
    const { a, b, start, at } = isolates(2)
    const { client_id } = await createClient(a)
    let tokens = await signIn(a, client_id, freshAddress())
    for (let round = 1; round <= 5; round++) {
      at(start + round * KEY_PUBLISHED_SECONDS)
      const known = await jwks(b)
      at(a.now + SIGNING_KEYS_CACHE_SECONDS - 1)
      const { active } = await rotate(a, { emergency: await kidOf(a, 'active') })
      tokens = await (await refresh(a, tokens)).json<Tokens>()
      expect(kidIn(tokens.access_token)).toBe(active)
      expect(known.kids).toContain(active)
      expect(await whoami(b, tokens.access_token)).toBe(200)
    }
  })

  it('KY-04: a pending or retiring key can be removed as well; what nobody has, what is gone and what is misspelt is refused', async () => {
    const { a } = isolates(1)
    const tokens = await signIn(a, (await createClient(a)).client_id, freshAddress())
    const { active, retiring, pending } = await rotate(a)
    expect(await whoami(a, tokens.access_token)).toBe(200)
    expect(await rotate(a, { emergency: retiring[0] })).toMatchObject({ active, retiring: [], pending })
    expect(await whoami(a, tokens.access_token)).toBe(401)
    const after = await rotate(a, { emergency: pending })
    expect(after).toMatchObject({ active, removed: [pending] })
    expect(after.pending).not.toBe(pending)

    const before = await dump(a)
    const answers = await Promise.all(
      [
        ...[{ emergency: 'k_unknown' }, { emergency: pending }, { emergency: 7 }, { emergancy: active }],
        ...[{ emergency: null }, []],
      ].map(body => send(a, body)),
    )
    answers.push(await a.request(`${PATH}?emergency=${active}`, admin(a, { method: 'POST' })))
    answers.push(await a.request(PATH, json({ emergency: active })), await a.request('/admin/v1/keys'))
    const codes = await Promise.all(
      answers.map(async answer => [answer.status, ((await answer.json()) as { code: string }).code]),
    )
    expect(codes).toEqual([
      [404, 'not_found'],
      [409, 'key_gone'],
      ...Array(5).fill([400, 'invalid_request']),
      [401, 'unauthorized'],
      [401, 'unauthorized'],
    ])
    expect(await dump(a)).toBe(before)
  })
})

describe('a new SEALING_SECRET', () => {
  it('KY-04: with which no stored key can be read, two removals lead to keys that can', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const { a, start } = isolates(1)
    const former = await keysOf(a)
    const renewed = createService({ SEALING_SECRET: crypto.randomUUID() })
    renewed.now = start
    expect((await renewed.request('/.well-known/jwks.json')).status).toBe(500)
    for (const { kid } of former) await rotate(renewed, { emergency: kid })
    const { client_id } = await createClient(renewed)
    const tokens = await signIn(renewed, client_id, freshAddress())
    expect(await whoami(renewed, tokens.access_token)).toBe(200)
  })
})

describe('rotations that race', () => {
  it('KY-03: away from one key are one rotation, however many ask', async () => {
    const { a } = isolates(1)
    const from = await kidOf(a, 'active')
    const command = { type: 'rotate', from } as const
    const all = await Promise.all(
      Array.from({ length: 8 }, () => changeKeys(storageOf(a), a.parts.secrets, command, a.now)),
    )
    expect(await statesOf(a)).toEqual(['active', 'pending', 'retiring'])
    const kids = all.map(keys => keys?.map(key => [key.kid, key.state, key.rotation_ordered_at]))
    expect(new Set(kids.map(each => JSON.stringify(each))).size).toBe(1)
  })

  it('LG-01: what several decide at once is recorded once', async () => {
    const { a, at, start } = isolates(1)
    /** Nobody changes anything before all have seen the same. */
    const decided = async (command: KeyCommand) => {
      const codes: string[] = []
      const storage = storageOf(a)
      const all = Promise.withResolvers<void>()
      let seen = 0
      const list = async () => {
        const keys = await storage.list()
        seen += 1
        if (seen === 3) all.resolve()
        await all.promise
        return keys
      }
      const act = () => changeKeys({ ...storage, list }, a.parts.secrets, command, a.now)
      const acts = () => Promise.all([act(), act(), act()])
      await recordingAs(null, 'system', entry => codes.push(entry.event), acts)
      return codes
    }
    await rotate(a)
    at(start + KEY_RETIRING_SECONDS)
    expect(await decided({ type: 'settle' })).toEqual(['key.gone'])
    const { active: from } = await rotate(a)
    expect(await decided({ type: 'rotate', from })).toEqual(['key.rotation_ordered'])
    at(a.now + KEY_PUBLISHED_SECONDS)
    expect((await decided({ type: 'settle' })).sort()).toEqual(['key.active', 'key.created', 'key.retiring'])
  })

  it('KY-04: emergencies, rotations and the cron together leave one key that signs and one that waits', async () => {
    const { all, a } = isolates(3)
    for (let round = 0; round < 5; round++) {
      const active = await kidOf(a, 'active')
      const answers = await Promise.all(
        all.flatMap(each => [send(each, { emergency: active }), send(each), cron(each)]),
      )
      const statuses = answers.flatMap(answer => answer?.status ?? [])
      expect(statuses.filter(status => status === 200)).toHaveLength(4)
      expect(statuses.filter(status => status === 409)).toHaveLength(2)
      const states = await statesOf(a)
      expect(states.filter(state => state === 'active' || state === 'pending')).toEqual(['active', 'pending'])
      expect((await keysOf(a)).find(key => key.kid === active)?.state).toBe('gone')
    }
  })

  const STALE: readonly [string, (kid: Record<string, string>) => [KeyCommand, KeyCommand]][] = [
    [
      'a rotation after a rotation',
      ({ A = '' }) => [
        { type: 'rotate', from: A },
        { type: 'rotate', from: A },
      ],
    ],
    [
      'a rotation after an emergency',
      ({ A = '' }) => [
        { type: 'remove', kid: A },
        { type: 'rotate', from: A },
      ],
    ],
    [
      'an emergency after a rotation',
      ({ A = '' }) => [
        { type: 'rotate', from: A },
        { type: 'remove', kid: A },
      ],
    ],
    [
      'a rotation to a key that was removed',
      ({ A = '', P = '' }) => [
        { type: 'remove', kid: P },
        { type: 'rotate', from: A },
      ],
    ],
    [
      'the removal of a key that signs now',
      ({ A = '', P = '' }) => [
        { type: 'rotate', from: A },
        { type: 'remove', kid: P },
      ],
    ],
  ]
  it.each(STALE)('KY-03: %s, decided on what was before, changes nothing', async (_, commands) => {
    const { a } = isolates(1)
    const storage = storageOf(a)
    const kids = { A: await kidOf(a, 'active'), P: await kidOf(a, 'pending') }
    const seen = await storage.list()
    const apply = async (command: KeyCommand) => {
      const change = decideKeys(seen, command, a.now)
      if (change === null) throw new Error('nothing decided')
      const created = await Promise.all(change.create.map(key => generateKey(a.parts.secrets, key)))
      await storage.change(change, created, a.now)
    }
    const [first, stale] = commands(kids)
    await apply(first)
    const before = await dump(a)
    await expect(apply(stale)).rejects.toThrow(ConstraintViolated)
    expect(await dump(a)).toBe(before)
  })
})

describe('the cron', () => {
  it('KY-03: is missed where it does not run at all: a key that should have gone a week ago rings in each isolate once an hour', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const { a, b, at, start } = isolates(2)
    const kid = await kidOf(a, 'active')
    at(start + 97 * DAY_SECONDS - 1)
    for (const each of [a, b, a, b]) await jwks(each)
    expect(await openAlarms(a)).toEqual([])
    at(start + 97 * DAY_SECONDS + SIGNING_KEYS_CACHE_SECONDS)
    for (const each of [a, b, a, a, b]) await jwks(each)
    expect(await openAlarms(a)).toMatchObject([{ kind: 'key.overdue', kid, count: 2 }])
    for (const minutes of [1, 2, 59, 60]) {
      at(start + 97 * DAY_SECONDS + SIGNING_KEYS_CACHE_SECONDS + minutes * 60)
      for (const _ of ['reads the keys', 'and says so']) await jwks(a)
    }
    expect((await openAlarms(a)).reduce((sum, { count }) => sum + Number(count), 0)).toBe(3)
  })

  it('KY-03: replaces a key after 90 days, and rings when one that should have gone a week ago still signs', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const watch = watchDatabases()
    const { a, at, start } = isolates(1, watch.bindings)
    const first = await kidOf(a, 'active')
    at(start + 90 * DAY_SECONDS - 1)
    await cron(a)
    expect(await kidOf(a, 'active')).toBe(first)
    watch.refuses = sql => /INSERT INTO signing_keys/.test(sql)
    for (const days of [90, 96]) {
      at(start + days * DAY_SECONDS)
      await cron(a)
    }
    expect(await alarmCount(a)).toBe(0)
    at(start + 97 * DAY_SECONDS)
    await cron(a)
    expect(await listAlarms(a)).toMatchObject([
      { kind: 'key.overdue', severity: 'medium', kid: first, count: 1 },
    ])
    watch.refuses = () => false
    at(start + 98 * DAY_SECONDS)
    await cron(a)
    expect(await kidOf(a, 'active')).not.toBe(first)
    expect(await alarmCount(a)).toBe(1)
  })
})
