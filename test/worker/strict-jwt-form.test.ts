// Form, size and signature of the compact text itself; and what is odd, but ours, so that the alarm can ring.
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { parseBase64url, toBase64url, utf8 } from '../../src/domain/encoding.ts'
import { inspectToken } from '../../src/tokens/inspect.ts'
import { parseStrictJwt } from '../../src/tokens/strict-jwt.ts'
import { createForge, type Forge, NOW, newSigningKey, signText } from './support/forge.ts'

let forge: Forge
beforeAll(async () => {
  forge = await createForge()
})
afterEach(() => vi.restoreAllMocks())

const inspect = (token: string) => inspectToken(forge.ring, 'at+jwt', token, NOW)
const partsOf = (token: string) => token.split('.') as [string, string, string]
type Tamper = (header: string, payload: string, signature: string) => string

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** Another text for the same bytes: the lowest spare bit of the last character is set. */
const spareBit = (part: string): string => part.slice(0, -1) + ALPHABET[ALPHABET.indexOf(part.slice(-1)) + 1]

const FORMS: [string, Tamper][] = [
  ['padding on the header', (h, p, s) => `${h}=.${p}.${s}`],
  ['padding on the payload', (h, p, s) => `${h}.${p}=.${s}`],
  ['padding on the signature', (h, p, s) => `${h}.${p}.${s}==`],
  ['a newline at the end', (h, p, s) => `${h}.${p}.${s}\n`],
  ['a newline at the beginning', (h, p, s) => `\n${h}.${p}.${s}`],
  ['a newline inside the signature', (h, p, s) => `${h}.${p}.${s.slice(0, 9)}\n${s.slice(9)}`],
  ['CR LF inside the payload', (h, p, s) => `${h}.${p.slice(0, 9)}\r\n${p.slice(9)}.${s}`],
  ['a space at the end', (h, p, s) => `${h}.${p}.${s} `],
  ['a tab after a dot', (h, p, s) => `${h}.\t${p}.${s}`],
  ['a NUL at the end', (h, p, s) => `${h}.${p}.${s}\u0000`],
  ['the other alphabet', (h, p, s) => `${h}.${p}.${s}`.replaceAll('-', '+').replaceAll('_', '/')],
  ['a spare bit in the signature', (h, p, s) => `${h}.${p}.${spareBit(s)}`],
  ['a dot at the end', (h, p, s) => `${h}.${p}.${s}.`],
  ['a dot at the beginning', (h, p, s) => `.${h}.${p}.${s}`],
  ['two dots in a row', (h, p, s) => `${h}..${p}.${s}`],
  ['four parts', (h, p, s) => `${h}.${p}.${s}.${s}`],
  ['five parts', (h, p, s) => `${h}.${p}.${s}.${p}.${s}`],
  ['two parts', (h, p) => `${h}.${p}`],
  ['one part', h => h],
  ['nothing', () => ''],
  ['dots only', () => '..'],
  ['no header', (_, p, s) => `.${p}.${s}`],
  ['no payload', (h, _, s) => `${h}..${s}`],
  ['no signature', (h, p) => `${h}.${p}.`],
  ['full-width characters', (h, p, s) => `${h}.${p}.${s.slice(0, -1)}Ａ`],
  ['the JSON serialization', (h, p, s) => JSON.stringify({ protected: h, payload: p, signature: s })],
  ['percent-encoding', (h, p, s) => `${h}%2E${p}%2E${s}`],
  ['a scheme before it', (h, p, s) => `Bearer ${h}.${p}.${s}`],
]

describe('JW-09: only the canonical compact form', () => {
  test.each(FORMS)('JW-09: %s: invalid', async (_, tamper) => {
    // A signature that has a character of the second alphabet in it.
    let token = forge.token
    while (!/[-_][^.]*$/.test(token)) token = await forge.sign(forge.header())
    const tampered = tamper(...partsOf(token))
    expect(tampered).not.toBe(token)
    expect(parseStrictJwt(tampered)).toBeNull()
    expect(await inspect(tampered)).toEqual({ tag: 'invalid' })
  })

  test.each([0, 1])('JW-09: a spare bit in part %i, signed as it stands: invalid', async index => {
    const parts: string[] = partsOf(
      await forge.sign(roomForSpareBits(forge.header()), roomForSpareBits('{"exp":1900000000}')),
    )
    parts[index] = spareBit(parts[index] ?? '')
    const input = `${parts[0]}.${parts[1]}`
    const signed = `${input}.${toBase64url(await signText(forge.key, input))}`
    expect(await inspect(signed)).toEqual({ tag: 'invalid' })
  })
})

