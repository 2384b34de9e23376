import { describe, expect, test } from 'vitest'
import { parseBase64url, toBase64url } from '../../src/domain/encoding.ts'
import { type DigestPurpose, digest, digestsEqual, pkceChallenge } from '../../src/tokens/digest.ts'
import { randomCode, randomId, randomSecret, randomTaggedId } from '../../src/tokens/random.ts'
import { createSecrets, type SealPurpose, sealUnder, unsealUnder } from '../../src/tokens/secrets.ts'
import { someSecrets } from './support/forge.ts'

const TEXT = 'a mail with a link in it: https://auth.test/sign-in/link?token=ey… ÄÖ€ \u0000'
const PURPOSES: SealPurpose[] = ['signing-key', 'outbox', 'refresh-facts']

/** The same bytes with one bit flipped, at every position. */
function* bitFlips(sealed: string): Generator<string> {
  const bytes = parseBase64url(sealed) ?? new Uint8Array()
  for (let index = 0; index < bytes.length; index++) {
    const flipped = bytes.slice()
    flipped[index] = (flipped[index] ?? 0) ^ 1
    yield toBase64url(flipped)
  }
}

describe('sealing', () => {
  test.each(PURPOSES)(
    'I9: what is sealed for %s is read back by whoever has purpose, context and secret',
    async purpose => {
      const secrets = someSecrets()
      const sealed = await secrets.seal(purpose, 'context', TEXT)
      expect(await secrets.unseal(purpose, 'context', sealed)).toBe(TEXT)
    },
  )

  test('I9: nothing of the text stands in what is stored, and two seals of it differ', async () => {
    const secrets = someSecrets()
    const [a, b] = [await secrets.seal('outbox', 'c', TEXT), await secrets.seal('outbox', 'c', TEXT)]
    expect(a).not.toBe(b)
    expect(a.slice(0, 43)).not.toBe(b.slice(0, 43))
    const bytes = String.fromCharCode(...(parseBase64url(a) ?? []))
    for (const word of ['mail', 'link', 'token']) expect(`${a}${bytes}`).not.toContain(word)
  })

  test('I9: another context, purpose or secret reads nothing', async () => {
    const secrets = createSecrets(['sealing'], ['digesting'])
    const sealed = await secrets.seal('outbox', 'context', TEXT)
    expect(await secrets.unseal('outbox', 'contexT', sealed)).toBeNull()
    expect(await secrets.unseal('outbox', '', sealed)).toBeNull()
    for (const purpose of PURPOSES.filter(name => name !== 'outbox'))
      expect(await secrets.unseal(purpose, 'context', sealed)).toBeNull()
    expect(await createSecrets(['sealinG'], ['digesting']).unseal('outbox', 'context', sealed)).toBeNull()
    expect(await createSecrets(['sealing'], ['other']).unseal('outbox', 'context', sealed)).toBe(TEXT)
  })

  test('I9: one flipped bit, wherever it is, and nothing is read', async () => {
    const secrets = someSecrets()
    const sealed = await secrets.seal('outbox', 'context', 'short')
    for (const tampered of bitFlips(sealed))
      expect(await secrets.unseal('outbox', 'context', tampered)).toBeNull()
  })

  test('I9: what is cut short, made longer or no base64url is null, never an error', async () => {
    const secrets = someSecrets()
    const sealed = await secrets.seal('outbox', 'context', 'short')
    const odd = [
      '',
      'A',
      sealed.slice(0, 43),
      sealed.slice(0, -1),
      sealed.slice(0, -4),
      `${sealed}AAAA`,
      `${sealed}=`,
    ]
    for (const text of [...odd, ` ${sealed}`, '!', toBase64url(new Uint8Array(48))])
      expect([text, await secrets.unseal('outbox', 'context', text)]).toEqual([text, null])
  })

  test('I9: an empty text is read back as such', async () => {
    const secrets = someSecrets()
    expect(await secrets.unseal('outbox', '', await secrets.seal('outbox', '', ''))).toBe('')
  })

  test('RF-03: a successor is sealed under the presented token, and no deployment secret opens it', async () => {
    const sealed = await sealUnder('r_presented', 'session.2', 'successor')
    expect(await unsealUnder('r_presented', 'session.2', sealed)).toBe('successor')
    expect(await unsealUnder('r_presenteD', 'session.2', sealed)).toBeNull()
    expect(await unsealUnder('r_presented', 'session.3', sealed)).toBeNull()
    for (const purpose of PURPOSES)
      expect(
        await createSecrets(['r_presented'], ['r_presented']).unseal(purpose, 'session.2', sealed),
      ).toBeNull()
  })
})

