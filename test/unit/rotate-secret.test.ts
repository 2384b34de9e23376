// The operator's command that replaces a secret of the deployment: the steps, what it refuses, and what it never shows.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { NotYet } from '../../src/cli/command.ts'
import { rotateSecret, type Target } from '../../src/cli/rotate-secret/rotate.ts'
import { findSecret, writeSecrets } from '../../src/cli/secrets-file.ts'
import {
  type Accepted,
  type DeploymentSecret,
  otherOf,
  otherSecret,
  type SeenSecret,
  usedUntil,
} from '../../src/domain/deployment-secrets.ts'
import { FORMER_SECRET_SECONDS, SETTINGS_SPREAD_SECONDS } from '../../src/domain/limits.ts'
import { secretId } from '../../src/tokens/secret-id.ts'

const FIRST = 'q7Zt1vXo9cLkPz3mWb5nYe8rTg2hJd4fSa6uKi0wExA'
const NAME = 'SEALING_SECRET'

/** An instance that notes what it finds, as a real one does; and a file. */
function instance() {
  const file = new Map<DeploymentSecret, Accepted>([
    [NAME, [FIRST]],
    ['ADMIN_TOKEN', ['the-token']],
  ])
  const seen = new Map<string, SeenSecret>()
  const state = {
    now: 1_800_000_000,
    rows: 0,
    fails: false,
    isBlind: false,
    isLocal: false,
    deployed: [FIRST] as Accepted,
    said: [] as string[],
    asked: [] as string[],
  }
  const note = (id: string, isUsed: boolean): SeenSecret => {
    const known = seen.get(id) ?? { name: NAME, id, accepted_from: state.now, used_from: null }
    const noted = isUsed && known.used_from === null ? { ...known, used_from: state.now } : known
    seen.set(id, noted)
    return noted
  }
  const target: Target = {
    async ask(name, token) {
      state.asked.push(token)
      const [inUse, other] = state.deployed
      const current = note(await secretId(name, inUse), true)
      const beside =
        other === undefined ? null : otherSecret(current, note(await secretId(name, other), false))
      return { name, id: current.id, other: beside === null ? null : { ...beside, rows: state.rows } }
    },
    read: name => file.get(name) as Accepted,
    write: (name, values) => void file.set(name, values),
    async deploy(_, values) {
      if (state.fails) throw new Error('not deployed')
      if (!state.isBlind) state.deployed = values
      return !state.isLocal
    },
    waitOnce: async () => false,
    now: () => state.now,
    say: line => void state.said.push(line),
  }
  const step = (isEarly = false) => rotateSecret(target, NAME, isEarly)
  return { state, file, step, values: () => file.get(NAME) as Accepted }
}

const WEEK = FORMER_SECRET_SECONDS[NAME] + SETTINGS_SPREAD_SECONDS

describe('KY-06: replacing a secret', () => {
  test('takes three steps, each when it is due and not before, and shows no secret', async () => {
    const { state, step, values } = instance()
    await step()
    const [, next = ''] = values()
    expect(values()).toEqual([FIRST, next])
    expect(next).toMatch(/^[\w-]{43}$/)
    expect(state.deployed).toEqual(values())

    state.now += SETTINGS_SPREAD_SECONDS - 1
    await expect(step()).rejects.toThrow(NotYet)
    expect(state.deployed).toEqual([FIRST, next])
    state.now += 1
    await step()
    expect([values(), state.deployed]).toEqual([
      [next, FIRST],
      [next, FIRST],
    ])

    state.now += WEEK - 1
    await expect(step()).rejects.toThrow('Not before')
    state.now += 1
    state.rows = 2
    await expect(step()).rejects.toThrow('2 rows')
    expect(state.deployed).toEqual([next, FIRST])
    state.rows = 0
    await step()
    expect([values(), state.deployed]).toEqual([[next], [next]])
    expect(state.said.filter(line => line.includes('step'))).toHaveLength(5)
    for (const secret of [FIRST, next, 'the-token']) expect(state.said.join('\n')).not.toContain(secret)
    expect(new Set(state.asked)).toEqual(new Set(['the-token']))
  })

  test('does a step early where that is asked for, and says at what cost; never past rows that would be lost', async () => {
    const { state, step, values } = instance()
    await step()
    await step(true)
    expect(state.said.some(line => line.startsWith('Early: isolates'))).toBe(true)
    state.rows = 1
    await expect(step(true)).rejects.toThrow('1 rows')
    state.rows = 0
    await step(true)
    expect(values()).toHaveLength(1)
    expect(values()).not.toEqual([FIRST])
  })

  test('goes on after a step that was written and not deployed, with the same secret', async () => {
    const { state, step, values } = instance()
    for (const expected of [2, 2, 1]) {
      state.fails = true
      await expect(step(true)).rejects.toThrow('not deployed')
      const written = values()
      expect(written).toHaveLength(expected)
      expect(state.deployed).not.toEqual(written)
      state.fails = false
      await step(true)
      expect([values(), state.deployed]).toEqual([written, written])
    }
  })

  test('refuses a file that is another instance’s, and says when an instance shows nothing', async () => {
    const { state, file, step } = instance()
    for (const foreign of [['another'], ['another', FIRST], ['another', 'third']] as const) {
      file.set(NAME, foreign)
      await expect(step(true)).rejects.toThrow('not the one of this instance')
      expect(file.get(NAME)).toEqual(foreign)
    }
    expect(state.deployed).toEqual([FIRST])
    file.set(NAME, [FIRST])
    state.isBlind = true
    await expect(step()).rejects.toThrow('does not show it yet')
    state.isLocal = true
    await step()
    expect(state.said.at(-1)).toContain('npm run dev')
  })

  test('a secret was in use until its successor was, and a while more; the newest still is', () => {
    const seen = (id: string, used_from: number | null) =>
      ({ name: NAME, id, accepted_from: 0, used_from }) as const
    const all = [seen('a', 100), seen('b', 300), seen('c', 200), seen('next', null)]
    expect(['a', 'c', 'b', 'next', 'unknown'].map(id => usedUntil(all, id))).toEqual([
      200 + SETTINGS_SPREAD_SECONDS,
      300 + SETTINGS_SPREAD_SECONDS,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ])
  })
})

describe('the file of secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-secrets-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('KY-06: keeps everything but what is replaced, for its owner only', () => {
    const path = join(folder, 'secrets.env')
    writeFileSync(path, `# mine\n${NAME}="${FIRST}"\nADMIN_TOKEN=a\nSMTP_PASSWORD=b\n`)
    writeSecrets(path, { [NAME]: 'new', [otherOf(NAME)]: FIRST })
    expect(findSecret(path, NAME)).toBe('new')
    expect(findSecret(path, otherOf(NAME))).toBe(FIRST)
    writeSecrets(path, { [NAME]: 'new', [otherOf(NAME)]: null })
    expect(readFileSync(path, 'utf8')).toBe(`# mine\nADMIN_TOKEN=a\nSMTP_PASSWORD=b\n${NAME}=new\n`)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })
})
