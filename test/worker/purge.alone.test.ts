// The cron's purge: dead rows go on schedule, and nothing goes while it can still be asked for.
import { describe, expect, it } from 'vitest'
import { MINUTE_SECONDS } from '../../src/domain/limits.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { askForMail, browser } from './support/browser.ts'
import { databases, type Intercept, workerSeenThrough } from './support/intercept.ts'
import { seedSessions } from './support/many.ts'
import { createService, freshAddress } from './support/service.ts'
import { createClient, refresh, signIn } from './support/sign-in.ts'

describe('the purge', () => {
  const TABLES = ['sign_ins', 'entropy_buckets', 'bucket_retirements', 'outbox', 'sessions'] as const

  async function counts() {
    const sums = Object.fromEntries(TABLES.map(table => [table, 0])) as Record<
      (typeof TABLES)[number],
      number
    >
    for (const db of databases()) {
      for (const table of TABLES) {
        const row = await db.prepare(`SELECT count(*) AS count FROM ${table}`).first<{ count: number }>()
        sums[table] += row?.count ?? 0
      }
    }
    return sums
  }

  it('SE-14: after the cron, what is spent is gone: sign-ins, buckets, the feed, mails', async () => {
    // By table, as the simulator reckons with them: a row written for each that goes, and each session read once.
    const written: Record<string, number> = {}
    let sessionsRead = 0
    const count: Intercept = async ([sql = ''], run) => {
      const results = await run()
      const table = /^DELETE FROM (\w+)/.exec(sql)?.[1]
      for (const { meta } of results) {
        if (table !== undefined) written[table] = (written[table] ?? 0) + meta.rows_written
        if (sql.startsWith('WITH sweep')) sessionsRead += meta.rows_read
      }
      return results
    }
    const service = createService(workerSeenThrough(count))
    const { client_id } = await createClient(service)
    const email = freshAddress()
    for (let round = 0; round < 10; round++) {
      await refresh(service, await signIn(service, client_id, email))
    }
    for (let user = 0; user < 5; user++) await seedSessions(service, client_id, freshAddress(), 1)
    service.mailFails = true
    await browser(service).post('/sign-in', { email: freshAddress() })
    service.mailFails = false
    await askForMail(service, browser(service), freshAddress())
    const full = await counts()
    expect(full.sign_ins).toBeGreaterThanOrEqual(12)
    expect(full.entropy_buckets).toBeGreaterThanOrEqual(20)
    expect(full.bucket_retirements).toBeGreaterThanOrEqual(19)
    expect(full.outbox).toBeGreaterThanOrEqual(1)

    // Nothing goes while it can still be asked for.
    await keepHouse(service.parts, service.now + 9 * MINUTE_SECONDS)
    expect(await counts()).toMatchObject({ sign_ins: full.sign_ins, entropy_buckets: full.entropy_buckets })
    sessionsRead = 0
    await keepHouse(service.parts, service.now + 60 * MINUTE_SECONDS)
    const purged = await counts()
    expect(purged).toMatchObject({ sign_ins: 0, entropy_buckets: 0, outbox: 0, sessions: full.sessions })
    // One entry of the feed stays in each shard, so that its numbers never repeat.
    expect(purged.bucket_retirements).toBeLessThanOrEqual(databases().length)
    expect(written).toMatchObject({ sign_ins: full.sign_ins, entropy_buckets: full.entropy_buckets })
    expect(written.bucket_retirements).toBe(full.bucket_retirements - purged.bucket_retirements)
    expect(sessionsRead).toBeGreaterThanOrEqual(full.sessions)
    expect(sessionsRead).toBeLessThanOrEqual(full.sessions + 4 * databases().length)
  })
})
