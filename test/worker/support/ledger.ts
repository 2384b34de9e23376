// Users in a real database, changed by what the rules decide and by nothing else; every statement is metered.
import type { Command, StartSession } from '../../../src/domain/commands.ts'
import { decide } from '../../../src/domain/decide.ts'
import { shardTag, taggedId } from '../../../src/domain/ids.ts'
import { KNOWN_DEVICE_ENTRIES } from '../../../src/domain/limits.ts'
import type { SessionRule } from '../../../src/domain/rule.ts'
import type { EventLink } from '../../../src/store/linked-events.ts'
import { statements } from '../../../src/store/statements.ts'
import { randomBytes, randomSecret } from '../../../src/tokens/random.ts'
import { loadState } from '../../../src/user/state.ts'

export const NOW = 1_800_000_000
export const newId = (kind: 'u' | 's' | 'i') => taggedId(kind, shardTag(0), randomBytes(16))
/** 43 characters, as every digest and commitment has. */
export const someDigest = randomSecret

/** For logs that nobody checks. */
export const someLinks = (events: readonly unknown[]): EventLink[] =>
  events.map(() => ({ digest: someDigest(), details_digest: null, details_salt: null }))

export interface Metered {
  readonly db: D1Database
  /** Rows read and written by each statement, in D1's own count. */
  readonly rows: { sql: string; read: number; written: number }[]
}

/** A database that keeps the meta of every answer. */
export function metered(db: D1Database): Metered {
  const rows: Metered['rows'] = []
  const texts = new WeakMap<D1PreparedStatement, { real: D1PreparedStatement; sql: string }>()
  const note = (sql: string, { meta }: D1Result) => {
    // Figures are written once a minute, whatever happens in it: no operation's cost.
    if (sql.includes('record_counts')) return
    rows.push({ sql: sql.replace(/\s+/g, ' ').trim(), read: meta.rows_read, written: meta.rows_written })
  }

  const wrap = (real: D1PreparedStatement, sql: string): D1PreparedStatement => {
    const all = async () => {
      const result = await real.all()
      note(sql, result)
      return result
    }
    const wrapped = {
      bind: (...values: unknown[]) => wrap(real.bind(...values), sql),
      all,
      run: all,
      first: async () => (await all()).results[0] ?? null,
    } as unknown as D1PreparedStatement
    texts.set(wrapped, { real, sql })
    return wrapped
  }

  const batch = async (wrapped: D1PreparedStatement[]) => {
    const known = wrapped.map(statement => {
      const found = texts.get(statement)
      if (found === undefined) throw new Error('a statement of another database')
      return found
    })
    const results = await db.batch(known.map(({ real }) => real))
    for (const [index, result] of results.entries()) note(known[index]?.sql ?? '', result)
    return results
  }
  return {
    db: { prepare: (sql: string) => wrap(db.prepare(sql), sql), batch } as unknown as D1Database,
    rows,
  }
}

export const sumOf = (rows: Metered['rows'], column: 'read' | 'written'): number =>
  rows.reduce((sum, row) => sum + row[column], 0)

/** Loads, decides and writes one batch, as the object does. */
export async function change<C extends Command>(db: D1Database, userId: string, command: C, now = NOW) {
  const decision = decide(await loadState(db, userId, KNOWN_DEVICE_ENTRIES), command, now)
  const batch = statements(db, userId, decision.events, someLinks(decision.events))
  if (batch.length > 0) await db.batch(batch)
  return decision
}

export function start(
  changes: Partial<StartSession> = {},
  clientId = 'ios',
  sessionId = newId('s'),
): StartSession {
  return {
    type: 'start_session',
    opId: `op:${sessionId}`,
    session: {
      id: sessionId,
      clientId,
      clientKind: 'first_party',
      scope: 'sessions',
      signedInWith: ['email_link'],
      startedIn: 'app',
      device: { name: null, kind: 'phone', os: 'iOS', browser: null },
      place: { country: null, city: null },
      startedMs: 0,
      secretDigest: someDigest(),
    },
    bucket: { audience: 'https://auth.test', commitment: someDigest(), expiresAt: NOW + 600 },
    rule: NO_LIMIT,
    address: null,
    newUser: null,
    formerSessionId: null,
    authorizedIn: null,
    marks: [],
    notice: null,
    ...changes,
  }
}

export const NO_LIMIT: SessionRule = { limit: null, at_limit: 'replace_oldest' }

/** A user with live sessions on one client, as many as there are ids. */
export async function newUser(db: D1Database, sessionIds: readonly string[] = []): Promise<string> {
  const userId = newId('u')
  await db
    .prepare('INSERT INTO users (id, email, created_at) VALUES (?, ?, ?)')
    .bind(userId, `${userId}@x.test`, NOW)
    .run()
  for (const id of sessionIds) await change(db, userId, start({}, 'ios', id), NOW - 60)
  return userId
}

/** How many rows there are. */
export async function count(
  db: D1Database,
  table: string,
  where = '1',
  ...values: unknown[]
): Promise<number> {
  const row = await db
    .prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where}`)
    .bind(...values)
    .first<{ n: number }>()
  return row?.n ?? 0
}
