import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import {
  jsonLine,
  parseBase64url,
  parseJsonObject,
  parseUtf8,
  toBase64url,
  utf8,
} from '../../src/domain/encoding.ts'
import { log } from '../../src/log.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

describe('JW-09: canonical base64url', () => {
  test('JW-09: what is written is read back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        expect(parseBase64url(toBase64url(bytes))).toEqual(bytes)
      }),
    )
  })

  test('JW-09: agrees with another implementation', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        expect(toBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
      }),
    )
  })

  test('JW-09: of all two- and three-character texts, only those without spare bits are read', () => {
    const isRead = (text: string) => parseBase64url(text) !== null
    const last = [...ALPHABET]
    expect(last.filter(character => isRead(`A${character}`)).join('')).toBe('AQgw')
    expect(last.filter(character => isRead(`AA${character}`)).join('')).toBe('AEIMQUYcgkosw048')
    expect(last.filter(character => isRead(`AAA${character}`)).join('')).toBe(ALPHABET)
  })

  test.each([
    'A',
    'AAAAA',
    'AA==',
    'AAA=',
    'AA\n',
    '\nAA',
    ' AA',
    'AA ',
    'A A',
    'AA\t',
    '+A',
    '/A',
    'A.',
    'AÄ',
    'AA\u0000',
    'ＡＡ',
  ])('JW-09: %j is refused', text => expect(parseBase64url(text)).toBeNull())

  test('JW-09: nothing is no bytes', () => expect(parseBase64url('')).toEqual(new Uint8Array()))
})

describe('AP-03: UTF-8 and JSON', () => {
  const invalid: [string, number[]][] = [
    ['a byte order that is none', [0xff, 0xfe]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a truncated sequence', [0xe2, 0x82]],
    ['a lone continuation', [0x80]],
    ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ]
  test.each(invalid)('AP-03: %s is no text', (_, bytes) => {
    expect(parseUtf8(new Uint8Array(bytes))).toBeNull()
  })

  test('AP-03: text is read back, and a leading U+FEFF is kept, so that two texts never read as one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        expect(parseUtf8(utf8(text))).toBe(text)
      }),
    )
    expect(parseUtf8(utf8('\uFEFF{}'))).toBe('\uFEFF{}')
  })

  test.each([
    '',
    '[]',
    'null',
    '7',
    '"{}"',
    'true',
    '{',
    '{}{}',
    '{a:1}',
    "{'a':1}",
    '\uFEFF{}',
    '{"a":01}',
    'NaN',
  ])('AP-03: %j is no JSON object', text => expect(parseJsonObject(text)).toBeNull())

  test('AP-02: a member named __proto__ stays a member', () => {
    const object = parseJsonObject('{"__proto__":{"admin":true}}')
    expect(object).not.toHaveProperty('admin')
    expect(Object.keys(object ?? {})).toEqual(['__proto__'])
  })
})

describe('LG-03: a line of JSON', () => {
  test('LG-03: is one line for every reader, of printable characters, and means the same', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.constantFrom(...HOSTILE),
        (text, hostile) => {
          const line = jsonLine({ [hostile + text]: text + hostile })
          expect(line).not.toMatch(/[\p{C}\u2028\u2029]/u)
          expect(JSON.parse(line)).toEqual({ [hostile + text]: text + hostile })
        },
      ),
    )
  })

  test('LG-03: is what the log writes, a record each', () => {
    const written = vi.spyOn(console, 'warn').mockReturnValue()
    for (const text of HOSTILE) log('warn', { event: 'x', [text]: text })
    expect(written.mock.calls.map(([line]) => Object.keys(JSON.parse(line)).length)).toEqual(
      HOSTILE.map(() => 4),
    )
    expect(written.mock.calls.join('')).not.toMatch(/[\p{C}\u2028\u2029]/u)
  })
})

const HOSTILE = [
  '\r\n{"level":"info"}',
  '\u2028',
  '\u2029',
  '\u0085',
  '\u001b]8;;https://x.test\u0007',
  '\u009b2J',
  '\u202e\u2066',
  '\u200b\ufeff\u00ad',
  '\u{e0041}',
  '\u007f',
]
