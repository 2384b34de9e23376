// The table "Outside destinations" of docs/configuration.md, row by row: each destination hangs, and what the row says must
// happen then. What the table lacks, and what the code calls beside it, is found here too.
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, realPorts } from '../../src/app.ts'
import type { AlarmReport } from '../../src/domain/alarm.ts'
import type { EventMessage } from '../../src/domain/event-message.ts'
import { alarmEvent } from '../../src/domain/webhook.ts'
import { createLimits, NO_LIMITS } from '../../src/limits/limits.ts'
import { createOutbox } from '../../src/mail/outbox.ts'
import { createAlarmNotices } from '../../src/notify/alarm-notices.ts'
import { deliverEvents } from '../../src/notify/deliver-events.ts'
import { tellWebhooks } from '../../src/notify/send-webhook.ts'
import { createClientDocuments } from '../../src/oauth/client-documents.ts'
import { createFetchTarget } from '../../src/outbound/fetch-target.ts'
import { createCombined } from '../../src/store/combined.ts'
import { first, StorageUnavailable } from '../../src/store/d1.ts'
import { createClientKeys } from '../../src/tokens/client-keys.ts'
import { createSecrets } from '../../src/tokens/secrets.ts'
import { announce } from '../../src/user/announce.ts'
import { reachUser } from '../../src/user/call.ts'
import { openWaitingSocket, ring } from '../../src/waiting/call.ts'
import { readSources } from './sources.ts'

interface Row {
  readonly destination: string
  readonly limit: string
  readonly onFailure: string
}

interface Case {
  /** Where the code calls it. */
  readonly calledIn: readonly string[]
  readonly test: (row: Row) => Promise<void>
}

const NOW = 1_800_000_000
const SECRET = 'of-this-test-and-no-other-0123456789-abcdefghijk'
const secrets = createSecrets([SECRET], [`${SECRET}-of-digests`])
const silent = () => new Promise<never>(() => undefined)
/** Its time runs from when it is asked. */
function hangingFetch() {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const hanging = () => {
    resolve()
    return silent()
  }
  return { hanging, asked }
}
const objects = (ask: () => Promise<unknown>) =>
  ({ getByName: () => ({ hit: ask, ring: ask, fetch: ask }) }) as never

/** The number before this unit, in milliseconds. */
const limitOf = ({ limit }: Row): number => Number(/(\d+) s\b/.exec(limit)?.[1]) * 1_000

/** `5 s, 5 and 30 min, 2 h`: a unit counts for the numbers before it. */
function waitsOf(text: string): number[] {
  const unitSeconds: Record<string, number> = { s: 1, min: 60, h: 3_600 }
  const waits: number[] = []
  let numbers: number[] = []
  for (const [word] of text.matchAll(/\d+|\b(?:s|min|h)\b/g)) {
    const unit = unitSeconds[word]
    if (unit === undefined) numbers.push(Number(word))
    else {
      waits.push(...numbers.map(number => number * unit))
      numbers = []
    }
  }
  return waits
}

/** What is tried again "after …", in seconds. */
const againAfter = ({ onFailure }: Row): number[] =>
  waitsOf(/again after (.*?)(?: or its| …|;)/.exec(onFailure)?.[1] ?? '')

/** Is not over a millisecond before its time, and is when it has come. */
async function expectOverAt<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  const over = vi.fn()
  void work.then(over, over)
  await vi.advanceTimersByTimeAsync(milliseconds - 1)
  expect(over).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  return work
}

const logged: string[] = []
const events = () => logged.map(line => (JSON.parse(line) as { event: string }).event)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  logged.length = 0
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation(line => void logged.push(String(line)))
  }
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** A webhook's row as it is stored, or nothing; what is written is kept. */
function globalDatabase(row: Readonly<Record<string, unknown>> | null = null) {
  const written: { sql: string; values: unknown[] }[] = []
  const rows = row === null ? [] : [row]
  const statement = (sql: string, values: unknown[] = []) => ({
    bind: (...given: unknown[]): object => statement(sql, given),
    first: async () => row,
    all: async () => ({ results: rows }),
    run: async () => {
      if (!sql.startsWith('SELECT')) written.push({ sql, values })
      return { meta: { changes: 1 }, results: rows }
    },
  })
  const batch = (statements: ReturnType<typeof statement>[]) =>
    Promise.all(statements.map(each => each.run()))
  return { db: { prepare: statement, batch } as unknown as D1Database, written }
}

