// The two deployment secrets, as keys for one purpose each (HKDF, RFC 5869). Sealing is AES-256-GCM. Of each there may be
// two while it is being replaced: the one in use makes everything, the other one is only ever accepted.
import type { Accepted } from '../domain/deployment-secrets.ts'
import { parseBase64url, parseUtf8, toBase64url, utf8 } from '../domain/encoding.ts'
import { randomBytes } from './random.ts'

export type SealPurpose =
  | 'signing-key'
  | 'outbox'
  | 'refresh-facts'
  | 'authorization'
  | 'continue-to'
  | 'notice-link'
  | 'device-code'
  | 'webhook-secret'
  | 'chain-key'
export type MacPurpose =
  | 'typed-code'
  | 'browser-session'
  | 'email-code'
  | 'csrf'
  | 'rate-limit'
  | 'authorization-code'
  | 'device-mark'
  | 'user-code'
  | 'event-chain'
  | 'operator-session'

const SALT_BYTES = 32
const MAC_KEY_BITS = 256

export interface Secrets {
  /** Text that only this deployment can read; `context` is authenticated and must be given again. */
  seal(purpose: SealPurpose, context: string, text: string): Promise<string>
  /** null for anything that `seal` did not make with this purpose and context, under a secret that is accepted. */
  unseal(purpose: SealPurpose, context: string, sealed: string): Promise<string | null>
  /** The same text, sealed under the secret in use; null when it is already, or cannot be unsealed. */
  reseal(purpose: SealPurpose, context: string, sealed: string): Promise<string | null>
  /** HMAC-SHA-256, base64url, under the secret in use. */
  mac(purpose: MacPurpose, text: string): Promise<string>
  /** Under every secret that is accepted, the one in use first: to recognise what another isolate may have made. */
  macs(purpose: MacPurpose, text: string): Promise<readonly string[]>
}

/** Of each the one in use, and the other one if there is one. */
export function createSecrets(sealing: Accepted, digesting: Accepted): Secrets {
  const roots = sealing.filter(secret => secret !== undefined).map(createRoot)
  const [inUse = createRoot(sealing[0]), ...others] = roots
  const macKeys = digesting.filter(secret => secret !== undefined).map(createMacKeys)

  const unsealBy = async (roots: readonly Root[], info: string, context: string, sealed: string) => {
    for (const root of roots) {
      const text = await unsealWith(await root(), info, context, sealed)
      if (text !== null) return text
    }
    return null
  }
  const seal = async (info: string, context: string, text: string) =>
    sealWith(await inUse(), info, context, text)
  const macs = (purpose: MacPurpose, text: string, keys = macKeys) =>
    Promise.all(keys.map(async keyOf => macWith(await keyOf(purpose), text)))

  return {
    seal: (purpose, context, text) => seal(sealInfo(purpose), context, text),
    unseal: (purpose, context, sealed) => unsealBy(roots, sealInfo(purpose), context, sealed),
    async reseal(purpose, context, sealed) {
      const info = sealInfo(purpose)
      if ((await unsealBy([inUse], info, context, sealed)) !== null) return null
      const text = await unsealBy(others, info, context, sealed)
      return text === null ? null : seal(info, context, text)
    },
    mac: async (purpose, text) => (await macs(purpose, text, macKeys.slice(0, 1)))[0] ?? '',
    macs,
  }
}

type Root = () => Promise<CryptoKey>

// Only finished keys are shared: a promise would die with the request that made it.
function createRoot(secret: string): Root {
  let root: CryptoKey | null = null
  return async () => {
    root ??= await importRoot(secret)
    return root
  }
}

function createMacKeys(secret: string): (purpose: MacPurpose) => Promise<CryptoKey> {
  const known = new Map<MacPurpose, CryptoKey>()
  return async purpose => {
    const key = known.get(purpose) ?? (await importMacKey(await deriveMacKey(secret, purpose)))
    known.set(purpose, key)
    return key
  }
}

const sealInfo = (purpose: SealPurpose): string => `latchkey/seal/${purpose}/v1`

/** The 32 bytes of the one key that a digest secret yields for this purpose. */
export async function deriveMacKey(secret: string, purpose: MacPurpose): Promise<Uint8Array> {
  const info = utf8(`latchkey/mac/${purpose}/v1`)
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
  return new Uint8Array(await crypto.subtle.deriveBits(how, await importRoot(secret), MAC_KEY_BITS))
}

export const importMacKey = (bytes: Uint8Array): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])

export const macWith = async (key: CryptoKey, text: string): Promise<string> =>
  toBase64url(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(text))))

/** Seals under a key that only the holder of `secret` can derive: a successor in its grace. */
export const sealUnder = async (secret: string, context: string, text: string): Promise<string> =>
  sealWith(await importRoot(secret), 'latchkey/successor/v1', context, text)

export const unsealUnder = async (secret: string, context: string, sealed: string): Promise<string | null> =>
  unsealWith(await importRoot(secret), 'latchkey/successor/v1', context, sealed)

const importRoot = (secret: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', utf8(secret), 'HKDF', false, ['deriveKey', 'deriveBits'])

// A fresh salt makes a fresh key for every text, so the nonce need not be random and no limit on the number of
// texts under one key applies (NIST SP 800-38D §8.3).
const NONCE = new Uint8Array(12)

function deriveSealingKey(root: CryptoKey, info: string, salt: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt, info: utf8(info) },
    root,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}

async function sealWith(root: CryptoKey, info: string, context: string, text: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const key = await deriveSealingKey(root, info, salt)
  const box = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: NONCE, additionalData: utf8(context) },
    key,
    utf8(text),
  )
  const sealed = new Uint8Array(SALT_BYTES + box.byteLength)
  sealed.set(salt)
  sealed.set(new Uint8Array(box), SALT_BYTES)
  return toBase64url(sealed)
}

async function unsealWith(root: CryptoKey, info: string, context: string, sealed: string) {
  const bytes = parseBase64url(sealed)
  if (bytes === null || bytes.byteLength <= SALT_BYTES) return null
  const key = await deriveSealingKey(root, info, bytes.slice(0, SALT_BYTES))
  try {
    const text = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: NONCE, additionalData: utf8(context) },
      key,
      bytes.slice(SALT_BYTES),
    )
    return parseUtf8(new Uint8Array(text))
  } catch {
    return null
  }
}
