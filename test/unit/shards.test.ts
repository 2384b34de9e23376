import { expect, test } from 'vitest'
import { shardTag, taggedId } from '../../src/domain/ids.ts'
import { createShards, parseShardMap } from '../../src/store/shards.ts'

const database = (name: string) => ({ name, prepare: () => {} }) as unknown as D1Database
const [DB, DB_1, DB_2] = [database('DB'), database('DB_1'), database('DB_2')]
const bindings = { DB, DB_1, DB_2, ISSUER: 'https://auth.test', USER_SESSIONS: {} }
const at = (value: number) => taggedId('u', shardTag(value), new Uint8Array(16))

test('one database serves every tag', () => {
  const shards = createShards(parseShardMap('DB', bindings))
  expect(shards.all).toEqual([DB])
  for (const value of [0, 511, 1023]) expect(shards.of(at(value))).toBe(DB)
})

test('several serve the tags from their first to the next one’s', () => {
  const shards = createShards(parseShardMap('DB, DB_1@341 ,DB_2@683', bindings))
  expect(shards.global).toBe(DB)
  expect(shards.all).toEqual([DB, DB_1, DB_2])
  const served = [0, 340, 341, 682, 683, 1023].map(value => shards.of(at(value)))
  expect(served).toEqual([DB, DB, DB_1, DB_1, DB_2, DB_2])
  for (let value = 0; value < 1024; value++) expect(shards.ofTag(shardTag(value))).toBe(shards.of(at(value)))
})

test('a user, the sessions and the sign-ins of one tag are in one place', () => {
  const shards = createShards(parseShardMap('DB,DB_1@512', bindings))
  for (const kind of ['u', 's', 'i'] as const)
    expect(shards.of(taggedId(kind, shardTag(700), new Uint8Array(16)))).toBe(DB_1)
})

test.each([
  '',
  'NONE',
  'DB,NONE@5',
  'ISSUER',
  'USER_SESSIONS',
  'DB@1',
  'DB,DB_1',
  'DB,DB_1@0',
  'DB,DB_1@5,DB_2@5',
])('CF-01: a map that reads %j is refused at the start', text =>
  expect(() => parseShardMap(text, bindings)).toThrow('SHARDS'),
)

test.each(['DB,DB_1@9,DB_2@5', 'DB,DB_1@1024', 'DB,DB_1@1.5', 'DB,DB_1@x', 'DB,DB_1@-1', 'DB,DB_1@'])(
  'CF-01: a map that reads %j is refused at the start',
  text => expect(() => parseShardMap(text, bindings)).toThrow('SHARDS'),
)

test('an id without a tag is in no shard', () => {
  const shards = createShards(parseShardMap('DB', bindings))
  for (const id of ['', 'u_', 'x', 'account', '../u_aa']) expect(() => shards.of(id)).toThrow()
})
