// How the databases are reached, by the names of their bindings.

export type Value = string | number | null
export type Row = Readonly<Record<string, Value>>

export interface ShardAccess {
  /** The rows of one statement. Throws. */
  query(database: string, sql: string): Promise<readonly Row[]>
  /** All statements or none. Throws. */
  execute(database: string, statements: readonly string[]): Promise<void>
}

/** A value as SQL. */
export function literal(value: Value): string {
  if (value === null) return 'NULL'
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`
}
