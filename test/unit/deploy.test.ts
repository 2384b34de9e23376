// `npm run deploy` with wrangler played: what it answers was taken from wrangler 4.155 at a played Cloudflare.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { advise, findExampleSettings, findFaults } from '../../src/cli/deploy/check-settings.ts'
import { findAccount } from '../../src/cli/deploy/cloudflare.ts'
import { findMissingTargets, findOtherAddress } from '../../src/cli/deploy/missing-targets.ts'
import { deploy } from '../../src/cli/deploy/steps.ts'
import type { Asked, WranglerCalls } from '../../src/cli/deploy/wrangler-calls.ts'
import { readSchema } from '../../src/cli/schema/read-schema.ts'
import { SECRET_NAMES } from '../../src/cli/secrets-file.ts'
import { readWorkerConfig, type WorkerConfig } from '../../src/cli/wrangler.ts'
import { shardTag } from '../../src/domain/ids.ts'

const EXAMPLE = readWorkerConfig()
const CONFIG: WorkerConfig = {
  ...EXAMPLE,
  vars: {
    ...EXAMPLE.vars,
    ...{ ISSUER: 'https://latchkey.bank.workers.dev', MAIL_FROM: 'a@bank.test', SMTP_HOST: 'smtp.bank.test' },
  },
}
const withVars = (vars: Readonly<Record<string, string>>): WorkerConfig => ({
  ...CONFIG,
  vars: { ...CONFIG.vars, ...vars },
})

const QUEUES = ['latchkey-alarms', 'latchkey-events', 'latchkey-events-dead']
const TARGETS = [
  'https://latchkey.bank.workers.dev',
  'schedule: * * * * *',
  ...QUEUES.flatMap(queue => [`Producer for ${queue}`, `Consumer for ${queue}`]),
]

interface Played {
  readonly calls: WranglerCalls
  /** What was run, by its first words. */
  readonly done: string[]
}

/** An account with this Worker in it, or without; the deployment makes the database. */
function play(worker: { readonly secrets: readonly string[] } | null, hasDatabase = worker !== null): Played {
  const done: string[] = []
  let database = hasDatabase
  const good = (stdout: string): Asked => ({ code: 0, stdout, stderr: '' })
  return {
    done,
    calls: {
      ask(...args) {
        if (args[0] === 'secret') {
          return worker === null
            ? { code: 1, stdout: '', stderr: '✘ [ERROR] Worker "latchkey" not found.\n' }
            : good(JSON.stringify(worker.secrets.map(name => ({ name, type: 'secret_text' }))))
        }
        if (database)
          return good('[\n  { "results": [{ "version": 1, "has_tables": 1 }], "success": true }\n]')
        const text = "Couldn't find a D1 DB named 'latchkey' (bound as 'DB') in the API."
        return { code: 1, stdout: JSON.stringify({ error: { text } }), stderr: '' }
      },
      run(...args) {
        done.push(args.slice(0, 2).join(' '))
        if (args[0] !== 'deploy') return ''
        database = true
        return `{"type":"wrangler-session"}\n${JSON.stringify({ type: 'deploy', targets: TARGETS })}\n`
      },
    },
  }
}

const directory = mkdtempSync(join(tmpdir(), 'latchkey-secrets-'))
const inFile = (name: string, text?: string): string => {
  const path = join(directory, name)
  if (text !== undefined) writeFileSync(path, text)
  return path
}
const STRONG = 'q7Zt1vXo9cLkPz3mWb5nYe8rTg2hJd4fSa6uKi0wEx'
const SOME = SECRET_NAMES.map((name, at) => `${name}=${STRONG}${at}\n`)

afterEach(() => vi.restoreAllMocks())
const quiet = () => vi.spyOn(console, 'log').mockImplementation(() => undefined)

