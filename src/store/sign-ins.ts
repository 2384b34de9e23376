// Sign-ins in progress.
import { WRONG_CODES_LIMIT } from '../domain/limits.ts'
import type { StartedIn } from '../domain/session.ts'
import { type SignIn, signInOpId } from '../domain/sign-in.ts'
import { first, run } from './d1.ts'
import { type Cause, findCause } from './events.ts'
import type { Shards } from './shards.ts'

interface SignInRow {
  readonly id: string
  readonly address: string
  readonly client_id: string
  readonly scope: string
  readonly started_in: StartedIn
  readonly binding_digest: string
  readonly link_commitment: string
  readonly code_digest: string
  readonly wrong_codes: number
  readonly continue_to: string | null
  readonly device_name: string | null
  readonly created_at: number
  readonly expires_at: number
}

const COLUMNS = `id, address, client_id, scope, started_in, binding_digest, link_commitment, code_digest,
  wrong_codes, continue_to, device_name, created_at, expires_at`

const signInOf = (row: SignInRow): SignIn => ({
  id: row.id,
  address: row.address,
  clientId: row.client_id,
  scope: row.scope,
  startedIn: row.started_in,
  bindingDigest: row.binding_digest,
  linkCommitment: row.link_commitment,
  codeDigest: row.code_digest,
  wrongCodes: row.wrong_codes,
  sealedContinueTo: row.continue_to,
  deviceName: row.device_name,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
})

export const insertSignIn = (db: D1Database, signIn: SignIn) =>
  db
    .prepare(`INSERT INTO sign_ins (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    .bind(
      signIn.id,
      signIn.address,
      signIn.clientId,
      signIn.scope,
      signIn.startedIn,
      signIn.bindingDigest,
      signIn.linkCommitment,
      signIn.codeDigest,
      signIn.wrongCodes,
      signIn.sealedContinueTo,
      signIn.deviceName,
      signIn.createdAt,
      signIn.expiresAt,
    )

/** A sign-in with the user of its address, as the index in the same shard has it. */
export interface FoundSignIn {
  readonly signIn: SignIn
  readonly userId: string | null
  /** A user in another database in whose log alone it can be spent. */
  readonly claimedBy: string | null
}

type FoundRow = SignInRow & { readonly user_id: string | null; readonly claimed_by: string | null }

/** Of `selectSignIn`. */
export function foundSignIn(result: D1Result | undefined): FoundSignIn | null {
  const [row] = (result?.results ?? []) as unknown as FoundRow[]
  return row === undefined ? null : foundOf(row)
}

const foundOf = (row: FoundRow): FoundSignIn => ({
  signIn: signInOf(row),
  userId: row.user_id,
  claimedBy: row.claimed_by,
})

export const selectSignIn = (db: D1Database, id: string) =>
  db
    .prepare(
      `SELECT ${COLUMNS}, claimed_by, (SELECT user_id FROM emails WHERE emails.address = sign_ins.address) AS user_id
       FROM sign_ins WHERE id = ?`,
    )
    .bind(id)

export async function findSignIn(db: D1Database, id: string): Promise<FoundSignIn | null> {
  const row = await first<FoundRow>(selectSignIn(db, id))
  return row === null ? null : foundOf(row)
}

/**
 * Counts the try if the code's digest is none of these. In one transaction with what reads the sign-in, guesses that arrive
 * together are counted one by one. Only whoever asked can spend a try.
 */
export const countWrongCode = (
  db: D1Database,
  id: string,
  bindingDigest: string,
  codeDigests: readonly string[],
) =>
  db
    .prepare(
      `UPDATE sign_ins SET wrong_codes = wrong_codes + 1
       WHERE id = ? AND binding_digest = ? AND wrong_codes < ?
         AND code_digest NOT IN (SELECT value FROM json_each(?))`,
    )
    .bind(id, bindingDigest, WRONG_CODES_LIMIT, JSON.stringify(codeDigests))

/**
 * Binds the sign-in to a user whose log is in another database, where the uniqueness of its opId does not reach. No
 * when it was used in its own database, or bound to another; there a trigger keeps its opId out from now on.
 */
export const claimSignIn = async (db: D1Database, id: string, userId: string): Promise<boolean> =>
  (await run(
    db
      .prepare(
        `UPDATE sign_ins SET claimed_by = ?2 WHERE id = ?1 AND (claimed_by IS NULL OR claimed_by = ?2)
         AND NOT EXISTS (SELECT 1 FROM user_events WHERE op_id = ?3)`,
      )
      .bind(id, userId, signInOpId(id)),
  )) > 0

/** For a user who turned out not to have its address: nothing was begun there. */
export const unclaimSignIn = (db: D1Database, id: string, userId: string): Promise<number> =>
  run(db.prepare('UPDATE sign_ins SET claimed_by = NULL WHERE id = ? AND claimed_by = ?').bind(id, userId))

/** The event that spent the sign-in, or null. */
export const findUse = (
  shards: Shards,
  { signIn, claimedBy }: Pick<FoundSignIn, 'signIn' | 'claimedBy'>,
): Promise<Cause | null> => findCause(shards.of(claimedBy ?? signIn.id), signInOpId(signIn.id))

export const deleteExpiredSignIns = (db: D1Database, before: number, limit: number) =>
  db
    .prepare('DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE expires_at < ? LIMIT ?)')
    .bind(before, limit)
