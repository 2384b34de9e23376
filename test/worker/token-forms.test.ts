// The forms in which a token may come, at a real endpoint: one, and every other is a plain 401 that fetches nothing.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseBase64url, toBase64url, utf8 } from '../../src/domain/encoding.ts'
import { alarmCount } from './support/alarms.ts'
import { type Claims, type LeakedKey, leakKey, payloadText } from './support/leaked-key.ts'
import { bearer, createService, freshAddress } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'

const service = createService()
let key: LeakedKey
let token: string

beforeAll(async () => {
  const { client_id } = await createClient(service)
  token = (await signIn(service, client_id, freshAddress())).access_token
  key = await leakKey(service)
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

const whoami = (text: string) => service.request('/ping/whoami', bearer(text))

type Form = readonly [what: string, make: () => string | Promise<string>]

/** Signed with our key, over this header. */
const withHeader = (what: string, changes: Claims): Form => [what, () => key.resign(token, {}, changes)]
const withHeaderText = (what: string, change: (header: string) => string): Form => [
  what,
  () => key.sign(payloadText(token), change(JSON.stringify(key.header()))),
]
const rewritten = (what: string, rewrite: (h: string, p: string, s: string) => string): Form => [
  what,
  () => rewrite(...(token.split('.') as [string, string, string])),
]
const withSignature = (what: string, change: (bytes: Uint8Array) => Iterable<number>): Form =>
  rewritten(
    what,
    (h, p, s) => `${h}.${p}.${toBase64url(Uint8Array.from(change(parseBase64url(s) as Uint8Array)))}`,
  )

/** The public key, in a form that a verifier could take for a shared secret. */
async function signedWithPublicKey(as: 'JWK' | 'raw' | 'PEM'): Promise<string> {
  const { keys } = (await (await service.request('/.well-known/jwks.json')).json()) as { keys: JsonWebKey[] }
  const jwk = keys[0] as JsonWebKey
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const publicKey = await crypto.subtle.importKey('jwk', jwk, algorithm, true, ['verify'])
  const exported = async (format: 'raw' | 'spki') =>
    new Uint8Array((await crypto.subtle.exportKey(format, publicKey)) as ArrayBuffer)
  const pem = async () =>
    `-----BEGIN PUBLIC KEY-----\n${btoa(String.fromCharCode(...(await exported('spki'))))}\n-----END PUBLIC KEY-----\n`
  const secret =
    as === 'JWK' ? utf8(JSON.stringify(jwk)) : as === 'raw' ? await exported('raw') : utf8(await pem())
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const mac = await crypto.subtle.importKey('raw', secret, hmac, false, ['sign'])
  const [, body] = token.split('.')
  const input = `${toBase64url(utf8(JSON.stringify(key.header({ alg: 'HS256' }))))}.${body}`
  return `${input}.${toBase64url(new Uint8Array(await crypto.subtle.sign('HMAC', mac, utf8(input))))}`
}

const zeros = new Uint8Array(32)
const order = Uint8Array.from(
  'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'.match(/../g) ?? [],
  pair => Number.parseInt(pair, 16),
)

const FORMS: readonly Form[] = [
  ...['none', 'None', 'NONE', 'nOnE'].map(alg => withHeader(`JW-01: alg ${alg}`, { alg })),
  ...['HS256', 'ES384', 'ES256K', 'RS256', 'PS256', 'EdDSA', 'es256'].map(alg =>
    withHeader(`JW-01: alg ${alg}`, { alg }),
  ),
  ...(['JWK', 'raw', 'PEM'] as const).map(
    (as): Form => [`JW-01: HS256 with our public key as ${as}`, () => signedWithPublicKey(as)],
  ),
  withHeader('JW-01: no alg', { alg: undefined }),
  withHeader('JW-01: a list of alg', { alg: ['ES256'] }),
  withHeaderText('JW-01: alg twice', header => header.replace('{', '{"alg":"none",')),
  ...['../../../etc/passwd', "' OR 1=1 --", 'https://keys.example/k', 'constructor', '__proto__', ''].map(
    kid => withHeader(`JW-02: kid ${kid}`, { kid }),
  ),
  ...[null, 7, {}, [], true].map(kid => withHeader(`JW-02: kid ${JSON.stringify(kid)}`, { kid })),
  withHeader('JW-02: no kid', { kid: undefined }),
  ...['jku', 'x5u'].map(name => withHeader(`JW-03: ${name}`, { [name]: 'https://keys.example/jwks.json' })),
  withHeader('JW-03: jwk', { jwk: { kty: 'EC', crv: 'P-256', x: 'A', y: 'A' } }),
  withHeader('JW-03: x5c', { x5c: ['MIIB'] }),
  withHeader('JW-08: crit of exp', { crit: ['exp'] }),
  withHeader('JW-08: crit of nothing', { crit: [] }),
  withHeader('JW-08: b64 false and critical', { b64: false, crit: ['b64'] }),
  withHeader('JW-08: b64 false', { b64: false }),
  withHeader('JW-08: b64 true', { b64: true }),
  rewritten('JW-09: padding', (h, p, s) => `${h}.${p}.${s}==`),
  rewritten('JW-09: padding within', (h, p, s) => `${h}=.${p}.${s}`),
  rewritten('JW-09: a space', (h, p, s) => `${h}.${p}. ${s}`),
  rewritten('JW-09: the other alphabet', (h, p, s) => `${h}.${p}.${s.slice(0, -3)}+/A`),
  rewritten('JW-09: spare bits', (h, p, s) => `${h}.${p}.${s.slice(0, -1)}${s.endsWith('A') ? 'B' : 'R'}`),
  rewritten('JW-09: one more dot', (h, p, s) => `${h}.${p}.${s}.`),
  rewritten('JW-09: five parts', (h, p, s) => `${h}.${p}.${s}.${p}.${s}`),
  rewritten('JW-09: a part missing', (h, _, s) => `${h}..${s}`),
  rewritten('JW-09: JSON serialization', (h, p, s) =>
    JSON.stringify({ protected: h, payload: p, signature: s }),
  ),
  ...[9_000, 100_000, 1_000_000].map(size =>
    rewritten(`JW-11: ${size} characters`, h => `${h}.${'A'.repeat(size)}.AAAA`),
  ),
  withSignature('JW-12: r is 0', bytes => [...zeros, ...bytes.slice(32)]),
  withSignature('JW-12: s is 0', bytes => [...bytes.slice(0, 32), ...zeros]),
  withSignature('JW-12: r and s are 0', () => [...zeros, ...zeros]),
  withSignature('JW-12: r is the order', bytes => [...order, ...bytes.slice(32)]),
  withSignature('JW-12: s is the order', bytes => [...bytes.slice(0, 32), ...order]),
  withSignature('JW-12: r and s are exchanged', bytes => [...bytes.slice(32), ...bytes.slice(0, 32)]),
  withSignature('JW-12: 63 bytes', bytes => bytes.slice(1)),
  withSignature('JW-12: 65 bytes', bytes => [0, ...bytes]),
  withSignature('JW-12: DER', bytes => [0x30, 68, 2, 32, ...bytes.slice(0, 32), 2, 32, ...bytes.slice(32)]),
]

describe('a token in another form than ours', () => {
  it.each(FORMS)('%s', async (_, make) => {
    const fetches = vi.spyOn(globalThis, 'fetch')
    const before = await alarmCount(service)
    const response = await whoami(await make())
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ code: 'invalid_token' })
    expect(fetches).not.toHaveBeenCalled()
    expect(await alarmCount(service)).toBe(before)
    fetches.mockRestore()
  })

  it('JW-09: ours is accepted', async () => expect((await whoami(token)).status).toBe(200))
})