describe('a deployment', () => {
  test('CF-01: the first one makes the secrets, then the Worker with them and the database, then the schema', async () => {
    quiet()
    const { calls, done } = play(null)
    const path = inFile('made.env')
    expect(await deploy(calls, CONFIG, path)).toEqual(TARGETS)
    expect(done).toEqual(['deploy --secrets-file', 'd1 execute'])
    const secrets = readFileSync(path, 'utf8').matchAll(/^(\w+)=(.+)$/gm)
    expect(
      findFaults(CONFIG, Object.fromEntries([...secrets].map(([, name, value]) => [name, value]))),
    ).toEqual([])
  })

  test('CF-01: later ones bring the schema first, and leave the secrets alone', async () => {
    quiet()
    const { calls, done } = play({ secrets: SECRET_NAMES })
    expect(await deploy(calls, CONFIG, undefined)).toEqual(TARGETS)
    expect(done).toEqual(['d1 execute', 'deploy'])
  })

  test('CF-01: later ones do not make another file of secrets', async () => {
    const { calls, done } = play({ secrets: SECRET_NAMES })
    await expect(deploy(calls, CONFIG, inFile('mistyped.env'))).rejects.toThrow('Nothing was deployed')
    expect([done, existsSync(inFile('mistyped.env'))]).toEqual([[], false])
  })

  test('CF-01: of a Worker that has no database yet, as after the Deploy button, it makes one', async () => {
    quiet()
    const { calls, done } = play({ secrets: SECRET_NAMES }, false)
    expect(await deploy(calls, CONFIG, undefined)).toEqual(TARGETS)
    expect(done).toEqual(['deploy', 'd1 execute'])
  })

  test.each(SECRET_NAMES)(
    'CF-01: stops before anything is done when the Worker lacks %s, and says how to set it',
    async name => {
      const { calls, done } = play({ secrets: SECRET_NAMES.filter(each => each !== name) })
      await expect(deploy(calls, CONFIG, undefined)).rejects.toThrow(`npx wrangler secret put ${name}\n`)
      expect(done).toEqual([])
    },
  )

  test.each(SECRET_NAMES)(
    'CF-01: stops before anything is done on a weak %s, and never shows it',
    async name => {
      const { calls, done } = play(null)
      for (const weak of ['change-me', 'a'.repeat(64), STRONG.slice(0, 20)]) {
        const text = SOME.map(line => (line.startsWith(name) ? `${name}=${weak}\n` : line)).join('')
        const error = await deploy(calls, CONFIG, inFile('weak.env', text)).catch((thrown: Error) => thrown)
        expect(String(error)).toContain(`contradictory: ${name}. Nothing was deployed.`)
        expect(String(error)).not.toContain(weak)
      }
      expect(done).toEqual([])
    },
  )

  test('CF-01: stops before anything is done without a place for the secrets, or without those of the mail', async () => {
    const { calls, done } = play(null)
    await expect(deploy(calls, CONFIG, undefined)).rejects.toThrow('--secrets-file ../latchkey-secrets.env')
    const http = withVars({ MAIL_TRANSPORT: 'http' })
    await expect(deploy(calls, http, inFile('mail.env', SOME.join('')))).rejects.toThrow('MAIL_API_KEY')
    const login = withVars({ SMTP_USERNAME: 'latchkey' })
    await expect(deploy(calls, login, inFile('mail.env'))).rejects.toThrow('SMTP_PASSWORD')
    expect(done).toEqual([])
  })

  test.each([
    ['ISSUER', { ISSUER: 'https://auth.bank.test/' }],
    ['RATE_LIMITS', { RATE_LIMITS: 'off' }],
    ['SHARDS', { SHARDS: 'DB,DB_2@512' }],
    ['EMAIL', { MAIL_TRANSPORT: 'binding' }],
    ['LOG_DETAILS_DAYS', { LOG_DETAILS_DAYS: '7' }],
  ])(
    'CF-01: stops before anything is done on settings that the service would refuse: %s',
    async (name, vars) => {
      const { calls, done } = play({ secrets: SECRET_NAMES })
      await expect(deploy(calls, withVars(vars), undefined)).rejects.toThrow(`contradictory: ${name}. `)
      expect(done).toEqual([])
    },
  )

  test('CF-01: tells of what else keeps it from the secrets of the Worker', async () => {
    const { calls } = play(null)
    const ask = () => ({ code: 1, stdout: '', stderr: '✘ [ERROR] Authentication error [code: 10000]' })
    await expect(deploy({ ...calls, ask }, CONFIG, undefined)).rejects.toThrow('Authentication error')
  })

  test('CF-01: stops when the schema cannot be read: no Worker comes to a database that it may not know', async () => {
    const { calls, done } = play({ secrets: SECRET_NAMES })
    const ask = (...args: string[]): Asked =>
      args[0] === 'd1' ? { code: 1, stdout: '', stderr: 'Authentication error' } : calls.ask(...args)
    await expect(deploy({ ...calls, ask }, CONFIG, undefined)).rejects.toThrow('Authentication error')
    expect(done).toEqual([])
  })
})

