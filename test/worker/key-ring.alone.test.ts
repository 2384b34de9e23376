import { describe, expect, test } from 'vitest'
import { changeSigningKeys, listPublishedKeys, type SigningKeyRow } from '../../src/store/signing-keys.ts'
import type { KeyStorage } from '../../src/tokens/change-keys.ts'
import { createKeyRing, type KeyRing } from '../../src/tokens/key-ring.ts'
import { unsealKey } from '../../src/tokens/signing-key.ts'
import { parseStrictJwt } from '../../src/tokens/strict-jwt.ts'
import { DB, DB_1 } from './support/databases.ts'
import { activeOf, memoryKeys, NOW, someSecrets } from './support/forge.ts'

const issue = async (ring: KeyRing, now = NOW) => (await ring.sign('at+jwt', { exp: now + 600 }, now)).token

async function accepts(ring: KeyRing, token: string, now = NOW): Promise<boolean> {
  const jwt = parseStrictJwt(token)
  if (jwt === null) throw new Error('a token of odd form')
  return (await ring.verify(jwt, token, now)) !== null
}

const inDatabase = (db: D1Database): KeyStorage => ({
  list: () => listPublishedKeys(db),
  change: (change, created, now) => changeSigningKeys(db, change, created, now),
})

describe('the first keys', () => {
  test('KY-03: are made once, though many rings start together on an empty database', async () => {
    const secrets = someSecrets()
    const rings = Array.from({ length: 8 }, () => createKeyRing(inDatabase(DB), secrets))
    const tokens = await Promise.all(rings.map(ring => issue(ring)))
    const rows = await listPublishedKeys(DB)
    expect(rows.map(row => row.state).sort()).toEqual(['active', 'pending'])
    expect(activeOf(rows)).toMatchObject({ created_at: NOW, active_at: NOW, gone_at: null })
    // The pending one is as old: whoever knows the first key knows it too.
    expect(rows.find(row => row.state === 'pending')).toMatchObject({ known_at: NOW, active_at: null })
    for (const ring of rings) for (const token of tokens) expect(await accepts(ring, token)).toBe(true)
  })

  test('KY-03: are made once by one ring that is asked many times at once', async () => {
    const storage = memoryKeys()
    const ring = createKeyRing(storage, someSecrets())
    const tokens = await Promise.all(Array.from({ length: 8 }, () => issue(ring)))
    expect(storage.keys).toHaveLength(2)
    for (const token of tokens) expect(await accepts(ring, token)).toBe(true)
  })

  test('KY-01: are kept with their private part sealed, and their public part without it', async () => {
    const storage = memoryKeys()
    const secrets = someSecrets()
    await issue(createKeyRing(storage, secrets))
    expect(storage.keys).toHaveLength(2)
    for (const stored of storage.keys) {
      const { d } = await unsealKey(secrets, stored)
      expect(d).toMatch(/^[\w-]{43}$/)
      expect(JSON.stringify(stored)).not.toContain(d)
      expect(Object.keys(JSON.parse(stored.public_jwk)).sort()).toEqual(['crv', 'kty', 'x', 'y'])
    }
  })
})

describe('KY-01: a private key is readable with its own secret only', () => {
  test('KY-01: with another secret there is no ring, and the error shows no key', async () => {
    const storage = memoryKeys()
    await issue(createKeyRing(storage, someSecrets()))
    const error = await issue(createKeyRing(storage, someSecrets())).catch(String)
    expect(error).toContain('SEALING_SECRET')
    expect(error).not.toContain(activeOf(storage.keys).sealed_private_jwk)
  })

  test('KY-01: sealed for one kid, it is not readable under another', async () => {
    const storage = memoryKeys()
    const secrets = someSecrets()
    await issue(createKeyRing(storage, secrets))
    const renamed = storage.keys.map(key => ({ ...key, kid: 'k_other' }))
    await expect(issue(createKeyRing({ ...storage, list: async () => renamed }, secrets))).rejects.toThrow(
      'k_other',
    )
  })

  test('KY-01: an active key without its private part signs nothing', async () => {
    const storage = memoryKeys()
    const secrets = someSecrets()
    await issue(createKeyRing(storage, secrets))
    const bare = storage.keys.map(key => ({ ...key, sealed_private_jwk: null }))
    await expect(issue(createKeyRing({ ...storage, list: async () => bare }, secrets))).rejects.toThrow()
  })
})

