// A user's own data, to take away: all of it, for the present user alone, however long the log.
import { describe, expect, it, vi } from 'vitest'
import { DOWNLOAD_CHUNK_ENTRIES, DOWNLOADS_PER_USER, EMAIL_CHANGE_SECONDS } from '../../src/domain/limits.ts'
import { rfc3339 } from '../../src/domain/time.ts'
import { upsertConsent } from '../../src/store/consents.ts'
import { ACCEPT_JSON, type Browser, browser, signInBrowser } from './support/browser.ts'
import { addToken, type Jar, leaksIn } from './support/canaries.ts'
import { askForChange } from './support/email-change.ts'
import { bearer, createService, freshAddress, type Service } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'
import { watchDatabases } from './support/watched-databases.ts'

const PATH = '/account/data.json'
const userOf = (owner: Browser): string => owner.cookie('__Host-session')?.split('.')[0] ?? ''

interface Download {
  readonly user: { readonly id: string }
  readonly sessions: readonly { readonly id: string; readonly current: boolean }[]
  readonly events: readonly { readonly seq: number }[]
}

/** Entries of the log beyond those that are there, up to `length`. */
async function lengthenLog(service: Service, userId: string, length: number): Promise<void> {
  await service.parts.shards
    .of(userId)
    .prepare(
      `WITH RECURSIVE more (seq) AS (
         SELECT max(seq) + 1 FROM user_events WHERE user_id = ?1
         UNION ALL SELECT seq + 1 FROM more WHERE seq < ?2)
       INSERT INTO user_events (user_id, seq, type, at, actor)
       SELECT ?1, seq, 'preference.changed', ?3, '{"kind":"system"}' FROM more`,
    )
    .bind(userId, length, service.now)
    .run()
}