describe('a map over several databases', () => {
  type Other = 'there' | 'empty' | 'missing' | 'silent'
  const withOthers = (others: Readonly<Record<string, Other>>, SHARDS = 'DB,DB_1@512'): WorkerConfig => ({
    ...withVars({ SHARDS }),
    databases: ['DB', ...Object.keys(others)],
  })
  const rows = (...results: object[]): Asked => ({
    code: 0,
    stdout: `[\n${JSON.stringify({ results, success: true })}\n]`,
    stderr: '',
  })
  const failed = (stderr: string): Asked => ({ code: 1, stdout: '', stderr })

  /** An account whose users all live in DB; each other database is there, is made by the deployment, or says nothing of users. */
  function playSeveral(
    others: Readonly<Record<string, Other>>,
    worker: Parameters<typeof play>[0] = { secrets: SECRET_NAMES },
  ): Played {
    const { calls, done } = play(worker)
    const states = new Map(Object.entries(others))
    return {
      done,
      calls: {
        ask(...args) {
          const [command, , name = '', sql = ''] = [...args.slice(0, 3), args.at(-1)]
          const state = states.get(name)
          if (command !== 'd1') return calls.ask(...args)
          if (state === 'missing') return failed(`Couldn't find a D1 DB named '${name}' in the API.`)
          const hasTables = state !== 'empty'
          if (sql.includes('schema_upgrades')) {
            return rows({
              version: hasTables ? readSchema().upgrades.length : null,
              has_tables: Number(hasTables),
            })
          }
          if (state === 'silent') return failed('Authentication error [code: 10000]')
          if (sql.includes("name = 'users'")) return hasTables ? rows({ found: 1 }) : rows()
          if (!sql.includes('FROM users')) return rows()
          if (!hasTables) return failed('no such table: users')
          return name === 'DB' ? rows({ tag: shardTag(700) }) : rows()
        },
        run(...args) {
          const [command, , name = ''] = args
          for (const [each, state] of states) {
            if (command === 'deploy' && state === 'missing') states.set(each, 'empty')
          }
          if (command === 'd1') states.set(name, 'there')
          return calls.run(...args)
        },
      },
    }
  }

  test.each(['there', 'empty', 'missing'] as const)(
    'I7: that gives users to a database without their rows is not deployed, whether that one is there: %s',
    async other => {
      quiet()
      const { calls, done } = playSeveral({ DB_1: other })
      await expect(deploy(calls, withOthers({ DB_1: other }), undefined)).rejects.toThrow(
        'DB has the users of 1 tag',
      )
      expect(done).not.toContain('deploy')
    },
  )

  test('I7: that gives users to a database without their rows is not deployed by a first Worker either', async () => {
    quiet()
    const { calls, done } = playSeveral({ DB_1: 'missing' }, null)
    const path = inFile('first.env')
    await expect(deploy(calls, withOthers({ DB_1: 'missing' }), path)).rejects.toThrow(
      'DB has the users of 1 tag',
    )
    expect(done).toEqual([])
    expect(await deploy(calls, withOthers({ DB_1: 'missing' }, 'DB'), path)).toEqual(TARGETS)
  })

  test('I7: is not deployed when nobody can tell where users are', async () => {
    quiet()
    const others = { DB_1: 'silent' } as const
    const { calls, done } = playSeveral(others)
    await expect(deploy(calls, withOthers(others), undefined)).rejects.toThrow('Authentication error')
    expect(done).toEqual([])
  })

  test.each([
    [{ DB_1: 'there' }, ['deploy']],
    [{ DB_1: 'empty' }, ['d1 execute', 'deploy']],
    [{ DB_1: 'missing' }, ['deploy', 'd1 execute']],
    [{ DB_1: 'empty', DB_2: 'missing' }, ['deploy', 'd1 execute', 'd1 execute']],
  ] as const)('CF-01: that moves nobody yet is deployed, with %j', async (others, expected) => {
    quiet()
    const { calls, done } = playSeveral(others)
    expect(await deploy(calls, withOthers(others, 'DB'), undefined)).toEqual(TARGETS)
    expect(done).toEqual(expected)
  })
})

