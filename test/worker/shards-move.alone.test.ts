// Users stay where they are while databases are added: whoever is signed in stays so, by nothing but a map.
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ShardAccess } from '../../src/cli/shards/access.ts'
import { readMarks, tagsMarked } from '../../src/cli/shards/fence.ts'
import { cancel, clean, copy, open, type Work } from '../../src/cli/shards/steps.ts'
import { MOVED_TABLES, PROOFS } from '../../src/cli/shards/tables.ts'
import { tagSql } from '../../src/cli/shards/tag-sql.ts'
import { shardTag, shardTagOfDigest, tagValue } from '../../src/domain/ids.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { Hono } from '../../src/http/hono.ts'
import { createRequireToken } from '../../src/resource/require-token.ts'
import { retirementsForCaller, verifyForCaller } from '../../src/rpc/verify-for-caller.ts'
import { insertSeenJti } from '../../src/store/seen-jtis.ts'
import { addressTag } from '../../src/tokens/address-tag.ts'
import { listAlarms } from './support/alarms.ts'
import { answerOf, authorizationRequest, createApp, exchange, follow, getCode } from './support/authorize.ts'
import { signInBrowser } from './support/browser.ts'
import { type Confidential, confidentialClient } from './support/confidential.ts'
import { createDeviceApp } from './support/device.ts'
import { changeEmail, checkAddresses } from './support/email-change.ts'
import { recordQueue } from './support/events.ts'
import { changeEnv, DATABASES, namespaceOf } from './support/intercept.ts'
import { admin, bearer, createService, freshAddress, json, type Service } from './support/service.ts'
import { createClient, redeem, refresh, requestLink, signIn, type Tokens } from './support/sign-in.ts'
import { until } from './support/until.ts'

const ONE = 'DB'
const TWO = 'DB,DB_1@512'
const THREE = 'DB,DB_1@341,DB_2@683'
/** A digest of ones, whose tag is the last. */
const ONES = `${'_'.repeat(42)}8`
const API = 'https://moving.api.test'

const bound = env as unknown as Record<string, D1Database>
const databaseOf = (name: string) => bound[name] as D1Database
const real: ShardAccess = {
  query: async (name, sql) => (await databaseOf(name).prepare(sql).all()).results as never[],
  execute: async (name, statements) =>
    void (await databaseOf(name).batch(statements.map(sql => databaseOf(name).prepare(sql)))),
}
const work: Work = { access: real, databases: DATABASES, pageRows: 100, say: () => {} }

/** Each call that changes something fails once, and the step is begun again, until it comes to its end. */
async function dyingEverywhere(step: (dying: Work) => Promise<void>, whenDead = async () => {}) {
  const seen = new Set<string>()
  const dies: ShardAccess = {
    ...real,
    execute: (name, statements) => {
      const call = `${name} ${statements.join(';')}`
      if (seen.has(call)) return real.execute(name, statements)
      seen.add(call)
      return Promise.reject(new Error('the line went dead'))
    },
  }
  for (;;) {
    const end = await step({ ...work, access: dies }).then(() => null, String)
    if (end === null) return
    expect(end).toContain('the line went dead')
    await whenDead()
  }
}

/** The deployment by one map: its Worker and its users' objects. */
const queued = recordQueue()
function deployed(SHARDS: string): Service {
  const objects = namespaceOf(async (user, verb, args) => {
    await changeEnv(user, () => ({ SHARDS, EVENTS: queued.bindings.EVENTS }))
    return verb(...args)
  })
  return createService({ ...queued.bindings, SHARDS, USER_SESSIONS: objects })
}

/** What everybody meets: the newest deployment. */
let newest = deployed(ONE)
const service = Object.create(newest, {
  request: { value: (path: string, init?: RequestInit) => newest.request(path, init) },
  newestMail: { value: (address: string) => newest.newestMail(address) },
  parts: { get: () => newest.parts },
  mails: { get: () => newest.mails },
  now: {
    get: () => newest.now,
    set: (now: number) => {
      newest.now = now
    },
  },
}) as Service
function deploy(map: string): Service {
  const before = newest
  newest = deployed(map)
  newest.now = before.now
  return before
}

