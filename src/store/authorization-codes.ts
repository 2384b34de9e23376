// Authorization codes, by digest, in the shard of their user.
import type { Authorization } from '../domain/authorization.ts'
import { AUTHORIZATION_SECONDS } from '../domain/limits.ts'
import type { Device, Place, SignedInWith } from '../domain/session.ts'
import { first, run } from './d1.ts'

export interface AuthorizationCode extends Authorization {
  readonly codeDigest: string
  readonly redirectUri: string
  readonly codeChallenge: string
  readonly nonce: string | null
  readonly dpopJkt: string | null
  readonly expiresAt: number
}

interface CodeRow {
  readonly code_digest: string
  readonly user_id: string
  readonly client_id: string
  readonly redirect_uri: string
  readonly code_challenge: string
  readonly scope: string
  readonly audience: string
  readonly nonce: string | null
  readonly dpop_jkt: string | null
  readonly browser_session_id: string
  readonly signed_in_with: string
  readonly auth_time: number
  readonly device: string
  readonly place: string
  readonly marks: string
  readonly expires_at: number
}

const COLUMNS = `code_digest, user_id, client_id, redirect_uri, code_challenge, scope, audience, nonce, dpop_jkt,
  browser_session_id, signed_in_with, auth_time, device, place, marks, expires_at`

/** @returns false when there is this code already, or one of the others, which stand for it */
export const insertCode = async (
  db: D1Database,
  code: AuthorizationCode,
  otherDigests: readonly string[] = [],
): Promise<boolean> =>
  (await run(
    db
      .prepare(
        `INSERT INTO authorization_codes (${COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
         WHERE NOT EXISTS (
           SELECT 1 FROM authorization_codes WHERE code_digest IN (SELECT value FROM json_each(?)))
         ON CONFLICT (code_digest) DO NOTHING`,
      )
      .bind(
        code.codeDigest,
        code.userId,
        code.clientId,
        code.redirectUri,
        code.codeChallenge,
        code.scope,
        code.audience,
        code.nonce,
        code.dpopJkt,
        code.browserSessionId,
        JSON.stringify(code.signedInWith),
        code.authTime,
        JSON.stringify(code.device),
        JSON.stringify(code.place),
        JSON.stringify(code.marks),
        code.expiresAt,
        JSON.stringify(otherDigests),
      ),
  )) === 1

export async function findCode(db: D1Database, codeDigest: string): Promise<AuthorizationCode | null> {
  const row = await first<CodeRow>(
    db.prepare(`SELECT ${COLUMNS} FROM authorization_codes WHERE code_digest = ?`).bind(codeDigest),
  )
  if (row === null) return null
  return {
    codeDigest: row.code_digest,
    userId: row.user_id,
    clientId: row.client_id,
    redirectUri: row.redirect_uri,
    codeChallenge: row.code_challenge,
    scope: row.scope,
    audience: row.audience,
    nonce: row.nonce,
    dpopJkt: row.dpop_jkt,
    browserSessionId: row.browser_session_id,
    signedInWith: JSON.parse(row.signed_in_with) as SignedInWith[],
    authTime: row.auth_time,
    device: JSON.parse(row.device) as Device,
    place: JSON.parse(row.place) as Place,
    marks: JSON.parse(row.marks) as string[],
    expiresAt: row.expires_at,
  }
}

/** Of a user who is being deleted. Reads all codes that there are: none is older than the hour. */
export const deleteCodesOf = (db: D1Database, userId: string) =>
  db.prepare('DELETE FROM authorization_codes WHERE user_id = ?').bind(userId)

/** Not before the request itself is over: until then its decision can be sent again, and must find the code it made. */
export const deleteExpiredCodes = (db: D1Database, before: number, limit: number) =>
  db
    .prepare(
      `DELETE FROM authorization_codes WHERE code_digest IN
         (SELECT code_digest FROM authorization_codes WHERE expires_at < ? LIMIT ?)`,
    )
    .bind(before - AUTHORIZATION_SECONDS, limit)