/** Hands a message over until it is done with. @returns the waits between two tries, in seconds */
async function deliverAgainAndAgain(
  body: EventMessage,
  answer: () => Promise<Response>,
  parts: Readonly<Record<string, unknown>>,
) {
  const raised: string[] = []
  const fetched = vi.fn(answer)
  const all = {
    config: { issuer: 'https://auth.test' },
    keys: { sign: async () => ({ token: 'signed', commitment: '' }) },
    secrets,
    alarms: { raise: ({ kind }: { kind: string }) => raised.push(kind) },
    fetchTarget: createFetchTarget(fetched, false),
    ...parts,
  }
  const waits: number[] = []
  let waited = 0
  let tries = 0
  for (let attempts = 1; attempts < 30; attempts++) {
    let delay: number | null = null
    const message = {
      body,
      attempts,
      ack: () => undefined,
      retry: ({ delaySeconds }: { delaySeconds: number }) => {
        delay = delaySeconds
      },
    }
    await deliverEvents(all as never, [message] as never, NOW, () => undefined)
    if (fetched.mock.calls.length > tries && tries > 0) {
      waits.push(waited)
      waited = 0
    }
    tries = fetched.mock.calls.length
    if (delay === null) break
    waited += delay
  }
  return { waits, raised, tries }
}

const ended: EventMessage = {
  ...{ type: 'session.ended', user_id: 'u_1', session_id: 's_1', client_id: 'app', at: NOW, seq: 1 },
}
const told: EventMessage = {
  ...{ type: 'webhook', webhook_id: 'w_1', id: 'w_1-u_1-1' },
  event: {
    ...{ type: 'session.ended', at: NOW, user_id: 'u_1', session_id: 's_1', client_id: 'app' },
    ...{ reason: 'signed_out', seq: 1 },
  },
}
const REFUSING = async () => new Response(null, { status: 503 })
const ASKING_FOR_DAYS = async () => new Response(null, { status: 503, headers: { 'Retry-After': '999999' } })

const webhookRow = async () => ({
  ...{ id: 'w_1', url: 'https://receiver.test/', events: '["*"]', description: null, created_at: NOW },
  ...{ disabled_at: null, held_until: null, sealed_former_secret: null, former_until: null, state: null },
  sealed_secret: await secrets.seal('webhook-secret', 'w_1', `whsec_${btoa('x'.repeat(32))}`),
})

const logoutParts = {
  findClient: async () => ({ backchannel_logout_uri: 'https://app.test/logout' }),
  shards: { global: globalDatabase().db },
}