/** JSON whose length is no multiple of three bytes, so that its last character has spare bits. */
const roomForSpareBits = (json: string) => (utf8(json).byteLength % 3 === 0 ? `${json} ` : json)

describe('JW-11: size', () => {
  const ofSize = async (chars: number) => {
    const empty = (await forge.sign(forge.header(), JSON.stringify({ exp: NOW + 9, pad: '' }))).length
    let pad = Math.floor(((chars - empty) * 3) / 4) - 3
    let token = ''
    while (token.length < chars)
      token = await forge.sign(forge.header(), JSON.stringify({ exp: NOW + 9, pad: 'x'.repeat(pad++) }))
    return token
  }

  test('JW-11: 8192 characters are read', async () => {
    const token = await ofSize(8_191)
    expect(token.length).toBeLessThanOrEqual(8_192)
    expect(await inspect(token)).toMatchObject({ tag: 'signed' })
  })

  test.each([8_193, 9_216, 102_400, 1_048_576])(
    'JW-11: %i characters are refused before any signature work',
    async chars => {
      const token = await ofSize(chars)
      const verify = vi.spyOn(crypto.subtle, 'verify')
      const digest = vi.spyOn(crypto.subtle, 'digest')
      expect(await inspect(token)).toEqual({ tag: 'invalid' })
      expect(verify).not.toHaveBeenCalled()
      expect(digest).not.toHaveBeenCalled()
    },
  )

  test('JW-11: the look at verify is a real one', async () => {
    const verify = vi.spyOn(crypto.subtle, 'verify')
    await inspect(forge.token)
    expect(verify).toHaveBeenCalledOnce()
  })
})

const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
const hex = (value: bigint) => value.toString(16).padStart(64, '0')
const bytesOf = (text: string) => Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
const hexOf = (bytes: Uint8Array) => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('')

const SIGNATURES: [string, (r: bigint, s: bigint) => string][] = [
  ...[0n, 1n, N, N - 1n, N + 1n, P, P + 1n, 2n ** 256n - 1n].flatMap(
    (odd): [string, (r: bigint, s: bigint) => string][] => [
      [`r = ${odd.toString(16)}`, (_, s) => hex(odd) + hex(s)],
      [`s = ${odd.toString(16)}`, r => hex(r) + hex(odd)],
      [`r = s = ${odd.toString(16)}`, () => hex(odd) + hex(odd)],
    ],
  ),
  ['r and s swapped', (r, s) => hex(s) + hex(r)],
  ['n − r', (r, s) => hex(N - r) + hex(s)],
  ['r with one bit flipped', (r, s) => hex(r ^ 1n) + hex(s)],
  ['s with one bit flipped', (r, s) => hex(r) + hex(s ^ 1n)],
  ['r alone', r => hex(r)],
  ['63 bytes', (r, s) => (hex(r) + hex(s)).slice(0, -2)],
  ['65 bytes', (r, s) => `${hex(r)}${hex(s)}00`],
  ['65 bytes, one before', (r, s) => `00${hex(r)}${hex(s)}`],
  ['66 bytes, r and s with a leading zero', (r, s) => `00${hex(r)}00${hex(s)}`],
  [
    'r + n, where it fits not',
    (r, s) => (r + N).toString(16).padStart(66, '0') + s.toString(16).padStart(66, '0'),
  ],
  ['twice', (r, s) => (hex(r) + hex(s)).repeat(2)],
  ['DER', (r, s) => der(r, s)],
]

function der(r: bigint, s: bigint): string {
  const integer = (value: bigint) => {
    const digits = value.toString(16)
    const even = digits.length % 2 ? `0${digits}` : digits
    const body = Number.parseInt(even.slice(0, 2), 16) > 127 ? `00${even}` : even
    return `02${(body.length / 2).toString(16).padStart(2, '0')}${body}`
  }
  const body = integer(r) + integer(s)
  return `30${(body.length / 2).toString(16).padStart(2, '0')}${body}`
}

