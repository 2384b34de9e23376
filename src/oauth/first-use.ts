// Proofs and assertions work once. The database decides: of two uses that arrive together, one inserts the row.
import type { Parts } from '../sign-in/parts.ts'
import { insertSeenJti } from '../store/seen-jtis.ts'
import type { ProofId } from '../tokens/proof-id.ts'

/** Writes one row, so every other check comes before it. Throws StorageUnavailable. */
export const isFirstUse = (
  parts: Pick<Parts, 'shards'>,
  { digest, tag, expiresAt }: ProofId,
): Promise<boolean> => insertSeenJti(parts.shards.ofTag(tag), digest, expiresAt)
