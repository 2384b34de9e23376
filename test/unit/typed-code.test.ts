import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CODE_ALPHABET, codeFromRandom, parseCode, showCode } from '../../src/domain/typed-code.ts'

const anyCode = fc
  .array(fc.constantFrom(...CODE_ALPHABET), { minLength: 8, maxLength: 8 })
  .map(characters => characters.join(''))

describe('the alphabet', () => {
  test('is the documented one, each character once', () => {
    expect(CODE_ALPHABET).toBe('BCDFGHJKMNPQRTVWXY2346789')
    expect(new Set(CODE_ALPHABET).size).toBe(25)
  })

  test('OA-07: has of every pair that looks alike at most one, and no vowel to spell words with', () => {
    for (const alike of ['0OD', '1IL', '5S', '2Z', 'UV']) {
      const present = [...alike].filter(character => CODE_ALPHABET.includes(character))
      expect([alike, present.length]).toEqual([alike, present.length > 1 ? 'one at most' : present.length])
    }
    expect([...'AEIOU'].filter(vowel => CODE_ALPHABET.includes(vowel))).toEqual([])
  })
})

describe('drawing a code', () => {
  test('ML-01: every character is equally likely', () => {
    const counts = new Map<string, number>()
    for (let byte = 0; byte < 256; byte++) {
      const character = codeFromRandom(new Uint8Array(8).fill(byte))?.[0]
      if (character !== undefined) counts.set(character, (counts.get(character) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual([...CODE_ALPHABET].sort())
    expect([...new Set(counts.values())]).toEqual([10])
  })

  test('ML-01: biased bytes are passed over, and too few good ones give no code', () => {
    const good = [0, 1, 2, 3, 4, 5, 6, 7]
    expect(codeFromRandom(new Uint8Array([255, 250, ...good]))).toBe('BCDFGHJK')
    expect(codeFromRandom(new Uint8Array([255, 250, ...good.slice(1)]))).toBeNull()
    expect(codeFromRandom(new Uint8Array())).toBeNull()
  })

  test('ML-01: what is drawn can be typed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), random => {
        const code = codeFromRandom(random)
        fc.pre(code !== null)
        expect(parseCode(showCode(code))).toBe(code)
      }),
    )
  })
})

describe('reading a typed code', () => {
  test('is shown in two groups of four', () => expect(showCode('BCDFGHJK')).toBe('BCDF-GHJK'))

  test('case, spaces and hyphens do not matter, wherever they stand', () => {
    const noise = fc.constantFrom('', ' ', '-', ' - ', '\t', '\u00A0')
    fc.assert(
      fc.property(
        anyCode,
        fc.array(noise, { minLength: 9, maxLength: 9 }),
        fc.boolean(),
        (code, gaps, isLower) => {
          const typed = [...code].map((character, index) => `${gaps[index]}${character}`).join('') + gaps[8]
          expect(parseCode(isLower ? typed.toLowerCase() : typed)).toBe(code)
        },
      ),
    )
  })

  test.each([
    '',
    '-',
    'BCDF-GHJ',
    'BCDF-GHJKM',
    'BCDF-GHJ0',
    'BCDF-GHJA',
    'BCDF_GHJK',
    'BCDF.GHJK',
    'BCDFGHJ\u0000',
    'ＢＣＤＦＧＨＪＫ',
    'BCDFGHJ\u212A',
  ])('%j is no code', typed => expect(parseCode(typed)).toBeNull())
})