/** By the first words of its cell. */
const CASES: Readonly<Record<string, Case>> = {
  D1: {
    calledIn: ['src/store/d1.ts'],
    async test(row) {
      const hanging = { first: silent } as unknown as D1PreparedStatement
      const failed = first(hanging).catch(error => error)
      expect(await expectOverAt(limitOf(row), failed)).toBeInstanceOf(StorageUnavailable)

      const statement: object = { bind: () => statement, first: silent, all: silent, run: silent }
      const DB = { prepare: () => statement, batch: silent }
      const env = {
        ...{ DB, SHARDS: 'DB', ISSUER: 'https://auth.test', MAIL_FROM: 'a@b.test', MAIL_TRANSPORT: 'http' },
        ...{ MAIL_API_KEY: 'x'.repeat(9), SEALING_SECRET: `${SECRET}1`, DIGEST_SECRET: `${SECRET}2` },
        ...{
          ADMIN_TOKEN: `${SECRET}3`,
          EVENTS: {},
          ALARMS: {},
          USER_SESSIONS: {},
          RATE_LIMITER: {},
          WAITING_BROWSERS: {},
          ASSETS: {},
        },
      }
      const context = { waitUntil: () => undefined, passThroughOnException: () => undefined }
      const app = createApp({ ...realPorts, now: () => NOW })
      const asked = app.request('https://auth.test/.well-known/jwks.json', {}, env, context as never)
      const answer = await expectOverAt(limitOf(row), Promise.resolve(asked))
      expect(row.onFailure).toContain(`${answer.status} with \`Retry-After\``)
      expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0)
    },
  },

  '`UserSessions` object': {
    calledIn: ['src/user/call.ts'],
    async test({ limit }) {
      const [, attempts] = /(\d+) attempts/.exec(limit) ?? []
      for (const [error, expected] of [
        [new Error('reset'), Number(attempts)],
        [Object.assign(new Error('overloaded'), { overloaded: true }), 1],
      ] as const) {
        const ask = vi.fn(async () => Promise.reject(error))
        await expect(reachUser(objects(ask), 'u_1', ask)).rejects.toThrow(StorageUnavailable)
        expect(ask).toHaveBeenCalledTimes(expected)
      }
      expect(limit).toContain('none when overloaded')
    },
  },

  '`RateLimiter` object': {
    calledIn: ['src/limits/limits.ts'],
    async test({ limit }) {
      const limits = createLimits(
        objects(() => Promise.reject(new Error('cut off by the platform'))),
        secrets,
      )
      await expect(limits.forSignIn('192.0.2.1', NOW)).rejects.toThrow(StorageUnavailable)
      await expect(limits.forRedemption('192.0.2.1', NOW)).rejects.toThrow(StorageUnavailable)
      expect(limit).toBe('the platform’s')
    },
  },

  '`WaitingBrowser` object': {
    calledIn: ['src/waiting/call.ts'],
    async test({ limit, onFailure }) {
      const away = objects(() => Promise.reject(new Error('cut off by the platform')))
      await expect(openWaitingSocket(away, 'digest')).rejects.toThrow(StorageUnavailable)
      await ring(away, 'digest')
      expect(onFailure).toContain(events().at(-1))
      expect(limit).toBe('the platform’s')
    },
  },

  'queue `EVENTS`': {
    calledIn: ['src/outbound/enqueue.ts'],
    async test(row) {
      const parts = {
        queue: { sendBatch: silent },
        findClient: async () => null,
        listWebhooks: async () => [{ events: ['*'], disabledAt: null }],
      }
      const entry = {
        type: 'session.created',
        seq: 1,
        at: NOW,
        sessionId: null,
        clientId: null,
        reason: null,
      }
      await expectOverAt(limitOf(row), announce(parts as never, 'u_1', [entry] as never, NOW))
      expect(row.onFailure).toContain(events().at(-1))
    },
  },

  'queue `ALARMS`': {
    calledIn: [],
    async test(row) {
      const stored = {
        id: 'w_1',
        url: 'https://receiver.test/',
        events: '["*"]',
        disabled_at: null,
        held_until: null,
      }
      const { db } = globalDatabase(stored)
      const parts = { shards: { global: db }, queue: { sendBatch: silent }, ask: createCombined(db) }
      const tell = vi.fn((alarm: AlarmReport, now: number) =>
        tellWebhooks(parts as never, alarmEvent(alarm), now),
      )
      const notices = createAlarmNotices(db, { prepareMail: null, tellWebhooks: tell })
      const times = { count: 1, firstAt: NOW, lastAt: NOW }
      const alarm = {
        id: 'a_1',
        kind: 'token.forged',
        severity: 'critical',
        kid: 'k_1',
        detail: '',
        ...times,
      } as const
      await expectOverAt(limitOf(row), notices.tell(alarm, NOW))
      expect(row.onFailure).toContain(`\`${events().at(-1)}\` in the log`)
      const [wait = 0] = againAfter({ ...row, onFailure: `${row.onFailure};` })
      expect(notices.retry(NOW + wait - 1)).toEqual([])
      const again = notices.retry(NOW + wait)
      await expectOverAt(limitOf(row), Promise.all(again))
      expect(tell).toHaveBeenCalledTimes(2)
    },
  },

  'host of a client’s metadata': {
    calledIn: ['src/oauth/client-documents.ts', 'src/outbound/fetch-target.ts'],
    async test(row) {
      const fetched = vi.fn(silent)
      const find = createClientDocuments(createFetchTarget(fetched, false), NO_LIMITS, false)
      const ask = () => find('https://app.test/metadata.json', { now: NOW, clientIp: '192.0.2.1' })
      for (const times of [1, 2]) {
        // What is not found is `invalid_client` to whoever asked.
        expect(await expectOverAt(limitOf(row), ask())).toBeNull()
        expect(fetched).toHaveBeenCalledTimes(times)
      }
    },
  },

  'a client’s `jwks_uri`': {
    calledIn: ['src/tokens/client-keys.ts'],
    async test(row) {
      const fetched = vi.fn(silent)
      const keys = createClientKeys(createFetchTarget(fetched, false))
      const client = { id: 'app', jwks: null, jwks_uri: 'https://app.test/keys.json' }
      const ask = (now: number) => keys.find(client, 'kid', { now, waitUntil: () => undefined })
      expect(await expectOverAt(limitOf(row), ask(NOW))).toBeNull()
      expect(await ask(NOW + 59)).toBeNull()
      expect(fetched).toHaveBeenCalledTimes(1)
      expect(await expectOverAt(limitOf(row), ask(NOW + 60))).toBeNull()
      expect(fetched).toHaveBeenCalledTimes(2)

      const kibibytes = Number(/(\d+) KiB/.exec(row.limit)?.[1])
      let pulled = 0
      const endless = new ReadableStream({
        pull: controller => controller.enqueue(new Uint8Array(1_024).fill(pulled++)),
      })
      const fetchTarget = createFetchTarget(async () => new Response(endless), false)
      const answer = await fetchTarget(client.jwks_uri, { method: 'GET', timeoutMs: 1_000 })
      expect(answer).toMatchObject({ tag: 'answered', body: { byteLength: kibibytes * 1_024 } })
      expect(pulled).toBeLessThan(kibibytes + 4)
    },
  },

  'mail transport': {
    calledIn: ['src/mail/http-provider.ts', 'src/mail/smtp-connection.ts'],
    async test(row) {
      const failures: string[] = []
      const outbox = createOutbox({
        secrets,
        transport: { send: silent },
        onFailure: ({ attempts }) => failures.push(`${attempts}`),
      })
      const { db, written } = globalDatabase()
      const message = { to: 'ann@mail.test', subject: '', text: '', html: '' }
      const mail = await outbox.prepare(message as never, NOW + 600, NOW)
      await expectOverAt(limitOf(row), outbox.deliver(db, mail, NOW))
      expect(failures).toEqual(['1'])
      expect(written.map(({ sql }) => sql.split(' ')[0])).toEqual(['UPDATE'])
      const [firstWait] = waitsOf(/again after (.*?) …/.exec(row.onFailure)?.[1] ?? '')
      expect(written[0]?.values).toContain(NOW + Number(firstWait))
    },
  },

  'a client’s `backchannel_logout_uri`': {
    calledIn: ['src/notify/back-channel-logout.ts'],
    async test(row) {
      const { hanging, asked } = hangingFetch()
      const parts = { ...logoutParts, fetchTarget: createFetchTarget(hanging, false) }
      const message = { body: ended, attempts: 1, ack: silent, retry: () => undefined }
      const all = { config: {}, keys: { sign: async () => ({ token: 'x' }) }, ...parts }
      const later: Promise<unknown>[] = []
      const delivering = deliverEvents(all as never, [message] as never, NOW, work => later.push(work))
      await asked
      await expectOverAt(
        limitOf(row),
        delivering.then(() => later[0]),
      )
      expect(events()).toEqual(['logout.not_delivered'])

      const { waits, raised } = await deliverAgainAndAgain(ended, REFUSING, logoutParts)
      expect(waits).toEqual(againAfter(row))
      expect(row.onFailure).toContain(`alarm \`${raised}\``)
      const patient = await deliverAgainAndAgain(ended, ASKING_FOR_DAYS, logoutParts)
      expect(patient.waits).toEqual(waits.map(() => 3_600))
    },
  },

  'a webhook': {
    calledIn: ['src/notify/send-webhook.ts'],
    async test(row) {
      const stored = await webhookRow()
      const { db, written } = globalDatabase(stored)
      const later: Promise<unknown>[] = []
      const message = { body: told, attempts: 1, ack: silent, retry: () => undefined }
      const { hanging, asked } = hangingFetch()
      const parts = {
        ...{ shards: { global: db }, secrets, alarms: {}, fetchTarget: createFetchTarget(hanging, false) },
      }
      const delivering = deliverEvents(parts as never, [message] as never, NOW, work => later.push(work))
      await asked
      await expectOverAt(
        limitOf(row),
        delivering.then(() => later[0]),
      )
      // Left alone for a minute, and written down.
      expect(written.map(({ values }) => values)).toEqual([
        [NOW + 60, 'w_1', stored.url, NOW],
        expect.arrayContaining(['waiting', 'timed_out']),
      ])
      const held = { shards: { global: globalDatabase({ ...stored, held_until: NOW + 1 }).db } }
      expect((await deliverAgainAndAgain(told, REFUSING, held)).tries).toBe(0)

      const well = { shards: { global: globalDatabase(stored).db } }
      const { waits, raised } = await deliverAgainAndAgain(told, REFUSING, well)
      const expected = againAfter(row)
      expect(waits).toHaveLength(expected.length)
      for (const [index, wait] of expected.entries()) {
        expect(waits[index]).toBeGreaterThanOrEqual(wait)
        expect(waits[index]).toBeLessThanOrEqual(wait * 1.1 + 2)
      }
      expect(row.onFailure).toContain(`alarm \`${raised}\``)
      const patient = await deliverAgainAndAgain(told, ASKING_FOR_DAYS, well)
      expect(patient.waits[0]).toBe(3_600)

      const gone = globalDatabase(stored)
      const disabled = await deliverAgainAndAgain(told, async () => new Response(null, { status: 410 }), {
        shards: { global: gone.db },
      })
      expect(disabled.tries).toBe(1)
      expect(gone.written[0]?.sql).toContain('disabled_at')
    },
  },
}

