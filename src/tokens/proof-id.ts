// What is remembered of a token that works once and was made by somebody else: a digest of its `jti`, within the key or
// client that made it, so that nobody can use up another's.
import { toBase64url } from '../domain/encoding.ts'
import { shardTagOfDigest } from '../domain/ids.ts'
import { digestBytes } from './digest.ts'

export interface ProofId {
  readonly digest: string
  /** Of the shard that remembers it. */
  readonly tag: string
  /** Seconds: from then on the token is refused for its age. */
  readonly expiresAt: number
}

const JTI_MAX_CHARS = 256

export const isProofJti = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= JTI_MAX_CHARS

/** @param owner the key's thumbprint or the client's id */
export async function proofIdOf(
  kind: 'dpop-proof' | 'client-assertion',
  owner: string,
  jti: string,
  expiresAt: number,
): Promise<ProofId> {
  const digest = await digestBytes(kind, `${owner}\0${jti}`)
  return { digest: toBase64url(digest), tag: shardTagOfDigest(digest), expiresAt }
}
