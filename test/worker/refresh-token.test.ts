// The secrets that people and apps hold: each is known again by its form and digest, and by nothing else.
import { describe, expect, test } from 'vitest'
import { parseBase64url } from '../../src/domain/encoding.ts'
import { shardTag, taggedId } from '../../src/domain/ids.ts'
import { mintBinding, readBinding } from '../../src/tokens/binding.ts'
import { isIssued, mintBrowserSession, readBrowserSession } from '../../src/tokens/browser-session.ts'
import { randomBytes, randomSecret } from '../../src/tokens/random.ts'
import { mintRefreshToken, type RefreshFacts, readRefreshToken } from '../../src/tokens/refresh-token.ts'
import { NOW, someSecrets } from './support/forge.ts'

const id = (kind: 'u' | 's' | 'i') => taggedId(kind, shardTag(7), randomBytes(16))
const SESSION = id('s')
const FACTS: RefreshFacts = {
  userId: id('u'),
  clientId: 'phone-app-of-the-bank',
  scope: 'openid sessions',
  audience: 'https://auth.test',
  authTime: NOW,
  amr: ['email_link'],
  absoluteExpiresAt: NOW + 99,
}
const secrets = someSecrets()
const mint = () => mintRefreshToken(secrets, SESSION, 3, FACTS)
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const another = (character: string) => ALPHABET[(ALPHABET.indexOf(character) + 1) % 64] ?? 'A'

describe('RF-01: a refresh token', () => {
  test('RF-01: is read back with its session, generation and facts', async () => {
    const minted = await mint()
    expect(minted).toMatchObject({ sessionId: SESSION, generation: 3, facts: FACTS })
    expect(await readRefreshToken(secrets, minted.text)).toEqual(minted)
  })

  test('RF-01: of the same session and generation differs each time, and so does its digest', async () => {
    const [a, b] = [await mint(), await mint()]
    expect(a.text).not.toBe(b.text)
    expect(a.digest).not.toBe(b.digest)
    expect(a.text.split('.')[2]?.slice(0, 43)).not.toBe(b.text.split('.')[2]?.slice(0, 43))
  })

  test('RF-01: has no fact of the user in the clear', async () => {
    const { text } = await mint()
    expect(text).not.toContain(FACTS.userId.slice(4))
    const sealed = String.fromCharCode(...(parseBase64url(text.split('.')[2]?.slice(43) ?? '') ?? []))
    expect(sealed.length).toBeGreaterThan(100)
    expect(sealed).not.toContain('phone-app')
  })

  test('RF-02: with any one character changed is not ours', async () => {
    const { text } = await mint()
    for (let index = 0; index < text.length; index++) {
      const tampered = text.slice(0, index) + another(text[index] ?? '') + text.slice(index + 1)
      expect([index, await readRefreshToken(secrets, tampered)]).toEqual([index, null])
    }
  })

  test('RF-02: put together from two of our own is not ours', async () => {
    const [a, b] = [await mint(), await mintRefreshToken(secrets, SESSION, 4, { ...FACTS, scope: 'admin' })]
    const [head, generation, secret] = a.text.split('.') as [string, string, string]
    const [, other, otherSecret] = b.text.split('.') as [string, string, string]
    for (const text of [
      `${head}.${other}.${secret}`,
      `${head}.${generation}.${otherSecret}`,
      `${head}.${generation}.${secret.slice(0, 43)}${otherSecret.slice(43)}`,
      `${head}.${generation}.${otherSecret.slice(0, 43)}${secret.slice(43)}`,
      `r_${id('s')}.${generation}.${secret}`,
    ])
      expect(await readRefreshToken(secrets, text)).toBeNull()
  })

  test('RF-02: invented for a known session is not ours, and nor is that of another deployment', async () => {
    for (const tail of ['', randomSecret(), `${randomSecret()}${'A'.repeat(400)}`])
      expect(await readRefreshToken(secrets, `r_${SESSION}.3.${randomSecret()}${tail}`)).toBeNull()
    const elsewhere = await mintRefreshToken(someSecrets(), SESSION, 3, FACTS)
    expect(await readRefreshToken(secrets, elsewhere.text)).toBeNull()
  })

  test('RF-02: of odd form is refused without an error', async () => {
    const { text } = await mint()
    const odd = [
      '',
      'r_',
      text.slice(2),
      ` ${text}`,
      `${text}\n`,
      `${text}=`,
      `${text}.`,
      text.replace('.3.', '.03.'),
    ]
    for (const form of [
      ...odd,
      text.replace('.3.', '..'),
      text.replace('.3.', '.-3.'),
      `${text}${'A'.repeat(4_096)}`,
    ])
      expect([form, await readRefreshToken(secrets, form)]).toEqual([form, null])
  })
})