describe('LG-05: the download of one’s own data', () => {
  it('LG-05: is a file that no cache keeps, with everything in the words of the API, and no secret', async () => {
    const service = createService()
    const [own, third] = [
      await createClient(service),
      await createClient(service, { kind: 'third_party', name: 'Ledger', grant_types: ['refresh_token'] }),
    ]
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    const tokens = await signIn(service, own.client_id, email, { device_name: 'Ann’s phone' })
    const userId = userOf(owner)
    const db = service.parts.shards.of(userId)
    await upsertConsent(db, userId, third.client_id, 'openid read', service.now).run()
    const fresh = freshAddress()
    const code = await askForChange(service, owner, fresh)

    const answer = await owner.get(PATH)
    expect([
      answer.status,
      ...['Content-Type', 'Content-Disposition', 'Cache-Control'].map(h => answer.headers.get(h)),
    ]).toEqual([200, 'application/json', 'attachment; filename="latchkey-account.json"', 'no-store'])
    const text = await answer.text()
    const { sessions, events, ...rest } = JSON.parse(text) as Download
    expect(rest).toEqual({
      user: {
        id: userId,
        email,
        created_at: rfc3339(service.now),
        preferences: await (await owner.get('/v1/preferences')).json(),
        code_required: false,
      },
      connected_apps: [
        {
          client_id: third.client_id,
          name: 'Ledger',
          scopes: ['openid', 'read'],
          granted_at: rfc3339(service.now),
        },
      ],
      email_change: { email: fresh, expires_at: rfc3339(service.now + EMAIL_CHANGE_SECONDS) },
      retention: {
        ...{ log_details_days: 365, deleted_log_days: 30, alarm_days: 365, webhook_delivery_days: 30 },
      },
    })
    const listed = await (await owner.get('/v1/sessions')).json<Download>()
    const byId = (list: Download['sessions']) => list.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    expect(byId(sessions)).toEqual(byId(listed.sessions))
    expect(sessions).toHaveLength(2)
    expect(events).toEqual((await (await owner.get('/v1/events')).json<Download>()).events)
    expect(text).toContain('Ann’s phone')

    const jar: Jar = new Map([
      ['code', code],
      ['nonce', owner.cookie('__Host-csrf') as string],
      ['name of the browser', owner.cookie('__Host-browser') as string],
    ])
    addToken(jar, 'session', owner.cookie('__Host-session') as string)
    addToken(jar, 'access token', tokens.access_token)
    addToken(jar, 'refresh token', tokens.refresh_token)
    const digests = await db
      .prepare(
        `SELECT secret_digest AS digest FROM sessions WHERE user_id = ?1
         UNION SELECT commitment FROM entropy_buckets WHERE user_id = ?1
         UNION SELECT code_digest FROM email_changes WHERE user_id = ?1`,
      )
      .bind(userId)
      .all<{ digest: string }>()
    expect(digests.results).toHaveLength(4)
    for (const [at, { digest }] of digests.results.entries()) jar.set(`digest ${at}`, digest)
    expect(leaksIn(text, jar)).toEqual([])

    service.now += EMAIL_CHANGE_SECONDS
    expect(await (await owner.get(PATH)).json()).toMatchObject({ email_change: null })
  })

  it('LG-05: has the whole log, read in chunks; a storage that fails on the way breaks it off, unfinished', async () => {
    const watch = watchDatabases()
    const service = createService(watch.bindings)
    for (const length of [DOWNLOAD_CHUNK_ENTRIES, 2 * DOWNLOAD_CHUNK_ENTRIES + 1]) {
      const owner = await signInBrowser(service, freshAddress())
      await lengthenLog(service, userOf(owner), length)
      watch.statements.length = 0
      const { events } = await (await owner.get(PATH)).json<Download>()
      expect(events.map(event => event.seq)).toEqual(Array.from({ length }, (_, at) => length - at))
      const reads = () => watch.statements.filter(sql => sql.includes('FROM user_events')).length
      expect(reads()).toBe(Math.floor(length / DOWNLOAD_CHUNK_ENTRIES) + 1)
      watch.statements.length = 0
      watch.refuses = sql => sql.includes('FROM user_events') && reads() > 1
      // The tests' own reading of the answer meets the end of it.
      await expect(owner.get(PATH)).rejects.toThrow()
      watch.refuses = () => false
    }
  })

  it('SE-18: is for the browser session alone: no token opens it, not even beside the cookie', async () => {
    vi.spyOn(console, 'info').mockReturnValue()
    const service = createService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    const { access_token } = await signIn(service, client_id, email)
    const token = { Authorization: `Bearer ${access_token}` }
    const answers = [
      await service.request(PATH, bearer(access_token, { headers: ACCEPT_JSON })),
      await owner.get(PATH, { ...token, ...ACCEPT_JSON }),
      await service.request(PATH, { headers: ACCEPT_JSON }),
    ]
    for (const answer of answers) {
      expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'unauthorized' }])
    }
    const page = await browser(service).get(PATH, { Accept: 'text/html' })
    expect([page.status, await page.text()]).toEqual([401, expect.stringContaining('href="/sign-in"')])
    expect((await owner.post(PATH)).status).toBe(405)
  })

  it('WB-02: no page of another site can start it, see that somebody is signed in by it, or use its allowance up', async () => {
    const service = createService()
    const owner = await signInBrowser(service, freshAddress())
    for (let nth = 0; nth <= DOWNLOADS_PER_USER; nth++) {
      const from = {
        'Sec-Fetch-Site': nth % 2 === 0 ? 'cross-site' : 'same-site',
        'Sec-Fetch-Mode': 'navigate',
      }
      const [known, unknown] = [await owner.get(PATH, from), await browser(service).get(PATH, from)]
      expect([known.status, known.headers.get('Content-Disposition'), unknown.status]).toEqual([
        403,
        null,
        403,
      ])
    }
    expect((await owner.get(PATH, { 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200)
    expect((await owner.get(PATH, { 'Sec-Fetch-Site': 'none' })).status).toBe(200)
  })

  it('LG-05: can be had ten times an hour by one user, whatever anybody else does', async () => {
    const service = createService()
    const [owner, other] = [
      await signInBrowser(service, freshAddress()),
      await signInBrowser(service, freshAddress()),
    ]
    for (let nth = 0; nth < DOWNLOADS_PER_USER; nth++) expect((await owner.get(PATH)).status).toBe(200)
    const refused = await owner.get(PATH, ACCEPT_JSON)
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '3600'])
    expect((await other.get(PATH)).status).toBe(200)
    service.now += 3600
    expect((await owner.get(PATH)).status).toBe(200)
  })
})
