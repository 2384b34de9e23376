// Secrets and ids come from the platform's generator, and from here only.
import { toBase64url } from '../domain/encoding.ts'
import { ID_RANDOM_BYTES, type TaggedKind, taggedId } from '../domain/ids.ts'
import { codeFromRandom } from '../domain/typed-code.ts'

export const randomBytes = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))

export const RANDOM_SECRET_CHARS = 43

/** 256 random bits, base64url. */
export const randomSecret = (): string => toBase64url(randomBytes(32))

export const randomTaggedId = (kind: TaggedKind, tag: string): string =>
  taggedId(kind, tag, randomBytes(ID_RANDOM_BYTES))

/** `c_…`, `k_…`, `a_…`: ids of what no shard owns. */
export const randomId = (prefix: string): string => `${prefix}_${toBase64url(randomBytes(ID_RANDOM_BYTES))}`

/** 0 … 1, for waits that are not to coincide. */
export const randomShare = (): number => (randomBytes(1)[0] ?? 0) / 255

/** Eight characters, about 37 bits; guesses are counted. */
export function randomCode(): string {
  let code: string | null = null
  while (code === null) code = codeFromRandom(randomBytes(16))
  return code
}
