// What moves between databases, and to where. That nobody notices: test/worker/shards-move.alone.test.ts.
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { readSchema } from '../../src/cli/schema/read-schema.ts'
import type { ShardAccess } from '../../src/cli/shards/access.ts'
import { beginFeedAnew, raiseFence } from '../../src/cli/shards/fence.ts'
import { findMisplaced } from '../../src/cli/shards/misplaced.ts'
import { planMoves } from '../../src/cli/shards/plan.ts'
import { GLOBAL_TABLES, MOVED_TABLES, STAYING_TABLES } from '../../src/cli/shards/tables.ts'
import { tagSql } from '../../src/cli/shards/tag-sql.ts'
import { toBase64url } from '../../src/domain/encoding.ts'
import { shardTag, shardTagOfDigest, taggedId } from '../../src/domain/ids.ts'

const databases = ['DB', 'DB_1', 'DB_2']
const schema = new DatabaseSync(':memory:')
schema.exec(readSchema().whole)

test('every table of schema.sql moves, stays or is global, and a moved one by its whole key', () => {
  const names = schema.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  const known = [...MOVED_TABLES.map(({ name }) => name), ...Object.keys(STAYING_TABLES), ...GLOBAL_TABLES]
  expect(known.sort()).toEqual(names.map(({ name }) => String(name)).sort())
  for (const { name, key, column } of MOVED_TABLES) {
    const columns = schema.prepare(`SELECT name, pk FROM pragma_table_info('${name}')`).all()
    const inKey = columns.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk))
    expect(inKey.map(each => each.name)).toEqual(key)
    expect(columns.map(each => each.name)).toContain(column)
  }
})

test('SQL finds the tag of every id and of every digest, as ids.ts does', () => {
  const tagIn = (taggedBy: 'id' | 'digest', value: string) =>
    schema.prepare(`SELECT ${tagSql(taggedBy, '?1')} AS tag`).get(value)?.tag
  for (let value = 0; value < 1024; value++) {
    expect(tagIn('id', taggedId('u', shardTag(value), new Uint8Array(16)))).toBe(shardTag(value))
    const bytes = new Uint8Array(32).fill(value % 251)
    bytes.set([(value >> 8) | ((value % 64) << 2), value & 255])
    expect(tagIn('digest', toBase64url(bytes))).toBe(shardTagOfDigest(bytes))
  }
})

test('between two maps, each tag moves once from where it is to where it belongs', () => {
  const size = (former: string, next: string) =>
    planMoves(former, next, databases).map(({ from, to, tags }) => [from, to, tags.length])
  expect(size('DB', 'DB,DB_1@512')).toEqual([['DB', 'DB_1', 512]])
  expect(size('DB,DB_1@512', 'DB,DB_1@341,DB_2@683')).toEqual([
    ['DB', 'DB_1', 171],
    ['DB_1', 'DB_2', 341],
  ])
  expect(size('DB,DB_1@512', 'DB')).toEqual([['DB_1', 'DB', 512]])
  expect(size('DB,DB_1@512', 'DB,DB_1@512')).toEqual([])
  expect(() => planMoves('DB', 'DB_1', databases)).toThrow('first database')
  expect(() => planMoves('DB', 'DB,DB_9@5', databases)).toThrow('DB_9')
})

test('I7: a map that gives users to a database without their rows is found before it is deployed', async () => {
  const db = new DatabaseSync(':memory:')
  db.exec(readSchema().whole)
  const id = taggedId('u', shardTag(700), new Uint8Array(16))
  db.exec(`INSERT INTO users (id, email, created_at) VALUES ('${id}', 'a@b.test', 1)`)
  const access = {
    query: async (name: string, sql: string) => (name === 'DB' ? db : schema).prepare(sql).all() as never[],
  }
  expect(await findMisplaced(access, databases, 'DB,DB_1@701')).toEqual([])
  expect(await findMisplaced(access, databases, 'DB,DB_1@700')).toEqual([
    expect.stringMatching(/^DB has the users of 1 tag/),
  ])
})

test('I4: a feed that begins anew goes on from no position that somebody may have, that of an empty one neither', () => {
  const db = new DatabaseSync(':memory:')
  db.exec(readSchema().whole)
  const beginAnew = (seq?: number) => {
    for (const sql of beginFeedAnew(seq)) db.exec(sql)
    return db.prepare('SELECT seq FROM bucket_retirements').all()
  }
  // Who has read an empty feed goes on where the first entry is.
  expect(beginAnew()).toEqual([{ seq: 2 }])
  expect(beginAnew()).toEqual([{ seq: 4 }])
  expect(beginAnew(100)).toEqual([{ seq: 102 }])
})

test('I7: users that are being copied are not there yet, those that have arrived are, and what they left is nobody', async () => {
  const made = () => {
    const db = new DatabaseSync(':memory:')
    db.exec(readSchema().whole)
    return db
  }
  const [from, to] = [made(), made()]
  const access: ShardAccess = {
    query: async (name, sql) => (name === 'DB' ? from : to).prepare(sql).all() as never[],
    execute: async (name, statements) => {
      for (const sql of statements) (name === 'DB' ? from : to).exec(sql)
    },
  }
  const tag = shardTag(700)
  const id = taggedId('u', tag, new Uint8Array(16))
  from.exec(`INSERT INTO users (id, email, created_at) VALUES ('${id}', 'a@b.test', 1)`)
  await raiseFence(access, { from: 'DB', to: 'DB_1', tags: [tag] })
  const count = async () => (await findMisplaced(access, ['DB', 'DB_1'], 'DB,DB_1@700')).length
  expect(await count()).toBe(1)
  to.exec("UPDATE shard_moves SET state = 'arrived', other = 'DB_2'")
  expect(await count()).toBe(1)
  to.exec("UPDATE shard_moves SET other = 'DB'")
  expect(await count()).toBe(0)
  from.exec("UPDATE shard_moves SET state = 'left'")
  to.exec('DELETE FROM shard_moves')
  expect(await count()).toBe(0)
})