describe('the cache', () => {
  test('KY-04: is asked again after 50 seconds and not before, and forgets a removed key', async () => {
    const storage = memoryKeys()
    const ring = createKeyRing(storage, someSecrets())
    const token = await issue(ring)
    const reads = storage.calls.list
    expect(await accepts(ring, token, NOW + 49)).toBe(true)
    expect(storage.calls.list).toBe(reads)
    storage.keys.length = 0
    expect(await accepts(ring, token, NOW + 49)).toBe(true)
    expect(await accepts(ring, token, NOW + 50)).toBe(false)
    expect(storage.calls.list).toBeGreaterThan(reads)
  })

  test('JW-02: an unknown kid asks storage for nothing', async () => {
    const storage = memoryKeys()
    const ring = createKeyRing(storage, someSecrets())
    await issue(ring)
    const stranger = await issue(createKeyRing(memoryKeys(), someSecrets()))
    const calls = { ...storage.calls }
    for (let i = 0; i < 100; i++) expect(await accepts(ring, stranger, NOW + 49)).toBe(false)
    expect(storage.calls).toEqual(calls)
  })

  test('EB-09: a load that failed is not remembered, and nothing was signed or accepted by it', async () => {
    const storage = memoryKeys()
    const secrets = someSecrets()
    const token = await issue(createKeyRing(storage, secrets))
    let isDown = true
    const list = async () => {
      if (isDown) throw new Error('storage is down')
      return storage.keys
    }
    const ring = createKeyRing({ ...storage, list }, secrets)
    await expect(issue(ring)).rejects.toThrow('storage is down')
    await expect(accepts(ring, token)).rejects.toThrow('storage is down')
    isDown = false
    expect(await accepts(ring, token)).toBe(true)
  })

  test('EB-09: a load that never ends, because its request went away, holds up nobody else', async () => {
    const storage = memoryKeys()
    let loads = 0
    const list = () => (loads++ === 0 ? new Promise<never>(() => {}) : storage.list())
    const ring = createKeyRing({ ...storage, list }, someSecrets())
    void issue(ring)
    await expect(issue(ring)).resolves.toMatch(/^ey/)
  })

  test('KY-04: a clock that was set back does not keep the keys for longer', async () => {
    const storage = memoryKeys()
    const ring = createKeyRing(storage, someSecrets())
    const token = await issue(ring, NOW)
    storage.keys.length = 0
    expect(await accepts(ring, token, NOW - 50)).toBe(false)
  })
})

describe('a rotation', () => {
  test('KY-03: signs with the active key, and accepts pending and retiring ones', async () => {
    const secrets = someSecrets()
    const stores = [memoryKeys(), memoryKeys(), memoryKeys()]
    const [pending, active, retiring] = await Promise.all(
      stores.map(store => issue(createKeyRing(store, secrets))),
    )
    const states: SigningKeyRow['state'][] = ['pending', 'active', 'retiring']
    const keys = stores.map((store, index) => ({ ...activeOf(store.keys), state: states[index] ?? 'gone' }))
    const ring = createKeyRing({ ...memoryKeys(), list: async () => keys }, secrets)
    for (const token of [pending, active, retiring]) expect(await accepts(ring, token ?? '')).toBe(true)
    expect(parseStrictJwt(await issue(ring))?.kid).toBe(keys[1]?.kid)
  })

  test('KY-04: what was read before a removal made here is forgotten with it, however late it arrives', async () => {
    const storage = inDatabase(DB_1)
    let arrive = () => {}
    const held = new Promise<void>(resolve => {
      arrive = resolve
    })
    let isSlow = false
    const list = async () => {
      const keys = await storage.list()
      if (isSlow) {
        isSlow = false
        await held
      }
      return keys
    }
    const ring = createKeyRing({ ...storage, list }, someSecrets())
    const token = await issue(ring)
    isSlow = true
    const slow = accepts(ring, token, NOW + 50)
    expect(await ring.remove(parseStrictJwt(token)?.kid ?? '', NOW + 50)).toHaveLength(2)
    arrive()
    expect(await slow).toBe(true)
    expect(await accepts(ring, token, NOW + 50)).toBe(false)
    await DB_1.exec('DELETE FROM signing_keys')
  })

  test('KY-04: a signature that was good before counts no more once its key is removed, nor for another token', async () => {
    const ring = createKeyRing(inDatabase(DB_1), someSecrets())
    const token = await issue(ring)
    for (let times = 0; times < 2; times++) expect(await accepts(ring, token)).toBe(true)
    const [head = '', , signature = ''] = token.split('.')
    const [, payload = ''] = (await issue(ring, NOW + 1)).split('.')
    expect(await accepts(ring, [head, payload, signature].join('.'))).toBe(false)
    await ring.remove(parseStrictJwt(token)?.kid ?? '', NOW)
    expect(await accepts(ring, token)).toBe(false)
    await DB_1.exec('DELETE FROM signing_keys')
  })

  test('KY-04: a key that is gone is not listed by the database', async () => {
    const secrets = someSecrets()
    const token = await issue(createKeyRing(inDatabase(DB_1), secrets))
    await DB_1.prepare("UPDATE signing_keys SET state = 'gone', gone_at = ?, sealed_private_jwk = NULL")
      .bind(NOW)
      .run()
    expect(await listPublishedKeys(DB_1)).toEqual([])
    expect(await accepts(createKeyRing(inDatabase(DB_1), secrets), token)).toBe(false)
  })
})

describe('KY-02: the published key set', () => {
  test('KY-02: has public members only, one kid for each key, and its alg and use', async () => {
    const secrets = someSecrets()
    const stores = [memoryKeys(), memoryKeys()]
    for (const store of stores) await issue(createKeyRing(store, secrets))
    // Even a row that was written with its private part, and more, shows none of it.
    const keys = stores.map((store, index) => {
      const key = activeOf(store.keys)
      const more = { d: 'private', key_ops: ['sign'], ext: true }
      return {
        ...key,
        state: index === 0 ? ('active' as const) : ('retiring' as const),
        public_jwk: JSON.stringify({ ...JSON.parse(key.public_jwk), ...more }),
      }
    })
    const jwks = await createKeyRing({ ...memoryKeys(), list: async () => keys }, secrets).publicJwks(NOW)
    expect(jwks.keys).toHaveLength(2)
    expect(new Set(jwks.keys.map(key => key.kid)).size).toBe(2)
    for (const key of jwks.keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
    }
  })
})