describe('JW-12: the signature', () => {
  const resigned = (make: (r: bigint, s: bigint) => string): string => {
    const [header, payload, signature] = partsOf(forge.token)
    const text = hexOf(parseBase64url(signature) ?? new Uint8Array())
    const made = make(BigInt(`0x${text.slice(0, 64)}`), BigInt(`0x${text.slice(64)}`))
    return `${header}.${payload}.${toBase64url(bytesOf(made))}`
  }

  test.each(SIGNATURES)('JW-12: %s: invalid', async (_, make) => {
    expect(await inspect(resigned(make))).toEqual({ tag: 'invalid' })
  })

  test.each(SIGNATURES.filter(([, make]) => make(N - 2n, N - 2n).length !== 128))(
    'JW-12: %s: the guard alone refuses another length than 64 bytes',
    (_, make) => expect(parseStrictJwt(resigned(make))).toBeNull(),
  )

  test('JW-12: of another key, or over another text: invalid', async () => {
    const [header, payload, signature] = partsOf(forge.token)
    const { privateKey } = await newSigningKey()
    const foreign = toBase64url(await signText(privateKey, `${header}.${payload}`))
    expect(await inspect(`${header}.${payload}.${foreign}`)).toEqual({ tag: 'invalid' })
    const other = toBase64url(utf8(JSON.stringify({ sub: 'eve', exp: NOW + 9 })))
    expect(await inspect(`${header}.${other}.${signature}`)).toEqual({ tag: 'invalid' })
  })

  test('JW-12: the twin (r, n − s) is the same token: what is stored about one is stored about both', async () => {
    const twin = resigned((r, s) => hex(r) + hex(N - s))
    expect(twin).not.toBe(forge.token)
    expect(await inspect(twin)).toEqual(await inspect(forge.token))
    expect(await inspect(twin)).toMatchObject({ tag: 'signed' })
  })
})

describe('I7: what is odd but carries our signature is signed, so that the alarm can ring', () => {
  const far = JSON.stringify({ exp: NOW + 600 })
  const odd: [string, () => Promise<string>][] = [
    ['white space in the header', () => forge.sign(forge.header().replaceAll(',', ' ,\n\t\r'), far)],
    ['white space around the header', () => forge.sign(` ${forge.header()} `, far)],
    ['white space inside a text of the header', () => forge.sign(forge.header({ x: ' a "b" \\ ' }), far)],
    ['an unknown member', () => forge.sign(forge.header({ x: { y: [1, null] } }), far)],
    ['a member __proto__', () => forge.sign(forge.header().replace(/}$/, ',"__proto__":{"crit":1}}'), far)],
    ['cty', () => forge.sign(forge.header({ cty: 'JWT' }), far)],
    [
      'another order of members',
      () => forge.sign(`{"kid":"${forge.kid}","typ":"at+jwt","alg":"ES256"}`, far),
    ],
    ['a payload that is no JSON', () => forge.sign(forge.header(), 'not json')],
    ['a payload that is no text', () => forge.sign(forge.header(), new Uint8Array([0xff, 0xfe, 0x00]))],
    ['a payload that is a list', () => forge.sign(forge.header(), '[{"exp":1}]')],
    ['a payload that is null', () => forge.sign(forge.header(), 'null')],
    ['a payload that is a number', () => forge.sign(forge.header(), '1')],
    ['an empty object', () => forge.sign(forge.header(), '{}')],
    ['exp as a text', () => forge.sign(forge.header(), '{"exp":"1"}')],
    ['exp null', () => forge.sign(forge.header(), '{"exp":null}')],
    ['exp beyond every number', () => forge.sign(forge.header(), '{"exp":1e999}')],
    ['exp a fraction of a second ahead', () => forge.sign(forge.header(), `{"exp":${NOW}.5}`)],
    ['exp twice, the last one ahead', () => forge.sign(forge.header(), `{"exp":1,"exp":${NOW + 1}}`)],
  ]
  test.each(odd)('I7: %s', async (_, make) => {
    expect(await inspect(await make())).toMatchObject({
      tag: 'signed',
      kid: forge.kid,
      commitment: expect.stringMatching(/^[\w-]{43}$/),
    })
  })

  const past: [string, string][] = [
    ['this second', `{"exp":${NOW}}`],
    ['long ago', '{"exp":0}'],
    ['before time', '{"exp":-1e999}'],
    ['twice, the last one past', `{"exp":${NOW + 9},"exp":1}`],
  ]
  test.each(past)('EB-08: expired %s: expired', async (_, payload) => {
    expect(await inspect(await forge.sign(forge.header(), payload))).toMatchObject({ tag: 'expired' })
  })
})
