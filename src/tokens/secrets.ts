// The two deployment secrets, as keys for one purpose each (HKDF, RFC 5869). Sealing is AES-256-GCM.
import { parseBase64url, parseUtf8, toBase64url, utf8 } from '../domain/encoding.ts'
import { randomBytes } from './random.ts'

export type SealPurpose =
  | 'signing-key'
  | 'outbox'
  | 'refresh-facts'
  | 'authorization'
  | 'notice-link'
  | 'device-code'
  | 'webhook-secret'
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

export interface Secrets {
  /** Text that only this deployment can read; `context` is authenticated and must be given again. */
  seal(purpose: SealPurpose, context: string, text: string): Promise<string>
  /** null for anything that `seal` did not make with this purpose and context. */
  unseal(purpose: SealPurpose, context: string, sealed: string): Promise<string | null>
  /** HMAC-SHA-256, base64url. */
  mac(purpose: MacPurpose, text: string): Promise<string>
}

export function createSecrets(sealingSecret: string, digestSecret: string): Secrets {
  // Only finished keys are shared: a promise would die with the request that made it.
  let sealingRoot: CryptoKey | null = null
  const macKeys = new Map<MacPurpose, CryptoKey>()

  const root = async (): Promise<CryptoKey> => {
    sealingRoot ??= await importRoot(sealingSecret)
    return sealingRoot
  }

  const macKey = async (purpose: MacPurpose): Promise<CryptoKey> => {
    const known = macKeys.get(purpose)
    if (known !== undefined) return known
    const key = await crypto.subtle.deriveKey(
      { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8(`latchkey/mac/${purpose}/v1`) },
      await importRoot(digestSecret),
      { name: 'HMAC', hash: 'SHA-256', length: 256 },
      false,
      ['sign'],
    )
    macKeys.set(purpose, key)
    return key
  }

  return {
    seal: async (purpose, context, text) =>
      sealWith(await root(), `latchkey/seal/${purpose}/v1`, context, text),
    unseal: async (purpose, context, sealed) =>
      unsealWith(await root(), `latchkey/seal/${purpose}/v1`, context, sealed),
    mac: async (purpose, text) =>
      toBase64url(new Uint8Array(await crypto.subtle.sign('HMAC', await macKey(purpose), utf8(text)))),
  }
}

/** Seals under a key that only the holder of `secret` can derive: a successor in its grace. */
export const sealUnder = async (secret: string, context: string, text: string): Promise<string> =>
  sealWith(await importRoot(secret), 'latchkey/successor/v1', context, text)

export const unsealUnder = async (secret: string, context: string, sealed: string): Promise<string | null> =>
  unsealWith(await importRoot(secret), 'latchkey/successor/v1', context, sealed)

const importRoot = (secret: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', utf8(secret), 'HKDF', false, ['deriveKey'])

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