function readRows(): Row[] {
  const [, section = ''] = readFileSync('docs/configuration.md', 'utf8').split('## Outside destinations\n')
  const lines = (section.split('\n## ')[0] ?? '').split('\n').filter(line => line.startsWith('| '))
  return lines.slice(1).map(line => {
    const [, destination = '', , limit = '', onFailure = ''] = line
      .split(/(?<!\\)\|/)
      .map(cell => cell.trim())
    const typographic = (text: string) => text.replaceAll("'", '’')
    return { destination: typographic(destination), limit: typographic(limit), onFailure }
  })
}

/** A call to anything that is not this isolate. */
const CALLS =
  /\bfetchTarget\(|\.getByName\(|\.sendBatch\(|\bwithDeadline\(|'cloudflare:sockets'|\bawait fetch\(/

describe('CF-02: outside destinations', () => {
  const rows = readRows()

  it('CF-02: are those of the table, no more and no fewer', () => {
    expect(rows.map(({ destination }) => destination).sort()).toEqual(Object.keys(CASES).sort())
  })

  it('CF-02: are all that the code calls, and each binding is one', () => {
    const calling = [...readSources()]
      .filter(([path, source]) => !path.startsWith('src/cli/') && CALLS.test(source))
      .map(([path]) => path)
    expect(calling.sort()).toEqual(
      Object.values(CASES)
        .flatMap(({ calledIn }) => calledIn)
        .sort(),
    )
    const settings = readFileSync('wrangler.toml', 'utf8')
    const objectsBound = [...settings.matchAll(/class_name = "(\w+)"/g)].map(
      ([, name]) => `\`${name}\` object`,
    )
    // Dead letters are the queue's own to put there.
    const queuesBound = [...settings.matchAll(/producers\]\]\nbinding = "(?!DEAD_)(\w+)"/g)].map(
      ([, name]) => `queue \`${name}\``,
    )
    expect(objectsBound.length + queuesBound.length).toBeGreaterThan(3)
    expect(Object.keys(CASES)).toEqual(expect.arrayContaining([...objectsBound, ...queuesBound]))
  })

  it.each(rows.map(row => [row.destination, row] as const))(
    'CF-02: %s that hangs is given up in time, and fails as the table says',
    async (destination, row) => {
      await CASES[destination]?.test(row)
    },
  )
})
