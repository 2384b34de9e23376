// Which script brings a database to the schema of this code. A new one gets schema.sql, which is the whole truth; one
// that exists gets the upgrades that it lacks. Decides only.

/** A numbered file of `upgrades`: from the version before to this one. */
export interface Upgrade {
  readonly version: number
  readonly about: string
  readonly sql: string
}

export interface Schema {
  readonly whole: string
  /** From 1 on, in order and without a gap. */
  readonly upgrades: readonly Upgrade[]
}

/** One transaction, and what to say of it, line by line; no line when there is nothing to do. */
export interface Script {
  readonly about: readonly string[]
  readonly sql: string
}

export interface Standing {
  readonly version: number | null
  readonly has_tables: 0 | 1
}

/** Asks how a database stands; what it makes for that is the first thing that a database lacks. */
export const STANDING = `CREATE TABLE IF NOT EXISTS schema_upgrades (
  version INTEGER PRIMARY KEY,
  applied_at INTEGER NOT NULL
) STRICT;
SELECT max(version) AS version,
  EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'users') AS has_tables
FROM schema_upgrades`

export type Version = number | 'new'

/** A database that has tables, and no note of an upgrade, is older than the notes: of version 0. */
export function versionOf(standing: Standing | undefined): Version {
  return standing?.has_tables === 1 ? (standing.version ?? 0) : 'new'
}

/** Null when the database is of a later version than this code knows. */
export function planScript(version: Version, { whole, upgrades }: Schema): Script | null {
  if (version === 'new') {
    return { about: ['new, gets schema.sql'], sql: [whole, ...upgrades.map(noteOf)].join('\n') }
  }
  if (version > upgrades.length) return null
  const missing = upgrades.slice(version)
  return {
    about: missing.map(upgrade => `upgrade ${upgrade.version}: ${upgrade.about}`),
    sql: missing.map(upgrade => `${upgrade.sql}\n${noteOf(upgrade)}`).join('\n'),
  }
}

/** Of two who upgrade at once, the second violates the primary key, and its whole script rolls back. */
const noteOf = ({ version }: Upgrade): string =>
  `INSERT INTO schema_upgrades (version, applied_at) VALUES (${version}, unixepoch());`
