// One tamper table for every token we sign. The signature is good wherever the row does not say otherwise: what
// is refused here is refused for its form.
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { toBase64url, utf8 } from '../../src/domain/encoding.ts'
import { inspectToken } from '../../src/tokens/inspect.ts'
import { parseStrictJwt } from '../../src/tokens/strict-jwt.ts'
import { CLAIMS, createForge, type Forge, NOW, newSigningKey, signText } from './support/forge.ts'

let forge: Forge
beforeAll(async () => {
  forge = await createForge()
})
afterEach(() => vi.restoreAllMocks())

const inspect = (token: string) => inspectToken(forge.ring, 'at+jwt', token, NOW)
type Make = () => string | Promise<string>

const withHeader = (changes: Record<string, unknown>) => (): Promise<string> =>
  forge.sign(forge.header(changes))
const withHeaderText = (change: (header: string) => string) => (): Promise<string> =>
  forge.sign(change(forge.header()))
const adding = (member: string) => withHeaderText(header => header.replace(/}$/, `,${member}}`))
const before = (member: string) => withHeaderText(header => header.replace(/^{/, `{${member},`))
const partsOf = (token: string) => token.split('.') as [string, string, string]

const NONE: [string, Make][] = ['none', 'None', 'NONE', 'nOnE'].flatMap(alg => [
  [`JW-01: alg ${alg} without a signature`, async () => (await withHeader({ alg })()).replace(/[^.]*$/, '')],
  [`JW-01: alg ${alg} with a signature`, withHeader({ alg })],
])

const OTHER_ALGORITHMS: [string, Make][] = [
  ...[
    'ES384',
    'ES512',
    'ES256K',
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'EdDSA',
    'Ed25519',
    'HS256',
  ],
  ...['es256', 'Es256', 'ES256 ', ' ES256', 'ES-256', 'ECDSA', '', 'ES256\u0000'],
].map(alg => [`JW-01: alg ${JSON.stringify(alg)} under the same kid`, withHeader({ alg })])

const ODD_ALG: [string, Make][] = [undefined, null, ['ES256'], { ES256: true }, 256, true].map(alg => [
  `JW-01: alg ${JSON.stringify(alg) ?? 'missing'}`,
  withHeader({ alg }),
])

/** The public key in every form in which a verifier might take it for a shared secret. */
async function publicKeyAs(form: 'PEM' | 'SPKI' | 'JWK' | 'raw'): Promise<Uint8Array> {
  if (form === 'JWK') return utf8(JSON.stringify(forge.publicJwk))
  const key = await crypto.subtle.importKey(
    'jwk',
    forge.publicJwk,
    { name: 'ECDSA', namedCurve: 'P-256' },
    true,
    ['verify'],
  )
  if (form === 'raw') return new Uint8Array((await crypto.subtle.exportKey('raw', key)) as ArrayBuffer)
  const spki = new Uint8Array((await crypto.subtle.exportKey('spki', key)) as ArrayBuffer)
  if (form === 'SPKI') return spki
  const lines = btoa(String.fromCharCode(...spki)).match(/.{1,64}/g) ?? []
  return utf8(['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n'))
}

const HMAC: [string, Make][] = (['PEM', 'SPKI', 'JWK', 'raw'] as const).flatMap(form =>
  // HS512 too: its signature has the 64 bytes of ours.
  (['HS256', 'HS512'] as const).map((alg): [string, Make] => [
    `JW-01: ${alg} keyed with the public key as ${form}`,
    async () => {
      const hash = alg.replace('HS', 'SHA-')
      const key = await crypto.subtle.importKey(
        'raw',
        await publicKeyAs(form),
        { name: 'HMAC', hash },
        false,
        ['sign'],
      )
      const [header, payload] = partsOf(await withHeader({ alg })())
      const mac = await crypto.subtle.sign('HMAC', key, utf8(`${header}.${payload}`))
      return `${header}.${payload}.${toBase64url(new Uint8Array(mac))}`
    },
  ]),
)

const DUPLICATES: [string, Make][] = [
  ['JW-01: alg twice, none last', adding('"alg":"none"')],
  ['JW-01: alg twice, none first', before('"alg":"none"')],
  ['JW-01: alg twice, both ES256', adding('"alg":"ES256"')],
  ['JW-01: alg twice, once escaped', before('"\\u0061lg":"none"')],
  ['JW-10: typ twice', before('"typ":"JWT"')],
  ['JW-10: kid twice', before('"kid":"unknown"')],
  ['JW-10: an unknown member twice', adding('"x":1,"x":2')],
]

const kids = (values: readonly unknown[]) =>
  values.map((kid): [string, Make] => [`JW-02: kid ${JSON.stringify(kid) ?? 'missing'}`, withHeader({ kid })])
const ODD_KID: [string, Make][] = [
  ...kids([undefined, null, 7, true, {}, ['x']]),
  ['JW-02: kid as a list of the right one', () => withHeader({ kid: [forge.kid] })()],
]
const KID: [string, Make][] = kids([
  '',
  'unknown',
  '__proto__',
  'constructor',
  'toString',
  '../../../../etc/passwd',
  '/dev/null',
  "' OR 1=1 --",
  'https://eve.test/key.json',
  '\u0000',
])
const NEAR_KID: [string, Make][] = [
  ['JW-02: kid in upper case', () => withHeader({ kid: forge.kid.toUpperCase() })()],
  ['JW-02: kid with a space', () => withHeader({ kid: `${forge.kid} ` })()],
  ['JW-02: a prefix of the kid', () => withHeader({ kid: forge.kid.slice(0, -1) })()],
]

const KEYS_BROUGHT_ALONG: [string, Make][] = [
  ['JW-03: jwk, our own', () => withHeader({ jwk: forge.publicJwk })()],
  [
    'JW-03: jwk of the attacker, signed with it',
    async () => {
      const pair = await newSigningKey()
      const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey)
      const [header, payload] = partsOf(await withHeader({ jwk })())
      return `${header}.${payload}.${toBase64url(await signText(pair.privateKey, `${header}.${payload}`))}`
    },
  ],
  ...['jku', 'x5u'].map((name): [string, Make] => [
    `JW-03: ${name}`,
    withHeader({ [name]: 'https://eve.test/keys' }),
  ]),
  ...['x5t', 'x5t#S256'].map((name): [string, Make] => [`JW-03: ${name}`, withHeader({ [name]: 'AAAA' })]),
  ['JW-03: x5c', withHeader({ x5c: ['MIIB'] })],
  ['JW-03: jwk null', withHeader({ jwk: null })],
]

