// What an attacker with the signing key and one live token of their own can sign: one change in each.
import { type Claims, claimsOf, type LeakedKey, payloadText } from './leaked-key.ts'

export interface Bench {
  readonly key: LeakedKey
  /** A live token of the attacker's own. */
  readonly own: string
  /** The claims of somebody else's live token, but for its bucket: the rest stands in the database. */
  readonly victim: Claims
}

export type Forgery = readonly [what: string, make: (bench: Bench) => Promise<string>]

/** Every claim of an access token. */
const CLAIM_NAMES = [
  ...['iss', 'sub', 'aud', 'client_id', 'scope', 'iat', 'exp', 'jti', 'sid', 'eb', 'auth_time', 'amr'],
] as const

const changed = (what: string, change: (own: Claims, victim: Claims) => Claims): Forgery => [
  what,
  ({ key, own, victim }) => key.resign(own, change(claimsOf(own), victim)),
]

const rewritten = (what: string, rewrite: (payload: string) => string | Uint8Array): Forgery => [
  what,
  ({ key, own }) => key.sign(rewrite(payloadText(own))),
]

const framed = (what: string, header: (header: Claims) => unknown): Forgery => [
  what,
  ({ key, own }) => key.sign(payloadText(own), header(key.header())),
]

const number = (value: unknown): number => Number(value)

const CHANGED: readonly Forgery[] = [
  changed('another issuer', () => ({ iss: 'https://auth.example' })),
  changed('the issuer with a slash', ({ iss }) => ({ iss: `${iss}/` })),
  changed('the victim as subject', (_, { sub }) => ({ sub })),
  changed('another audience', () => ({ aud: 'https://api.example' })),
  changed('the audience in a list', ({ aud }) => ({ aud: [aud] })),
  changed('another client', () => ({ client_id: 'account' })),
  changed('a wider scope', ({ scope }) => ({ scope: `${scope} admin` })),
  changed('a narrower scope', () => ({ scope: 'sessions' })),
  changed('a second more', ({ exp }) => ({ exp: number(exp) + 1 })),
  changed('a second less', ({ exp }) => ({ exp: number(exp) - 1 })),
  changed('a year more', ({ exp }) => ({ exp: number(exp) + 31_536_000 })),
  changed('an expiry in milliseconds', ({ exp }) => ({ exp: number(exp) * 1_000 })),
  changed('an expiry as text', ({ exp }) => ({ exp: String(exp) })),
  changed('another time of issue', ({ iat }) => ({ iat: number(iat) - 1 })),
  changed('issued in a year', ({ iat }) => ({ iat: number(iat) + 31_536_000 })),
  changed('a later sign-in', ({ auth_time }) => ({ auth_time: number(auth_time) + 1 })),
  changed('more factors', () => ({ amr: ['email_link', 'mfa'] })),
  changed('the next generation', ({ sid }) => ({ jti: `${sid}.2` })),
  changed('generation 0', ({ sid }) => ({ jti: `${sid}.0` })),
  changed('generation 01', ({ sid }) => ({ jti: `${sid}.01` })),
  changed('a generation beyond numbers', ({ sid }) => ({ jti: `${sid}.99999999999999999999` })),
  changed('no generation', ({ sid }) => ({ jti: sid })),
  changed('a jti of three parts', ({ jti }) => ({ jti: `${jti}.1` })),
  changed('a jti that is SQL', () => ({ jti: "' OR 1=1 --" })),
  changed("the victim's jti", (_, { jti }) => ({ jti })),
  changed("the victim's session", (_, { sid }) => ({ sid })),
  changed("the victim's jti and session", (_, { jti, sid }) => ({ jti, sid })),
  changed('everything of the victim but the bucket', (own, victim) => ({ ...victim, eb: own.eb })),
  changed('a bucket of their own making', () => ({ eb: 'A'.repeat(43) })),
  changed('a key to be bound to', () => ({ cnf: { jkt: 'A'.repeat(43) } })),
  changed('a time to begin', ({ iat }) => ({ nbf: iat })),
  changed('a member that nobody knows', () => ({ admin: true })),
]

const MALFORMED_VALUES: readonly unknown[] = [null, [], {}, { $gt: '' }, [[[1]]], true, '', 1e308]

const MALFORMED: readonly Forgery[] = CLAIM_NAMES.flatMap(name => [
  changed(`without ${name}`, () => ({ [name]: undefined })),
  changed(`a fraction as ${name}`, ({ exp }) => ({ [name]: number(exp) + 0.5 })),
  ...MALFORMED_VALUES.map(value => changed(`${JSON.stringify(value)} as ${name}`, () => ({ [name]: value }))),
])

const REWRITTEN: readonly Forgery[] = [
  rewritten('white space in the payload', payload => payload.replace(',', ', ')),
  rewritten('a line feed after the payload', payload => `${payload}\n`),
  rewritten('other order of members', payload =>
    JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(payload) as Claims).reverse())),
  ),
  rewritten('sub twice', payload => payload.replace(/}$/, ',"sub":"u_aaAAAAAAAAAAAAAAAAAAAAAA"}')),
  rewritten('sub twice, the own one last', payload => payload.replace(/^{/, '{"sub":"u_aa",')),
  rewritten('an escape for a letter', payload => payload.replace('"sub"', '"\\u0073ub"')),
  rewritten('an endless expiry', payload => payload.replace(/"exp":\d+/, '"exp":1e999')),
  rewritten('an exponent in the expiry', payload => payload.replace(/"exp":(\d+)/, '"exp":$1e0')),
  rewritten('__proto__', payload => payload.replace(/^{/, '{"__proto__":{"scope":"admin"},')),
  rewritten('claims in __proto__ only', payload => `{"__proto__":${payload}}`),
  rewritten('no claims', () => '{}'),
  rewritten('a list of claims', payload => `[${payload}]`),
  rewritten('a text', () => '"claims"'),
  rewritten('null', () => 'null'),
  rewritten('a number', () => '7'),
  rewritten('no JSON', payload => payload.slice(1)),
  rewritten('deep lists', () => `{"a":${'['.repeat(2_500)}${']'.repeat(2_500)}}`),
  rewritten('no UTF-8', () => Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d)),
]

const FRAMED: readonly Forgery[] = [
  framed('one more header member', header => ({ ...header, x: 1 })),
  framed('a content type', header => ({ ...header, cty: 'JWT' })),
  framed('other order of the header', ({ kid, typ, alg }) => ({ kid, typ, alg })),
  framed('deep lists in the header', header =>
    JSON.stringify(header).replace(/}$/, `,"x":${'['.repeat(2_400)}${']'.repeat(2_400)}}`),
  ),
  framed('white space in the header', header => JSON.stringify(header).replace(',', ', ')),
]

export const FORGERIES: readonly Forgery[] = [...CHANGED, ...MALFORMED, ...REWRITTEN, ...FRAMED]
