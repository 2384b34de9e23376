// A database seen through: every call to D1 passes one function, which may count it, fail it, or change its answer.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { UserSessions } from '../../../src/index.ts'
import type { UserVerbs } from '../../../src/user/call.ts'

/** @param sql the statements of this one call, in order @param run makes the real call */
export type Intercept = (sql: readonly string[], run: () => Promise<D1Result[]>) => Promise<D1Result[]>

export const DATABASES = ['DB', 'DB_1', 'DB_2'] as const

export const databases = (): D1Database[] =>
  DATABASES.map(name => (env as unknown as Record<string, D1Database>)[name] as D1Database)

export function seenThrough(db: D1Database, intercept: Intercept): D1Database {
  const known = new WeakMap<object, { sql: string; real: D1PreparedStatement }>()
  const wrap = (sql: string, real: D1PreparedStatement): D1PreparedStatement => {
    const results = async (): Promise<D1Result> => {
      const [result] = await intercept([sql], async () => [await real.all()])
      return result as D1Result
    }
    const statement = {
      bind: (...values: unknown[]) => wrap(sql, real.bind(...values)),
      first: async () => (await results()).results[0] ?? null,
      all: results,
      run: results,
    } as unknown as D1PreparedStatement
    known.set(statement, { sql, real })
    return statement
  }
  return {
    prepare: (sql: string) => wrap(sql, db.prepare(sql)),
    batch: (statements: D1PreparedStatement[]) => {
      const each = statements.map(
        statement => known.get(statement) as { sql: string; real: D1PreparedStatement },
      )
      return intercept(
        each.map(({ sql }) => sql),
        () => db.batch(each.map(({ real }) => real)),
      )
    },
  } as unknown as D1Database
}

/** Bindings for createService: what the Worker reads and writes is seen through. */
export const workerSeenThrough = (intercept: Intercept): Record<string, D1Database> =>
  Object.fromEntries(
    DATABASES.map((name, index) => [name, seenThrough(databases()[index] as D1Database, intercept)]),
  )

/** A binding for createService: what the users' objects read and write is seen through. They share their bindings, as in an isolate. */
export function objectsSeenThrough(
  intercept: Intercept,
  others: Partial<Env> = {},
): DurableObjectNamespace<UserSessions> {
  let shared: Record<string, unknown> | null = null
  return namespaceOf(async (user, verb, args) => {
    await setEnv(user, bindings => {
      shared ??= { ...bindings, ...workerSeenThrough(intercept), ...others }
      return shared
    })
    return verb(...args)
  })
}

type Verb = (...args: unknown[]) => Promise<unknown>

/** The users' objects with something in between: a fault of the way there or back, for one. */
export function namespaceOf(
  between: (user: DurableObjectStub<UserSessions>, verb: Verb, args: unknown[]) => Promise<unknown>,
): DurableObjectNamespace<UserSessions> {
  const verbs: readonly (keyof UserVerbs | 'fetch')[] = [
    'startSession',
    'endSessions',
    'changeAccount',
    'changeEmail',
    'deleteAccount',
    'fetch',
  ]
  return {
    getByName: (name: string) => {
      const user = env.USER_SESSIONS.getByName(name)
      const methods = user as unknown as Record<keyof UserVerbs | 'fetch', Verb>
      return Object.fromEntries(
        verbs.map(verb => [
          verb,
          (...args: unknown[]) => between(user, (...given) => methods[verb](...given), args),
        ]),
      )
    },
  } as unknown as DurableObjectNamespace<UserSessions>
}

/** Changes the bindings that this very instance works with; it forgets them when it is evicted. */
export const changeEnv = (
  user: DurableObjectStub<UserSessions>,
  change: (bindings: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> => setEnv(user, bindings => ({ ...bindings, ...change(bindings) }))

const setEnv = (
  user: DurableObjectStub<UserSessions>,
  change: (bindings: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> =>
  runInDurableObject(user, (instance: UserSessions) => {
    const open = instance as unknown as { env: Record<string, unknown> }
    open.env = change(open.env)
  })