/** An address whose user will have a tag in this range. */
async function addressIn(from: number, to: number): Promise<string> {
  for (;;) {
    const address = freshAddress()
    const value = tagValue(await addressTag(address))
    if (value >= from && value < to) return address
  }
}

interface Someone {
  readonly tags: readonly [number, number]
  readonly address: string
  tokens: Tokens
  /** For a resource server. */
  shown: Tokens
  readonly ended: Tokens
}

let clientId: string
let api: Confidential
const everybody: Someone[] = []

const whoami = (tokens: Tokens, at = service) => at.request('/ping/whoami', bearer(tokens.access_token))

/** A resource server that remembers tokens across all of it: what its own memory and the feeds tell it. */
const requireToken = createRequireToken(
  () => ({
    verify: (token, demand = {}) => {
      return verifyForCaller(newest.parts, { client_id: api.client_id }, token, demand, factsNow())
    },
    retirements: async after => {
      const answer = await retirementsForCaller(
        newest.parts,
        { client_id: api.client_id },
        after,
        service.now,
      )
      feeds.push(`${after.feed.replace(/\..*/, '')} ${answer === null ? 'ends' : 'goes on'}`)
      return answer
    },
  }),
  { clock: () => service.now * 1_000 },
)
const feeds: string[] = []
const resource = new Hono().get('/', requireToken(), c => c.text('yes'))
const isServed = async ({ shown }: Someone) =>
  (await resource.request('/', bearer(shown.access_token))).status === 200
const forApi = async (address: string): Promise<Tokens> =>
  (await redeem(service, await requestLink(service, clientId, address), 'link', { resource: API })).json()
const logCheck = async (userId: string) => {
  const answer = await service.request(`/admin/v1/users/${userId}/log-check`, admin(service))
  return (await answer.json()) as { intact: boolean; entries: number }
}

beforeAll(async () => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue()
  ;({ client_id: clientId } = await createClient(service, {
    session_rule: { limit: null, at_limit: 'refuse' },
  }))
  api = await confidentialClient(service, { audience: API })
  await service.request(
    '/admin/v1/webhooks',
    admin(service, json({ url: 'https://receiver.test/hooks', events: ['*'] })),
  )
  const ranges = [
    [0, 341],
    [341, 512],
    [683, 1024],
  ] as const
  const arrive = async (tags: readonly [number, number]) => {
    const address = await addressIn(...tags)
    const tokens = await signIn(service, clientId, address)
    const ended = await signIn(service, clientId, address)
    await service.request('/v1/sessions/current', bearer(ended.access_token, { method: 'DELETE' }))
    const rotated = await (await refresh(service, tokens)).json<Tokens>()
    everybody.push({ tags, address, tokens: rotated, shown: await forApi(address), ended })
  }
  await Promise.all(ranges.map(arrive))
  // Two whose address, and so its index row, belongs elsewhere than they do.
  for (const [home, elsewhere] of [
    [0, 900],
    [900, 0],
  ] as const) {
    const owner = await signInBrowser(service, await addressIn(home, home + 100))
    await changeEmail(service, owner, await addressIn(elsewhere, elsewhere + 100))
  }
})
afterAll(() => void vi.restoreAllMocks())

/** What a user may have under way when the map moves. */
async function begin(tags: readonly [number, number]) {
  const address = await addressIn(...tags)
  const person = await signInBrowser(service, address)
  const consented = await createApp(service, { kind: 'third_party' })
  const code = await getCode(consented, person)
  const link = await requestLink(service, clientId, await addressIn(...tags))
  const telly = await createDeviceApp(service)
  const codes = await telly.start()
  return { address, person, consented, code, link, telly, codes }
}

async function finish({ person, consented, code, link, telly, codes }: Awaited<ReturnType<typeof begin>>) {
  expect((await exchange(consented, code)).status).toBe(200)
  expect((await exchange(consented, code)).status).toBe(400)
  expect((await redeem(service, link)).status).toBe(200)
  expect((await redeem(service, link)).status).toBe(400)
  expect((await person.get('/account')).status).toBe(200)
  // The consent came along: nothing is asked again.
  const { path } = await authorizationRequest(consented)
  expect(answerOf(await follow(person, await person.get(path)))).toHaveProperty('code')
  service.now += codes.interval
  const polled = await telly.poll(codes)
  expect(await polled.json()).toMatchObject({ error: 'authorization_pending' })
}

