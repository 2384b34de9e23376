// Storage that cannot be read, or answers nonsense: refused, never accepted.
import { describe, expect, it } from 'vitest'
import { type Intercept, workerSeenThrough } from './support/intercept.ts'
import { bearer, createService, freshAddress } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'

const NETWORK_LOST: Intercept = async () => {
  throw new Error('D1_ERROR: Network connection lost.')
}

/** The rows of the bucket, which is read last, as somebody else has them. */
const withRows =
  (rows: (rows: readonly object[]) => unknown[]): Intercept =>
  async (_, run) => {
    const results = await run()
    const bucket = results.at(-1) as D1Result<object>
    return [...results.slice(0, -1), { ...bucket, results: rows(bucket.results) }]
  }

const changed = (change: object): Intercept => withRows(rows => rows.map(row => ({ ...row, ...change })))

/** A signed-in user of a service whose Worker reads buckets through `fault` while it is set. */
async function signedIn() {
  const reads = { fault: null as Intercept | null }
  const service = createService(
    workerSeenThrough((sql, run) => {
      const isLookup = sql.at(-1)?.includes('FROM entropy_buckets')
      return isLookup && reads.fault !== null ? reads.fault(sql, run) : run()
    }),
  )
  const { client_id } = await createClient(service)
  const tokens = await signIn(service, client_id, freshAddress())
  const whoami = () => service.request('/ping/whoami', bearer(tokens.access_token))
  expect((await whoami()).status).toBe(200)
  return { service, reads, tokens, whoami }
}

describe('a bucket that cannot be read or is none', () => {
  it('EB-09: an error of the database is 503 with Retry-After, everywhere, and passes when it passes', async () => {
    const { service, reads, tokens, whoami } = await signedIn()
    reads.fault = NETWORK_LOST
    const requests: [string, string][] = [
      ['GET', '/ping/whoami'],
      ['GET', '/v1/sessions'],
      ['GET', '/v1/events'],
      ['POST', '/v1/sessions/revoke-all'],
      ['POST', '/oauth2/logout'],
    ]
    for (const [method, path] of requests) {
      const response = await service.request(path, bearer(tokens.access_token, { method }))
      expect([path, response.status]).toEqual([path, 503])
      expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0)
      expect(await response.json()).toMatchObject({ code: 'unavailable' })
    }
    reads.fault = null
    expect((await whoami()).status).toBe(200)
  })

  const malformed: [string, Intercept][] = [
    ['no answer at all', async () => []],
    ['a row without columns', withRows(() => [{}])],
    ['a row that is null', withRows(() => [null])],
    ['commitment null', changed({ commitment: null })],
    ['commitment a number', changed({ commitment: 0 })],
    ['commitment a list', changed({ commitment: [] })],
    ['retired_at missing', changed({ retired_at: undefined })],
    ['retired_at a word', changed({ retired_at: 'never' })],
    ['retired_at zero', changed({ retired_at: 0, retired_reason: null })],
    ['retired for no known reason', changed({ retired_at: 1, retired_reason: 7 })],
  ]

  it.each(malformed)('I6: %s is refused with 401 or 503, read alone or with more', async (_, fault) => {
    const { service, reads, tokens, whoami } = await signedIn()
    reads.fault = fault
    for (const path of ['/ping/whoami', '/v1/sessions']) {
      const response = await service.request(path, bearer(tokens.access_token))
      expect([401, 503]).toContain(response.status)
    }
    reads.fault = null
    expect((await whoami()).status).toBe(200)
  })
})

describe('a refresh while storage fails', () => {
  it.each([
    ['before the commit', 0],
    ['after it', 1],
  ])(
    'CF-05: an unknown outcome, %s, is 503; the same refresh token then yields one successor',
    async (_, kept) => {
      const storage = { isAway: false, commits: 0 }
      const service = createService(
        workerSeenThrough(async (sql, run) => {
          if (!storage.isAway || !sql.some(each => each.startsWith('UPDATE sessions'))) return run()
          if (storage.commits-- > 0) await run()
          throw new Error('D1_ERROR: Network connection lost.')
        }),
      )
      const { client_id } = await createClient(service)
      const tokens = await signIn(service, client_id, freshAddress())
      Object.assign(storage, { isAway: true, commits: kept })
      const response = await refresh(service, tokens)
      expect(response.status).toBe(503)
      expect(response.headers.get('Retry-After')).not.toBeNull()
      storage.isAway = false
      const retried = await refresh(service, tokens)
      expect(retried.status).toBe(200)
      const successor = await retried.json<Tokens>()
      expect((await service.request('/ping/whoami', bearer(successor.access_token))).status).toBe(200)
      expect((await service.request('/ping/whoami', bearer(tokens.access_token))).status).toBe(401)
      const buckets = await service.parts.shards
        .of(tokens.user_id)
        .prepare('SELECT generation FROM entropy_buckets WHERE user_id = ? ORDER BY generation')
        .bind(tokens.user_id)
        .all()
      expect(buckets.results).toEqual([{ generation: 1 }, { generation: 2 }])
    },
  )
})