const CRITICAL: [string, Make][] = [
  ['JW-08: crit with an unknown name', withHeader({ crit: ['http://eve.test/x'], 'http://eve.test/x': 1 })],
  ['JW-08: crit empty', withHeader({ crit: [] })],
  ['JW-08: crit null', withHeader({ crit: null })],
  ['JW-08: crit exp', withHeader({ crit: ['exp'], exp: NOW + 9 })],
  ['JW-08: b64 true', withHeader({ b64: true, crit: ['b64'] })],
  ['JW-08: b64 false without crit', withHeader({ b64: false })],
  ['JW-08: b64 false with crit', withHeader({ b64: false, crit: ['b64'] })],
  [
    'JW-08: b64 false, payload as it stands',
    async () => {
      const input = `${toBase64url(utf8(forge.header({ b64: false, crit: ['b64'] })))}.${JSON.stringify({ exp: NOW + 9 })}`
      return `${input}.${toBase64url(await signText(forge.key, input))}`
    },
  ],
]

const types = (values: readonly unknown[]) =>
  values.map((typ): [string, Make] => [`JW-04: typ ${JSON.stringify(typ) ?? 'missing'}`, withHeader({ typ })])
const ODD_TYP = types([undefined, null, 1, ['at+jwt']])
const TYP = types([
  '',
  'JWT',
  'jwt',
  'AT+JWT',
  'at+JWT',
  'application/at+jwt',
  'at+jwt ',
  'magic-link+jwt',
  'logout+jwt',
  'dpop+jwt',
])

test('a token of ours is signed, whoever looks', async () => {
  expect(await inspect(forge.token)).toMatchObject({ tag: 'signed', kid: forge.kid, claims: CLAIMS })
  expect(await inspect(await forge.sign(forge.header()))).toMatchObject({ tag: 'signed', claims: CLAIMS })
})

/** Refused, and neither the network nor storage has been asked. */
async function expectInvalid(token: string): Promise<void> {
  const fetched = vi.spyOn(globalThis, 'fetch')
  const reads = { ...forge.storage.calls }
  expect(await inspect(token)).toEqual({ tag: 'invalid' })
  expect(fetched).not.toHaveBeenCalled()
  expect(forge.storage.calls).toEqual(reads)
}

describe('a header of odd form is refused by the guard alone, before any key is looked at', () => {
  test.each([
    ...NONE,
    ...OTHER_ALGORITHMS,
    ...ODD_ALG,
    ...HMAC,
    ...DUPLICATES,
    ...ODD_KID,
    ...KEYS_BROUGHT_ALONG,
    ...CRITICAL,
    ...ODD_TYP,
  ])('%s: invalid', async (_, make) => {
    const token = await make()
    expect(parseStrictJwt(token)).toBeNull()
    await expectInvalid(token)
  })

  test.each(['null', '[]', '"ES256"', '7', '', '{', '{}', '\uFEFF{}'])(
    'JW-09: a header that reads %j: invalid',
    async text => {
      const token = await forge.sign(text)
      expect(parseStrictJwt(token)).toBeNull()
      await expectInvalid(token)
    },
  )
})

describe('a header that speaks of another key or another kind of token is refused', () => {
  test.each([...KID, ...NEAR_KID, ...TYP])('%s: invalid', async (_, make) => expectInvalid(await make()))
})