describe('keyed digests', () => {
  test('LG-02: depend on secret, purpose and text, and on nothing else', async () => {
    const secrets = createSecrets(['sealing'], ['digesting'])
    const mac = await secrets.mac('typed-code', 'BCDFGHJK')
    expect(mac).toMatch(/^[\w-]{43}$/)
    expect(await createSecrets(['another'], ['digesting']).mac('typed-code', 'BCDFGHJK')).toBe(mac)
    const others = [
      await secrets.mac('csrf', 'BCDFGHJK'),
      await secrets.mac('rate-limit', 'BCDFGHJK'),
      await secrets.mac('typed-code', 'BCDFGHJM'),
      await createSecrets(['sealing'], ['digestinG']).mac('typed-code', 'BCDFGHJK'),
    ]
    expect(new Set([mac, ...others]).size).toBe(5)
  })
})

describe('digests', () => {
  test('SE-01: two kinds of secret with one text have two digests', async () => {
    const purposes: DigestPurpose[] = [
      'commitment',
      'refresh-token',
      'browser-session',
      'sign-in-binding',
      'client-secret',
      'admin-token',
      'address',
    ]
    const digests = await Promise.all(purposes.map(purpose => digest(purpose, 'x')))
    expect(new Set(digests).size).toBe(purposes.length)
    expect(await digest('address', 'x')).toBe(digests.at(-1))
  })

  test('EB-04: are equal only as 32 bytes that are the same; anything else is unequal, never an error', async () => {
    const a = await digest('commitment', 'a')
    const b = await digest('commitment', 'b')
    expect(digestsEqual(a, a)).toBe(true)
    for (const other of [
      b,
      '',
      a.slice(0, -1),
      `${a}A`,
      `${a}=`,
      a.toUpperCase(),
      ` ${a}`,
      'A'.repeat(43),
      '!',
    ])
      expect([other, digestsEqual(a, other), digestsEqual(other, a)]).toEqual([other, false, false])
    expect(digestsEqual('', '')).toBe(false)
    expect(digestsEqual('AAAA', 'AAAA')).toBe(false)
  })

  test('AZ-03: a PKCE challenge is that of the RFC (RFC 7636, appendix B)', async () => {
    expect(await pkceChallenge('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    )
  })
})

describe('TK-11: what is drawn', () => {
  test('TK-11: 10,000 secrets of 32 bytes and ids of 16 are all different', () => {
    const count = 10_000
    const draw = (make: () => string) => new Set(Array.from({ length: count }, make))
    expect(parseBase64url(randomSecret())).toHaveLength(32)
    expect(draw(randomSecret).size).toBe(count)
    expect(draw(() => randomTaggedId('s', 'aa')).size).toBe(count)
    expect(draw(() => randomId('k')).size).toBe(count)
  })

  test('ML-01: 1,000 typed codes are eight characters each, and almost surely all different', () => {
    const codes = Array.from({ length: 1_000 }, randomCode)
    expect(codes.every(code => /^[BCDFGHJKMNPQRTVWXY2346789]{8}$/.test(code))).toBe(true)
    expect(new Set(codes).size).toBeGreaterThan(998)
  })
})
