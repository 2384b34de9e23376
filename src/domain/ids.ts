// The form of ids. User, session and sign-in ids begin with a two-character shard tag (10 bits), so that
// everything about a user is found from the id alone. Randomness is an argument.
import { isClientDocumentUrl } from './client-document.ts'
import { toBase64url } from './encoding.ts'

const TAG_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
export const SHARD_TAGS = 1024
export const ID_RANDOM_BYTES = 16

const TAGGED_ID = /^(u|s|i|p|m)_([a-z2-7]{2})[A-Za-z0-9_-]{22}$/
const MADE_CLIENT_ID = /^c_[A-Za-z0-9_-]{22}$/
const CHOSEN_CLIENT_ID = /^[a-z0-9][a-z0-9._-]{1,62}$/

export type TaggedKind = 'u' | 's' | 'i' | 'p' | 'm'

/** 0 … 1023 as two characters. */
export function shardTag(value: number): string {
  return `${TAG_ALPHABET[(value >> 5) & 31]}${TAG_ALPHABET[value & 31]}`
}

/** The tag of an address, from the first bytes of its digest. */
export function shardTagOfDigest(digest: Uint8Array): string {
  return shardTag((((digest[0] ?? 0) << 8) | (digest[1] ?? 0)) & (SHARD_TAGS - 1))
}

/** `u_…`, `s_…`, `i_…` (a sign-in), `p_…` (a pushed request) or `m_…` (a token without a session) in the given shard. */
export function taggedId(kind: TaggedKind, tag: string, random: Uint8Array): string {
  return `${kind}_${tag}${toBase64url(random)}`
}

export function isTaggedId(kind: TaggedKind, value: unknown): value is string {
  return typeof value === 'string' && TAGGED_ID.exec(value)?.[1] === kind
}

/** The tag of a well-formed id. Throws on anything else: ids are checked where they come in. */
export function tagOf(id: string): string {
  const tag = TAGGED_ID.exec(id)?.[2]
  if (tag === undefined) throw new Error('an id without a shard tag')
  return tag
}

/** The number behind a tag, 0 … 1023. */
export function tagValue(tag: string): number {
  return (TAG_ALPHABET.indexOf(tag[0] ?? '') << 5) | TAG_ALPHABET.indexOf(tag[1] ?? '')
}

/** Never one that could be a user's: a client in its own name is the subject of its tokens. */
export const isChosenClientId = (value: string): boolean =>
  CHOSEN_CLIENT_ID.test(value) && !TAGGED_ID.test(value)

export const isClientId = (value: unknown): value is string =>
  typeof value === 'string' &&
  (isChosenClientId(value) || MADE_CLIENT_ID.test(value) || isClientDocumentUrl(value, true))

export interface Jti {
  /** `s_…`; or `m_…`, of a token that has no session. */
  readonly sessionId: string
  readonly generation: number
}

/** `jti` = `<session id>.<generation>` */
export const jtiOf = ({ sessionId, generation }: Jti): string => `${sessionId}.${generation}`

export function parseJti(value: unknown): Jti | null {
  if (typeof value !== 'string') return null
  const [sessionId, text, ...rest] = value.split('.')
  if (rest.length > 0 || !(isTaggedId('s', sessionId) || isTaggedId('m', sessionId))) return null
  const generation = parseGeneration(text)
  return generation === null ? null : { sessionId, generation }
}

/** A positive integer in plain decimal digits. */
export function parseGeneration(text: string | undefined): number | null {
  return text !== undefined && /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : null
}
