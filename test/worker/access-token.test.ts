import { beforeAll, describe, expect, test } from 'vitest'
import { parseBase64url } from '../../src/domain/encoding.ts'
import { shardTag, taggedId } from '../../src/domain/ids.ts'
import {
  ACCESS_TOKEN_TYP,
  type Minted,
  mintAccessToken,
  parseAccessClaims,
} from '../../src/tokens/access-token.ts'
import { mintIdToken } from '../../src/tokens/id-token.ts'
import { inspectToken } from '../../src/tokens/inspect.ts'
import { LINK_TYP, mintLink } from '../../src/tokens/link-token.ts'
import { randomBytes } from '../../src/tokens/random.ts'
import { createForge, type Forge, NOW } from './support/forge.ts'

const ISSUER = 'https://auth.test'
const SESSION = taggedId('s', shardTag(7), randomBytes(16))
const GIVEN = {
  iss: ISSUER,
  sub: 'u_1',
  aud: ISSUER,
  client_id: 'ios',
  scope: 'sessions',
  iat: NOW,
  exp: NOW + 600,
  auth_time: NOW - 9,
  amr: ['email_link'],
}

let forge: Forge
let minted: Minted
beforeAll(async () => {
  forge = await createForge()
  minted = await mintAccessToken(forge.ring, GIVEN, { sessionId: SESSION, generation: 2 })
})

async function inspected(token: string) {
  const result = await inspectToken(forge.ring, ACCESS_TOKEN_TYP, token, NOW)
  if (result.tag !== 'signed') throw new Error(result.tag)
  return result
}

test('EB-01: an access token has 32 random bytes of its own, and what is stored is its commitment', async () => {
  const { claims, commitment } = await inspected(minted.token)
  expect(claims).toMatchObject({ ...GIVEN, sid: SESSION, jti: `${SESSION}.2` })
  expect(parseBase64url(String(claims.eb))).toHaveLength(32)
  expect(minted.bucket).toEqual({ audience: ISSUER, commitment, expiresAt: NOW + 600 })
  expect(JSON.stringify(minted.bucket)).not.toContain(String(claims.eb))
  const again = await mintAccessToken(forge.ring, GIVEN, { sessionId: SESSION, generation: 2 })
  expect((await inspected(again.token)).claims.eb).not.toBe(claims.eb)
})

test('JW-13: it has these claims and no other', async () => {
  const { claims } = await inspected(minted.token)
  expect(Object.keys(claims).sort()).toEqual([...Object.keys(GIVEN), 'eb', 'jti', 'sid'].sort())
})

describe('EB-05: the commitment covers every claim', () => {
  const changes: [claim: string, value: unknown][] = [
    ['iss', 'https://eve.test'],
    ['sub', 'u_2'],
    ['aud', 'https://api.test'],
    ['client_id', 'android'],
    ['scope', 'sessions admin'],
    ['iat', NOW + 1],
    ['exp', NOW + 601],
    ['jti', `${SESSION}.1`],
    ['sid', 's_other'],
    ['eb', 'A'.repeat(43)],
    ['auth_time', NOW],
    ['amr', ['email_code']],
    ['nbf', NOW],
  ]
  test.each(changes)(
    'EB-05: %s changed, signed again with the real key: another commitment',
    async (claim, value) => {
      const { claims } = await inspected(minted.token)
      const forged = await forge.sign(forge.header(), JSON.stringify({ ...claims, [claim]: value }))
      expect((await inspected(forged)).commitment).not.toBe(minted.bucket.commitment)
    },
  )

  test('EB-05: the header and the writing of the claims too', async () => {
    const { claims } = await inspected(minted.token)
    const texts = [
      forge.sign(forge.header({ x: 1 }), JSON.stringify(claims)),
      forge.sign(` ${forge.header()}`, JSON.stringify(claims)),
      forge.sign(forge.header(), JSON.stringify(claims, null, 1)),
      forge.sign(forge.header(), JSON.stringify(Object.fromEntries(Object.entries(claims).reverse()))),
    ]
    for (const token of texts)
      expect((await inspected(await token)).commitment).not.toBe(minted.bucket.commitment)
    const same = await forge.sign(forge.header(), JSON.stringify(claims))
    expect((await inspected(same)).commitment).toBe(minted.bucket.commitment)
  })
})

describe('JW-10: claims of a committed token', () => {
  test('JW-10: are read when all are there', async () => {
    const { claims } = await inspected(minted.token)
    expect(parseAccessClaims(claims, ISSUER)).toEqual(claims)
  })

  test('JW-05: the issuer is compared exactly', async () => {
    const { claims } = await inspected(minted.token)
    for (const iss of [
      `${ISSUER}/`,
      'https://AUTH.test',
      'http://auth.test',
      `${ISSUER}:443`,
      [ISSUER],
      null,
    ])
      expect(parseAccessClaims({ ...claims, iss }, ISSUER)).toBeNull()
  })

  const wrong = [undefined, null, 7, '', '7', true, [], {}, 1.5]
  const names = ['sub', 'aud', 'client_id', 'scope', 'jti', 'sid', 'eb', 'iat', 'exp', 'auth_time', 'amr']
  test.each(names)('JW-10: %s of another type is refused', async name => {
    const { claims } = await inspected(minted.token)
    const kind = Array.isArray(claims[name]) ? 'list' : typeof claims[name]
    const others = wrong.filter(value => {
      if (kind === 'string') return typeof value !== 'string'
      if (kind === 'number') return !Number.isSafeInteger(value)
      return !Array.isArray(value)
    })
    for (const value of others) expect(parseAccessClaims({ ...claims, [name]: value }, ISSUER)).toBeNull()
    expect(others.length).toBeGreaterThan(5)
  })
})

describe('JW-04: one kind of token is never another', () => {
  test('JW-04: a link and an ID token are no access token, and an access token is no link', async () => {
    const link = await mintLink(forge.ring, ISSUER, 'i_1', NOW, NOW + 600)
    const idToken = await mintIdToken(forge.ring, { ...GIVEN, sid: SESSION })
    for (const token of [link.token, idToken])
      expect(await inspectToken(forge.ring, ACCESS_TOKEN_TYP, token, NOW)).toEqual({ tag: 'invalid' })
    for (const token of [minted.token, idToken])
      expect(await inspectToken(forge.ring, LINK_TYP, token, NOW)).toEqual({ tag: 'invalid' })
    expect(await inspectToken(forge.ring, LINK_TYP, link.token, NOW)).toMatchObject({
      tag: 'signed',
      claims: { jti: 'i_1', iss: ISSUER },
      commitment: link.commitment,
    })
  })

  test('ML-02: a link is signed until its expiry, and expired from then on', async () => {
    const link = await mintLink(forge.ring, ISSUER, 'i_1', NOW, NOW + 600)
    const at = (now: number) => inspectToken(forge.ring, LINK_TYP, link.token, now)
    expect(await at(NOW + 599)).toMatchObject({ tag: 'signed' })
    expect(await at(NOW + 600)).toMatchObject({ tag: 'expired' })
  })
})
