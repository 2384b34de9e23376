// While users are moved, both databases refuse every change of theirs, whoever asks and by whichever map: so what is copied
// is complete, and what is read is the same on either side. The Worker takes `shard_moving` for storage that is away
// (src/store/d1.ts) and answers 503. A database goes on refusing the users that it has given away.
import { literal, type ShardAccess } from './access.ts'
import type { Move } from './plan.ts'
import { MOVED_TABLES } from './tables.ts'
import { tagSql } from './tag-sql.ts'

/** In the database that gives: leaving, left, and gone once its rows are removed. In the one that takes: arriving, then arrived, then no mark. */
export type State = 'leaving' | 'left' | 'gone' | 'arriving' | 'arrived'

export interface Mark {
  readonly tag: string
  readonly state: State
  /** The binding of the other database of the move. */
  readonly other: string
}

const MARKS = `CREATE TABLE IF NOT EXISTS shard_moves (
  tag TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('leaving', 'left', 'gone', 'arriving', 'arrived')),
  other TEXT NOT NULL
) STRICT, WITHOUT ROWID`

/** How far a table was copied: its row is written with the rows that it tells of. */
const COPIES = `CREATE TABLE IF NOT EXISTS shard_copies (
  source TEXT NOT NULL,
  name TEXT NOT NULL,
  after TEXT NOT NULL,
  PRIMARY KEY (source, name)
) STRICT, WITHOUT ROWID`

const refusal = (table: string, verb: string, condition: string): string =>
  `CREATE TRIGGER IF NOT EXISTS shard_moves_${table}_${verb.toLowerCase()}
BEFORE ${verb} ON ${table}
WHEN ${condition}
BEGIN
  SELECT RAISE(ABORT, 'shard_moving');
END`

const marked = (tag: string, also = '') => `EXISTS (SELECT 1 FROM shard_moves WHERE tag = ${tag}${also})`

const NOT_OVER = "state NOT IN ('left', 'gone')"
const UNDER_WAY = `EXISTS (SELECT 1 FROM shard_moves WHERE ${NOT_OVER})`

const REFUSALS: readonly string[] = [
  ...MOVED_TABLES.flatMap(({ name, taggedBy, column }) => {
    if (taggedBy === 'address') return []
    return [
      refusal(name, 'INSERT', marked(tagSql(taggedBy, `NEW.${column}`))),
      refusal(name, 'UPDATE', marked(tagSql(taggedBy, `OLD.${column}`))),
      // What has left is no longer the truth: the database may tidy it up.
      refusal(name, 'DELETE', marked(tagSql(taggedBy, `OLD.${column}`), ` AND ${NOT_OVER}`)),
    ]
  }),
  // SQL cannot tell the tag of an address. A new user's address comes with the user, whose own row is refused;
  // changes of address wait.
  refusal(
    'emails',
    'INSERT',
    `${UNDER_WAY} AND NOT EXISTS (SELECT 1 FROM users WHERE id = NEW.user_id AND email = NEW.address)`,
  ),
  refusal('emails', 'DELETE', UNDER_WAY),
]

/** Of nobody: it stands in the feed so that no older position is taken for one in it. */
const NOBODY = `s_aa${'A'.repeat(22)}`

/** Raises the fence in both databases. Safe to run again. */
export async function raiseFence(access: ShardAccess, { from, to, tags }: Move): Promise<void> {
  const mark = (state: State, other: string) =>
    `INSERT OR REPLACE INTO shard_moves (tag, state, other)
     SELECT value, '${state}', ${literal(other)} FROM json_each(${literal(JSON.stringify(tags))})`
  const [newest] = await access.query(from, 'SELECT coalesce(max(seq), 0) AS seq FROM bucket_retirements')
  const begun = beginFeedAnew(Number(newest?.seq))
  await access.execute(to, [MARKS, COPIES, ...REFUSALS, mark('arriving', from), ...begun])
  await access.execute(from, [MARKS, COPIES, ...REFUSALS, mark('leaving', to)])
}

/** Past every position in the feed and `seq`, and never the first: nobody reads on from before. */
export const beginFeedAnew = (seq = 0): readonly string[] => [
  `INSERT INTO bucket_retirements (seq, session_id, generation, retired_at)
   SELECT max(coalesce(max(seq), 0), ${seq}) + 2, '${NOBODY}', 1, unixepoch() FROM bucket_retirements`,
  'DELETE FROM bucket_retirements WHERE seq < (SELECT max(seq) FROM bucket_retirements)',
]

/** What is marked in a database. */
export async function readMarks(
  access: Pick<ShardAccess, 'query'>,
  database: string,
): Promise<readonly Mark[]> {
  const [has] = await access.query(database, "SELECT 1 FROM sqlite_schema WHERE name = 'shard_moves'")
  if (has === undefined) return []
  const rows = await access.query(database, 'SELECT tag, state, other FROM shard_moves ORDER BY tag')
  return rows as unknown as readonly Mark[]
}

/** SQL for the tags of one move, as one of its databases has marked them. */
export const tagsMarked = (states: readonly State[], other: string): string =>
  `(SELECT tag FROM shard_moves WHERE state IN (${states.map(literal).join()}) AND other = ${literal(other)})`
