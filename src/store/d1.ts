// How Latchkey talks to D1: a deadline on every call, and what an error means.
import { D1_DEADLINE_MS } from '../domain/limits.ts'

/** Storage did not answer, or its answer was lost: whether a write happened is unknown. */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable'
}

/** A database constraint refused the whole batch; `constraint` is its name or SQLite's text. */
export class ConstraintViolated extends Error {
  override readonly name = 'ConstraintViolated'
}

const CONSTRAINT = /SQLITE_CONSTRAINT|constraint failed|session_limit|session_gone/i
/** The database is giving its user to another, or has: src/cli/shards. Later, or by the present map, there is an answer. */
const MOVING = 'shard_moving'

/** Runs the statements as one transaction. Throws ConstraintViolated or StorageUnavailable. */
export async function batch(db: D1Database, statements: D1PreparedStatement[]): Promise<D1Result[]> {
  return withDeadline(() => db.batch(statements))
}

/** The first row of one statement, or null. Throws StorageUnavailable. */
export async function first<Row>(statement: D1PreparedStatement): Promise<Row | null> {
  return withDeadline(() => statement.first<Row>())
}

/** All rows of one statement. Throws StorageUnavailable. */
export async function all<Row>(statement: D1PreparedStatement): Promise<Row[]> {
  return withDeadline(async () => (await statement.all<Row>()).results)
}

/** Runs one statement and says how many rows it changed. */
export async function run(statement: D1PreparedStatement): Promise<number> {
  return withDeadline(async () => (await statement.run()).meta.changes)
}

/** Whether the database answers and has its schema. Throws StorageUnavailable when not. */
export async function ping(db: D1Database): Promise<void> {
  await first(db.prepare('SELECT 1 AS found FROM sessions LIMIT 1'))
}

async function withDeadline<T>(work: () => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StorageUnavailable('deadline passed')), D1_DEADLINE_MS)
  })
  try {
    return await Promise.race([work(), deadline])
  } catch (error) {
    if (error instanceof StorageUnavailable) throw error
    const text = String(error)
    if (CONSTRAINT.test(text) && !text.includes(MOVING)) throw new ConstraintViolated(text)
    throw new StorageUnavailable(text, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}