describe('the account', () => {
  const asking = (answer: object, code = 0): WranglerCalls => ({
    ...play(null).calls,
    ask: () => ({ code, stdout: JSON.stringify(answer), stderr: '' }),
  })
  const [bank, own] = [
    { id: '1', name: 'Bank' },
    { id: '2', name: 'Own' },
  ]

  test('CF-01: is the only one, or the chosen one, and never a guess', () => {
    expect(findAccount(asking({ accounts: [bank] }), null)).toEqual(bank)
    expect(findAccount(asking({ accounts: [bank, own] }), '2')).toEqual(own)
    expect(findAccount(asking({ accounts: [] }), '2')).toMatchObject({ id: '2' })
    expect(() => findAccount(asking({ accounts: [bank, own] }), null)).toThrow(
      /CLOUDFLARE_ACCOUNT_ID.*\n {2}1 {2}Bank\n {2}2/,
    )
    expect(() => findAccount(asking({ accounts: [] }), null)).toThrow('CLOUDFLARE_ACCOUNT_ID')
    expect(() => findAccount(asking({ loggedIn: false }, 1), null)).toThrow('npx wrangler login')
  })
})

describe('what is as in the example', () => {
  test('CF-01: is named, each with what to put there', () => {
    const names = findExampleSettings(EXAMPLE.vars)
    expect(names).toEqual(['ISSUER', 'MAIL_FROM', 'SMTP_HOST'])
    expect(advise(names)).not.toContain('see docs')
    expect(findExampleSettings(CONFIG.vars)).toEqual([])
  })

  test('CF-01: no secret of the form that the Deploy button shows is one to start with', () => {
    const shown = [...readFileSync('.dev.vars.example', 'utf8').matchAll(/^(\w+)=(\S+) #/gm)]
    expect(shown.map(([, name]) => name)).toEqual([...SECRET_NAMES])
    const strong = Object.fromEntries(SECRET_NAMES.map((name, at) => [name, `${STRONG}${at}`]))
    expect(findFaults(CONFIG, strong)).toEqual([])
    for (const [, name = '', value = ''] of shown)
      expect(findFaults(CONFIG, { ...strong, [name]: value })).toEqual([name])
  })

  test('CF-01: each setting and secret of that form is described, and nothing that is none', () => {
    const { cloudflare } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(Object.keys(cloudflare.bindings).sort()).toEqual(
      [...Object.keys(EXAMPLE.vars), ...SECRET_NAMES].sort(),
    )
  })
})

describe('what the Worker is tied to', () => {
  test('CF-01: cron, and each queue on both sides', () => {
    expect(findMissingTargets(TARGETS, CONFIG)).toEqual([])
    for (const lost of TARGETS.slice(1))
      expect(
        findMissingTargets(
          TARGETS.filter(target => target !== lost),
          CONFIG,
        ),
      ).toHaveLength(1)
  })

  test('CF-01: a consumed queue has a producer too, or an account that lacks it gets none', () => {
    expect([...EXAMPLE.queues.producers].sort()).toEqual(QUEUES)
    expect([...EXAMPLE.queues.consumers].sort()).toEqual(QUEUES)
  })

  test('CF-01: the address that people are sent to, on workers.dev, a route or a domain', () => {
    const at = (address: string, issuer: string) => findOtherAddress([address, ...TARGETS.slice(1)], issuer)
    expect(findOtherAddress(TARGETS, 'https://latchkey.bank.workers.dev')).toBeNull()
    expect(at('auth.bank.test/* (zone name: bank.test)', 'https://auth.bank.test')).toBeNull()
    expect(at('auth.bank.test (custom domain)', 'https://auth.bank.test')).toBeNull()
    expect(findOtherAddress(TARGETS, 'https://auth.bank.test')).toContain('https://latchkey.bank.workers.dev')
    expect(at('myauth.bank.test/*', 'https://auth.bank.test')).toContain('myauth.bank.test')
  })
})

test('reads of wrangler.toml what it needs, however it is quoted', () => {
  const path = inFile(
    'wrangler.toml',
    `account_id = 'abc'\n[vars]\nISSUER = 'https://x.test'\nALARM_DAYS = 90\n[[d1_databases]]\nbinding = "DB"\n[[send_email]]\nname = "EMAIL"\n[[queues.producers]]\nbinding = "IN"\nqueue = "in"\n[[queues.consumers]]\nqueue = "out"\n`,
  )
  expect(readWorkerConfig(path)).toEqual({
    accountId: 'abc',
    vars: { ISSUER: 'https://x.test', ALARM_DAYS: '90' },
    databases: ['DB'],
    mailBindings: ['EMAIL'],
    queues: { producers: ['in'], consumers: ['out'] },
  })
  rmSync(directory, { recursive: true })
})
