// Device authorizations, by the keyed digest of their user code, in the shard of that digest: the page knows the user
// code, and the device code has it sealed inside, so both find the same row by its one key.
import type { Decided, DecidedBy, Decision, DeviceAuthorization } from '../domain/device-authorization.ts'
import { DEVICE_SLOW_DOWN_SECONDS } from '../domain/limits.ts'
import type { Device, Place, SignedInWith } from '../domain/session.ts'
import { first, run } from './d1.ts'

interface Row {
  readonly device_code_digest: string
  readonly client_id: string
  readonly scope: string
  readonly audience: string
  readonly device: string
  readonly place: string
  readonly expires_at: number
  readonly is_too_fast: number
  readonly decision: Decision | null
  readonly decision_id: string
  readonly user_id: string
  readonly browser_session_id: string
  readonly signed_in_with: string
  readonly auth_time: number
}

const COLUMNS = `device_code_digest, client_id, scope, audience, device, place, expires_at, is_too_fast,
  decision, decision_id, user_id, browser_session_id, signed_in_with, auth_time`

const authorizationOf = (row: Row): DeviceAuthorization => ({
  deviceCodeDigest: row.device_code_digest,
  clientId: row.client_id,
  scope: row.scope,
  audience: row.audience,
  device: JSON.parse(row.device) as Device,
  place: JSON.parse(row.place) as Place,
  expiresAt: row.expires_at,
  isTooFast: row.is_too_fast === 1,
  decided: row.decision === null ? null : decidedOf(row, row.decision),
})

const decidedOf = (row: Row, decision: Decision): Decided => ({
  decision,
  decisionId: row.decision_id,
  userId: row.user_id,
  browserSessionId: row.browser_session_id,
  signedInWith: JSON.parse(row.signed_in_with) as SignedInWith[],
  authTime: row.auth_time,
})

export type NewDeviceAuthorization = Omit<DeviceAuthorization, 'isTooFast' | 'decided'>

/** @returns false when the user code is taken */
export const insertDeviceAuthorization = async (
  db: D1Database,
  userCodeDigest: string,
  fresh: NewDeviceAuthorization,
  intervalSeconds: number,
): Promise<boolean> =>
  (await run(
    db
      .prepare(
        `INSERT INTO device_authorizations
           (user_code_digest, device_code_digest, client_id, scope, audience, device, place, expires_at, interval_seconds)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (user_code_digest) DO NOTHING`,
      )
      .bind(
        userCodeDigest,
        fresh.deviceCodeDigest,
        fresh.clientId,
        fresh.scope,
        fresh.audience,
        JSON.stringify(fresh.device),
        JSON.stringify(fresh.place),
        fresh.expiresAt,
        intervalSeconds,
      ),
  )) === 1

export async function findDeviceAuthorization(
  db: D1Database,
  userCodeDigest: string,
): Promise<DeviceAuthorization | null> {
  const row = await first<Row>(
    db
      .prepare(`SELECT ${COLUMNS} FROM device_authorizations WHERE user_code_digest = ?`)
      .bind(userCodeDigest),
  )
  return row === null ? null : authorizationOf(row)
}

/** One poll: a poll before its time makes the interval longer, for this one and all that follow (RFC 8628 §3.5). */
export async function pollDeviceAuthorization(
  db: D1Database,
  userCodeDigest: string,
  deviceCodeDigest: string,
  now: number,
): Promise<DeviceAuthorization | null> {
  const row = await first<Row>(
    db
      .prepare(
        `UPDATE device_authorizations SET
           is_too_fast = ?1 < next_poll_at,
           interval_seconds = interval_seconds + ?2 * (?1 < next_poll_at),
           next_poll_at = ?1 + interval_seconds + ?2 * (?1 < next_poll_at)
         WHERE user_code_digest = ?3 AND device_code_digest = ?4 RETURNING ${COLUMNS}`,
      )
      .bind(now, DEVICE_SLOW_DOWN_SECONDS, userCodeDigest, deviceCodeDigest),
  )
  return row === null ? null : authorizationOf(row)
}

/** @returns false when it was decided otherwise, or is over */
export const decideDeviceAuthorization = async (
  db: D1Database,
  userCodeDigest: string,
  decision: Decision,
  by: DecidedBy,
  now: number,
): Promise<boolean> =>
  (await run(
    db
      .prepare(
        `UPDATE device_authorizations SET decision = ?1, decision_id = ?2,
           user_id = ?3, browser_session_id = ?4, signed_in_with = ?5, auth_time = ?6
         WHERE user_code_digest = ?7 AND expires_at > ?8
           AND (decision IS NULL OR (decision = ?1 AND decision_id = ?2))`,
      )
      .bind(
        decision,
        by.decisionId,
        by.userId,
        by.browserSessionId,
        JSON.stringify(by.signedInWith),
        by.authTime,
        userCodeDigest,
        now,
      ),
  )) === 1

export const deleteExpiredDeviceAuthorizations = (db: D1Database, before: number, limit: number) =>
  db
    .prepare(
      `DELETE FROM device_authorizations WHERE user_code_digest IN
         (SELECT user_code_digest FROM device_authorizations WHERE expires_at < ? LIMIT ?)`,
    )
    .bind(before, limit)