/** Everybody goes on, as if nothing had happened. */
async function allGoOn() {
  for (const someone of everybody) {
    expect((await whoami(someone.tokens)).status).toBe(200)
    const dead = await whoami(someone.ended)
    expect([dead.status, await dead.json()]).toMatchObject([401, { code: 'session_ended' }])
    const renewed = await refresh(service, someone.tokens)
    expect(renewed.status).toBe(200)
    const former = someone.tokens
    someone.tokens = await renewed.json<Tokens>()
    expect((await whoami(former)).status).toBe(401)
    expect((await whoami(someone.tokens)).status).toBe(200)
    // The feed that the resource server followed is no more: it asks anew, and hears of what ends from then on.
    service.now += 1
    expect(await isServed(someone)).toBe(true)
    const ended = await refresh(service, someone.shown)
    expect(ended.status).toBe(200)
    service.now += 1
    expect(await isServed(someone)).toBe(false)
    someone.shown = await ended.json<Tokens>()
    expect(await isServed(someone)).toBe(true)
    const { intact, entries } = await logCheck(someone.tokens.user_id)
    expect([intact, entries >= 3]).toEqual([true, true])
    const more = await signIn(service, clientId, someone.address)
    expect(more.user_id).toBe(someone.tokens.user_id)
    queued.messages.length = 0
    const ending = bearer(more.access_token, { method: 'DELETE' })
    expect((await service.request('/v1/sessions/current', ending)).status).toBe(204)
    await until(() => expect(JSON.stringify(queued.messages)).toContain(someone.tokens.user_id))
  }
  // The one thing that was wrong, by our own doing: a code that was shown twice.
  expect((await listAlarms(service)).filter(({ kind }) => kind !== 'code.reused')).toEqual([])
}

/** Rows of moved tables that their database should not have, by the map. */
async function findStrays(map: Service): Promise<string[]> {
  const strays: string[] = []
  for (const name of DATABASES) {
    for (const { name: table, taggedBy, column } of MOVED_TABLES) {
      const tag = taggedBy === 'address' ? "''" : tagSql(taggedBy, column)
      const rows = await real.query(name, `SELECT ${column} AS of, ${tag} AS tag FROM ${table}`)
      for (const row of rows) {
        const its = taggedBy === 'address' ? await addressTag(String(row.of)) : String(row.tag)
        if (map.parts.shards.ofTag(its) !== databaseOf(name)) strays.push(`${name}.${table} ${row.of}`)
      }
    }
  }
  return strays
}

/** As the service answers resource servers by one map. */
const boundedly = (at: Service, token: string) =>
  verifyForCaller(at.parts, { client_id: api.client_id }, token, {}, factsNow())
const factsNow = () => ({ now: service.now, nowMs: service.now * 1_000, waitUntil: () => {} })

const isIn = ({ tags: [from] }: Someone, first: number) => from >= first

