import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isChosenClientId,
  isTaggedId,
  jtiOf,
  parseGeneration,
  parseJti,
  SHARD_TAGS,
  shardTag,
  shardTagOfDigest,
  type TaggedKind,
  taggedId,
  tagOf,
  tagValue,
} from '../../src/domain/ids.ts'

const RANDOM = new Uint8Array(16).fill(7)
const SESSION = taggedId('s', 'ab', RANDOM)

describe('tags', () => {
  test('each of the 1024 values has its own tag, and is read back from it', () => {
    const values = Array.from({ length: SHARD_TAGS }, (_, value) => value)
    expect(new Set(values.map(shardTag)).size).toBe(1024)
    for (const value of values) expect(tagValue(shardTag(value))).toBe(value)
  })

  test('a digest chooses its tag evenly', () => {
    const counts = new Map<string, number>()
    for (let high = 0; high < 256; high++)
      for (let low = 0; low < 256; low++) {
        const tag = shardTagOfDigest(new Uint8Array([high, low, 255]))
        counts.set(tag, (counts.get(tag) ?? 0) + 1)
      }
    expect([...new Set(counts.values())]).toEqual([64])
    expect(counts.size).toBe(1024)
  })

  test('the tag of an id is found from the id alone', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<TaggedKind>('u', 's', 'i'),
        fc.nat({ max: 1023 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        (kind, value, random) => {
          const id = taggedId(kind, shardTag(value), random)
          expect(isTaggedId(kind, id)).toBe(true)
          expect(tagValue(tagOf(id))).toBe(value)
          for (const other of ['u', 's', 'i'] as const)
            if (other !== kind) expect(isTaggedId(other, id)).toBe(false)
        },
      ),
    )
  })
})

describe('SE-12: what is no session id', () => {
  const odd: unknown[] = [
    '',
    's_',
    SESSION.slice(0, -1),
    `${SESSION}A`,
    `${SESSION}\n`,
    `\n${SESSION}`,
    `${SESSION} `,
    SESSION.replace('s_', 'S_'),
    SESSION.replace('s_', 'u_'),
    SESSION.replace('s_ab', 's_a1'),
    SESSION.replace('s_ab', 's_AB'),
    SESSION.replace(/..$/, '+/'),
    SESSION.replace(/..$/, "'-"),
    `../${SESSION}`,
    [SESSION],
    { toString: () => SESSION },
    null,
    undefined,
    7,
  ]
  test.each(odd.map(value => [value]))('SE-12: %j', value => {
    expect(isTaggedId('s', value)).toBe(false)
    if (typeof value === 'string' && !value.startsWith('u_')) expect(() => tagOf(value)).toThrow()
  })
})

describe('JW-10: jti', () => {
  test.each([1, 2, 10, 999_999_999])('JW-10: generation %i is read back', generation => {
    const jti = { sessionId: SESSION, generation }
    expect(parseJti(jtiOf(jti))).toEqual(jti)
  })

  const odd: unknown[] = [
    SESSION,
    `${SESSION}.`,
    `${SESSION}.0`,
    `${SESSION}.01`,
    `${SESSION}.-1`,
    `${SESSION}.+1`,
    `${SESSION}.1.0`,
    `${SESSION}.1.`,
    `${SESSION}.1e3`,
    `${SESSION}.0x1`,
    `${SESSION}.1 `,
    `${SESSION}.1\n`,
    `${SESSION}.１`,
    `${SESSION}.1000000000`,
    `.1`,
    `u_${SESSION.slice(2)}.1`,
    1,
    null,
    undefined,
    [`${SESSION}.1`],
    { sessionId: SESSION, generation: 1 },
  ]
  test.each(odd.map(value => [value]))('JW-10: %j is none', value => {
    expect(parseJti(value)).toBeNull()
  })

  test('a generation is a plain positive integer', () => {
    expect([undefined, '', '0', '1.5', ' 1', 'NaN', 'Infinity'].map(parseGeneration)).toEqual(
      Array(7).fill(null),
    )
    expect(parseGeneration('17')).toBe(17)
  })
})

test('a chosen client id is lower case, and has no shape that reads as a path or markup', () => {
  for (const id of ['ios', 'my-app', 'app.v2', 'a_1', 'a'.repeat(63)])
    expect([id, isChosenClientId(id)]).toEqual([id, true])
  for (const id of ['', 'a', 'A1', '.a', '-a', 'a/b', 'a b', 'a\n', '<b>', 'é1', 'a'.repeat(64)])
    expect([id, isChosenClientId(id)]).toEqual([id, false])
})
