// Going through all sessions of a database by their primary key, a little at a time: an index by expiry would cost a row with
// every sign-in and every refresh.
import { first, run } from './d1.ts'

export interface SessionSweep {
  /** Users with a session past its expiry that nobody has ended yet, in their order. */
  readonly expired: readonly string[]
  /** With whose sessions the pass goes on; '' from the beginning. */
  readonly from: string
  readonly next: string
}

/** The next sessions of the pass, each looked at once. @param limit more than one user can have */
export async function sweepSessions(db: D1Database, now: number, limit: number): Promise<SessionSweep> {
  const row = await first<{ start: string; looked: number; last: string; expired: string }>(
    db
      .prepare(
        `WITH sweep (start) AS (SELECT coalesce((SELECT from_user FROM session_sweep), '')),
           looked AS (SELECT user_id, expires_at FROM sessions
                      WHERE user_id >= (SELECT start FROM sweep) ORDER BY user_id LIMIT ?2)
         SELECT (SELECT start FROM sweep) AS start, count(*) AS looked, max(user_id) AS last,
           json_group_array(DISTINCT user_id) FILTER (WHERE expires_at <= ?1) AS expired FROM looked`,
      )
      .bind(now, limit),
  )
  const { start, looked, last, expired } = row ?? { start: '', looked: 0, last: '', expired: '[]' }
  return { expired: (JSON.parse(expired) as string[]).sort(), from: start, next: looked < limit ? '' : last }
}

export const goOnSweeping = (db: D1Database, from: string): Promise<number> =>
  run(
    db
      .prepare(
        `INSERT INTO session_sweep (id, from_user) VALUES (1, ?)
         ON CONFLICT (id) DO UPDATE SET from_user = excluded.from_user`,
      )
      .bind(from),
  )