describe('from one database to two', () => {
  let underWay: Awaited<ReturnType<typeof begin>>
  let former: Service
  /** Shown to the former map before the new one was opened, and remembered there. */
  const remembered: { readonly token: string; readonly moves: boolean }[] = []
  beforeAll(async () => {
    underWay = await begin([700, 1024])
    const proof = new Uint8Array(32).fill(255)
    expect(shardTagOfDigest(proof)).toBe(shardTag(1023))
    await insertSeenJti(service.parts.shards.ofTag(shardTag(1023)), ONES, service.now + 600)
  })

  it('stops in the middle: all is read, what moves is not changed, and everybody else goes on', async () => {
    let pages = 0
    const dies: ShardAccess = {
      ...real,
      execute: (name, statements) => {
        if (++pages > 9) return Promise.reject(new Error('the line went dead'))
        return real.execute(name, statements)
      },
    }
    await expect(copy({ ...work, access: dies, pageRows: 2 }, ONE, TWO)).rejects.toThrow('the line went dead')
    expect((await real.query('DB_1', 'SELECT id FROM users')).length).toBeGreaterThan(0)
    for (const someone of everybody) {
      expect((await whoami(someone.tokens)).status).toBe(200)
      const renewed = await refresh(service, someone.tokens)
      if (isIn(someone, 512)) {
        expect([renewed.status, renewed.headers.has('Retry-After')]).toEqual([503, true])
        const link = await requestLink(service, clientId, someone.address).catch(String)
        expect(link).toContain('503')
        const ending = bearer(someone.tokens.access_token, { method: 'DELETE' })
        expect((await service.request('/v1/sessions/current', ending)).status).toBe(503)
      } else {
        expect(renewed.status).toBe(200)
        someone.tokens = await renewed.json<Tokens>()
      }
    }
    await expect(open(work, TWO)).rejects.toThrow('differ')
    await expect(copy(work, ONE, 'DB,DB_1@600')).rejects.toThrow('under way')
  })

  it('refuses every kind of change to each table, of what moves, in either database', async () => {
    for (const name of ['DB', 'DB_1']) {
      for (const { name: table, taggedBy, column } of MOVED_TABLES) {
        if (taggedBy === 'address') continue
        const moving = `${tagSql(taggedBy, column)} IN (SELECT tag FROM shard_moves)`
        const [some] = await real.query(name, `SELECT 1 FROM ${table} WHERE ${moving}`)
        if (some === undefined) continue
        for (const sql of [
          `INSERT INTO ${table} SELECT * FROM ${table} WHERE ${moving}`,
          `UPDATE ${table} SET ${column} = ${column} WHERE ${moving}`,
          `DELETE FROM ${table} WHERE ${moving}`,
        ]) {
          const end = await real.execute(name, [sql]).then(() => 'done', String)
          expect([sql, end]).toEqual([sql, expect.stringContaining('shard_moving')])
        }
      }
    }
    for (const sql of [
      'DELETE FROM emails',
      "INSERT INTO emails SELECT 'another-' || address, user_id, verified_at FROM emails",
    ]) {
      await expect(real.execute('DB', [sql])).rejects.toThrow('shard_moving')
    }
  })

  it('goes on where it stopped, and both maps read the same until the new one is opened', async () => {
    const withoutUsersIn = (lacking: string): ShardAccess => ({
      ...real,
      query: async (name, sql) =>
        name === lacking && / FROM users /.test(sql) ? [] : await real.query(name, sql),
    })
    for (const lacking of ['DB', 'DB_1']) {
      const copied = copy({ ...work, access: withoutUsersIn(lacking) }, ONE, TWO)
      await expect(copied).rejects.toThrow('differ in users')
    }
    await copy(work, ONE, TWO)
    await copy(work, ONE, TWO)
    // A sign-in is spent for good, wherever the log is that says so.
    const signIns = await real.query(
      'DB_1',
      `SELECT claimed_by, (SELECT user_id FROM user_events WHERE op_id = 'sign-in:' || sign_ins.id) AS spent_by FROM sign_ins`,
    )
    const spent = signIns.filter(({ spent_by }) => spent_by !== null)
    expect(spent.length).toBeGreaterThan(0)
    for (const { claimed_by, spent_by } of spent) expect(claimed_by).toBe(spent_by)
    for (const someone of everybody) expect(await isServed(someone)).toBe(true)
    former = deploy(TWO)
    for (const someone of everybody) {
      for (const map of [former, service]) {
        expect((await whoami(someone.tokens, map)).status).toBe(200)
        expect((await whoami(someone.ended, map)).status).toBe(401)
      }
      if (isIn(someone, 512)) expect((await refresh(service, someone.tokens)).status).toBe(503)
    }
    for (const someone of everybody) {
      const { access_token: token } = someone.shown
      expect(await boundedly(former, token)).toMatchObject({ tag: 'accepted' })
      remembered.push({ token, moves: isIn(someone, 512) })
    }
    await expect(open(work, ONE)).rejects.toThrow('does not give')
    await expect(clean(work)).resolves.toBeUndefined()
    await open(work, TWO)
  })

  it('I4: nobody is signed out, what was under way comes to its end, what is retired is told by the new feeds', async () => {
    await finish(underWay)
    await allGoOn()
    expect(feeds).toEqual(expect.arrayContaining(['0-1023 ends', '0-511 goes on', '512-1023 goes on']))
    const seen = (db: D1Database) => insertSeenJti(db, ONES, service.now + 600)
    expect(await seen(service.parts.shards.ofTag(shardTag(1023)))).toBe(false)
  })

  it('I4, I7: whoever still has the former map is told 503 of whom it no longer has: no sign-out, no alarm, no change', async () => {
    const last = everybody.find(someone => isIn(someone, 512)) as Someone
    former.now = service.now
    expect((await refresh(former, last.tokens)).status).toBe(503)
    expect((await whoami(last.tokens, former)).status).toBe(503)
    expect((await whoami(last.ended, former)).status).toBe(503)
    await expect(signIn(former, clientId, last.address)).rejects.toThrow('503')
    expect((await underWay.person.get('/v1/sessions/current')).status).toBe(200)
    const cookie = `__Host-session=${underWay.person.cookie('__Host-session')}`
    expect((await former.request('/account', { headers: { Cookie: cookie } })).status).toBe(503)
    expect((await whoami(last.tokens)).status).toBe(200)
    const link = await requestLink(service, clientId, last.address)
    expect((await redeem(former, link)).status).toBe(503)
    expect((await redeem(former, link, 'code')).status).toBe(503)
    // All of them were retired meanwhile. What the former map remembers of those who moved rests on a feed that has ended.
    for (const { token, moves } of remembered) {
      const code = moves ? 'unavailable' : 'token_rotated'
      expect(await boundedly(former, token)).toMatchObject({ tag: 'refused', code })
    }
  })

  it('leaves nothing behind', async () => {
    expect(await findStrays(service)).not.toEqual([])
    await clean(work)
    expect(await findStrays(service)).toEqual([])
    await allGoOn()
  })
})