describe('SE-12: the secret of a browser session', () => {
  test('SE-12: is read back with its user, session and digest', async () => {
    const minted = await mintBrowserSession(secrets, FACTS.userId, SESSION)
    expect(await readBrowserSession(minted.text)).toEqual(minted)
    expect(minted.text).toMatch(/^u_.{24}\.s_.{24}(?:\.[\w-]{43}){2}$/)
  })

  test('SE-12: has another digest for any one character changed', async () => {
    const minted = await mintBrowserSession(secrets, FACTS.userId, SESSION)
    for (let index = 0; index < minted.text.length; index++) {
      const tampered =
        minted.text.slice(0, index) + another(minted.text[index] ?? '') + minted.text.slice(index + 1)
      expect((await readBrowserSession(tampered))?.digest).not.toBe(minted.digest)
    }
  })

  test('SE-12: is known as ours by its tag alone; one with any one character changed is not, nor an invented one', async () => {
    const minted = await mintBrowserSession(secrets, FACTS.userId, SESSION)
    expect(await isIssued(secrets, minted)).toBe(true)
    expect(await isIssued(someSecrets(), minted)).toBe(false)
    // The last character of 256 bits has two spare ones: as another text it is another digest, and opens nothing.
    for (let index = 0; index < minted.text.length - 1; index++) {
      const text =
        minted.text.slice(0, index) + another(minted.text[index] ?? '') + minted.text.slice(index + 1)
      expect([text, await isIssued(secrets, { ...minted, text })]).toEqual([text, false])
    }
    const invented = `${FACTS.userId}.${SESSION}.${randomSecret()}.${randomSecret()}`
    expect(await isIssued(secrets, { ...minted, text: invented })).toBe(false)
  })

  test('SE-12: a handle that is shown, or any other form, is none', async () => {
    const { text } = await mintBrowserSession(secrets, FACTS.userId, SESSION)
    const odd = ['', SESSION, FACTS.userId, `${FACTS.userId}.${SESSION}`, `${FACTS.userId}.${SESSION}.`]
    for (const form of [
      ...odd,
      `${text}.`,
      `${text}A`,
      text.slice(0, -1),
      `${SESSION}.${FACTS.userId}.${randomSecret()}`,
    ])
      expect([form, await readBrowserSession(form)]).toEqual([form, null])
  })

  test('SE-01: two of one session differ', async () => {
    const [a, b] = [
      await mintBrowserSession(secrets, FACTS.userId, SESSION),
      await mintBrowserSession(secrets, FACTS.userId, SESSION),
    ]
    expect(a.text).not.toBe(b.text)
    expect(a.digest).not.toBe(b.digest)
  })
})

describe('ML-05: what ties a sign-in to the browser that asked for it', () => {
  test('ML-05: is read back with its sign-in and digest, and differs each time', async () => {
    const signIn = id('i')
    const minted = await mintBinding(signIn, null)
    expect(minted.signInId).toBe(signIn)
    expect(await readBinding(minted.text)).toEqual(minted)
    expect((await mintBinding(signIn, null)).digest).not.toBe(minted.digest)
  })

  test('ML-05: of odd form, or of a kind of its own, is none', async () => {
    const signIn = id('i')
    const { text } = await mintBinding(signIn, null)
    for (const form of [
      '',
      signIn,
      `${signIn}.`,
      `${text}.`,
      `${text}A`,
      `${id('s')}.${randomSecret()}`,
      text.slice(0, -1),
    ])
      expect([form, await readBinding(form)]).toEqual([form, null])
  })
})
