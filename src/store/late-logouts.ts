// Back-channel logouts whose answer was late, in the first database: what the next try has to know.
import { first, run } from './d1.ts'

export interface LateLogout {
  /** Seconds: no sooner. null where nothing is left to be tried. */
  readonly retry_at: number | null
}

export const findLateLogout = (db: D1Database, sessionId: string): Promise<LateLogout | null> =>
  first<LateLogout>(db.prepare('SELECT retry_at FROM late_logouts WHERE session_id = ?').bind(sessionId))

/** The newest try knows. */
export const upsertLateLogout = (
  db: D1Database,
  sessionId: string,
  retryAt: number | null,
  expiresAt: number,
): Promise<number> =>
  run(
    db
      .prepare(
        `INSERT INTO late_logouts (session_id, retry_at, expires_at) VALUES (?, ?, ?)
         ON CONFLICT (session_id) DO UPDATE SET retry_at = excluded.retry_at, expires_at = excluded.expires_at`,
      )
      .bind(sessionId, retryAt, expiresAt),
  )

export const deleteExpiredLateLogouts = (db: D1Database, before: number, limit: number) =>
  db
    .prepare(
      'DELETE FROM late_logouts WHERE session_id IN (SELECT session_id FROM late_logouts WHERE expires_at < ? LIMIT ?)',
    )
    .bind(before, limit)