/** Of an opening that stopped: nothing can be undone any more, and a new home that takes changes is the only one with proofs. */
async function checkHalfOpen(from: string, to: string) {
  const hasLeft = (await readMarks(real, from)).some(({ state, other }) => state === 'left' && other === to)
  const isClosed = (await readMarks(real, to)).some(({ other }) => other === from)
  if (!hasLeft) return
  if (isClosed) {
    await expect(cancel(work, TWO)).rejects.toThrow('cannot be cancelled')
    await expect(clean(work)).rejects.toThrow('not open yet')
    return
  }
  for (const { name, taggedBy, column } of PROOFS) {
    if (taggedBy === 'address') continue
    const left = `${tagSql(taggedBy, column)} IN ${tagsMarked(['left'], to)}`
    expect(await real.query(from, `SELECT ${column} FROM ${name} WHERE ${left}`)).toEqual([])
  }
}

describe('from two databases to three', () => {
  it('a move that is cancelled leaves everything as it was', async () => {
    await copy(work, TWO, THREE)
    await dyingEverywhere(dying => cancel(dying, TWO))
    await allGoOn()
    expect(await findStrays(service)).toEqual([])
  })

  it('users move from two databases at once, and all go on', async () => {
    const underWay = await begin([341, 512])
    await copy(work, TWO, THREE)
    deploy(THREE)
    await dyingEverywhere(
      dying => open(dying, THREE),
      () => checkHalfOpen('DB', 'DB_1'),
    )
    await finish(underWay)
    await allGoOn()
    await clean(work)
    expect(await findStrays(service)).toEqual([])
    await checkAddresses(service)
    await keepHouse(service.parts, service.now)
    await allGoOn()
    const sessions = await Promise.all(DATABASES.map(name => real.query(name, 'SELECT id FROM sessions')))
    for (const rows of sessions) expect(rows.length).toBeGreaterThan(0)
  })

  it('and back to one, over what they had left behind', async () => {
    await copy(work, THREE, ONE)
    deploy(ONE)
    await open(work, ONE)
    await expect(copy(work, ONE, ONE)).rejects.toThrow('same database')
    await expect(copy(work, ONE, THREE)).rejects.toThrow('clean first')
    await allGoOn()
    await clean(work)
    expect(await findStrays(service)).toEqual([])
  })
})
