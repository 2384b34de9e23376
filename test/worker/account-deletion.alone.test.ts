// Deleting one's own account: who may, what it does, what is left of it, and what holds when it stops in between.
import { beforeAll, describe, expect, it } from 'vitest'
import { keepHouse } from '../../src/housekeeping.ts'
import { insertCode } from '../../src/store/authorization-codes.ts'
import { upsertConsent } from '../../src/store/consents.ts'
import { ACCEPT_JSON, type Browser, browser, SAME_ORIGIN, signInBrowser } from './support/browser.ts'
import { everythingStored, formsOf, passOverFormerObjects } from './support/canaries.ts'
import { dump } from './support/dump.ts'
import { askForChange, checkAddresses, freshAddressBeside, typeCode } from './support/email-change.ts'
import { recordQueue } from './support/events.ts'
import { type Intercept, objectsSeenThrough, workerSeenThrough } from './support/intercept.ts'
import { someDigest } from './support/ledger.ts'
import { seedSessions } from './support/many.ts'
import { bearer, createService, freshAddress, json, type Service } from './support/service.ts'
import { createClient, refresh, signIn, type Tokens } from './support/sign-in.ts'
import { storedEvents, storedUsers } from './support/stored.ts'

beforeAll(passOverFormerObjects)

const PATH = '/account/delete'
const userOf = (owner: Browser): string => owner.cookie('__Host-session')?.split('.')[0] ?? ''
const whoami = (service: Service, tokens: Pick<Tokens, 'access_token'>) =>
  service.request('/ping/whoami', bearer(tokens.access_token))
const lastMails = (service: Service, email: string) =>
  service.mails.filter(mail => mail.to === email && mail.subject === 'Your account was deleted')
const whereTo = (answer: Response) => [answer.status, answer.headers.get('Location')]

async function confirm(owner: Browser, email: string, headers: Record<string, string> = {}) {
  await owner.get(PATH)
  return owner.post(PATH, { email }, headers)
}

const DELETED = [303, '/signed-out/deleted']
const NOTHING_DELETED = [303, '/sign-in?notice=nothing_deleted']

describe('deleting one’s own account', () => {
  it('SE-13: says what will happen, and does it: everything ends at once, and its holder is told', async () => {
    const queue = recordQueue()
    const service = createService(queue.bindings)
    const own = await createClient(service)
    const told = await createClient(service, { backchannel_logout_uri: 'https://app.test/logout' })
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    const elsewhere = await signInBrowser(service, email)
    const tokens = [await signIn(service, own.client_id, email), await signIn(service, told.client_id, email)]
    const neighbour = await signIn(service, own.client_id, freshAddress())
    const userId = userOf(owner)
    await upsertConsent(service.parts.shards.of(userId), userId, 'c_app', 'read', service.now).run()

    const page = await (await owner.get(PATH)).text()
    expect(page).toContain('4 sessions end')
    expect(page).toContain('1 connected app is')
    expect(whereTo(await owner.post(PATH, { email: email.toUpperCase() }))).toEqual(DELETED)

    expect(await storedUsers(service, email)).toEqual([])
    for (const each of tokens) {
      const answer = await whoami(service, each)
      expect([answer.status, await answer.json()]).toMatchObject([
        401,
        { code: 'session_ended', reason: 'ended_by_user' },
      ])
      expect((await refresh(service, each)).status).toBe(400)
    }
    expect(whereTo(await elsewhere.get('/account'))).toEqual([303, '/sign-in'])
    expect((await whoami(service, neighbour)).status).toBe(200)
    expect(queue.messages).toMatchObject([{ type: 'session.ended', client_id: told.client_id }])
    const events = await storedEvents(service, userId)
    expect(events.slice(-5).map(event => [event.type, event.reason])).toEqual([
      ...Array(4).fill(['session.ended', 'ended_by_user']),
      ['user.deleted', null],
    ])
    const [mail, ...more] = lastMails(service, email)
    expect(more).toEqual([])
    expect(mail?.text).toContain('Time: ')
    expect(mail?.text).not.toMatch(/token=|[us]_[a-z2-7]{2}/)

    // OI-04: the address is free, and whoever has it next is somebody else.
    expect((await signIn(service, own.client_id, email)).user_id).not.toBe(userId)
    await checkAddresses(service)
  })

  it('WB-01: the browser keeps nothing; the page that it ends on needs no session', async () => {
    const service = createService()
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    const answer = await confirm(owner, email)
    expect(answer.headers.get('Clear-Site-Data')).toBe('"cache", "storage"')
    for (const name of ['session', 'csrf', 'sign-in', 'browser'])
      expect([name, owner.cookie(`__Host-${name}`)]).toEqual([name, undefined])
    const page = await browser(service).get('/signed-out/deleted')
    expect([page.status, await page.text()]).toEqual([
      200,
      expect.stringContaining('<h1>Your account is deleted</h1>'),
    ])
  })

  it('SE-18: needs a sign-in of the last ten minutes at every step, and the address; a token counts for nothing', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    const { access_token } = await signIn(service, client_id, email)
    await owner.get(PATH)
    for (const wrong of [freshAddress(), '', 'nobody', `${email}, ${email}`]) {
      const answer = await owner.post(PATH, { email: wrong })
      expect([answer.status, await answer.text()]).toEqual([
        400,
        expect.stringContaining('aria-invalid="true"'),
      ])
    }
    const problem = await owner.post(PATH, { email: 'x@x.test' }, ACCEPT_JSON)
    expect([problem.status, await problem.json()]).toMatchObject([400, { code: 'wrong_address' }])

    service.now += 601
    const again = [303, '/sign-in?continue=%2Faccount%2Fdelete&notice=recent_sign_in_required']
    for (const answer of [await owner.get(PATH), await owner.post(PATH, { email })])
      expect(whereTo(answer)).toEqual(again)
    const old = await owner.post(PATH, { email }, ACCEPT_JSON)
    expect([old.status, await old.json()]).toMatchObject([403, { code: 'recent_sign_in_required' }])

    const headers = { ...ACCEPT_JSON, 'Content-Type': 'application/x-www-form-urlencoded' }
    for (const method of ['GET', 'POST']) {
      const body = method === 'GET' ? null : new URLSearchParams({ email }).toString()
      const answer = await service.request(PATH, bearer(access_token, { method, headers, body }))
      expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'unauthorized' }])
    }
    expect(await storedUsers(service, email)).toHaveLength(1)
  })

  it('WB-02: a form from elsewhere, or without its token, deletes nothing', async () => {
    const service = createService()
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    await owner.get(PATH)
    const evil = 'https://auth.test.evil.test'
    for (const headers of [
      { Origin: evil, 'Sec-Fetch-Site': 'cross-site' },
      { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site', Origin: 'https://app.auth.test' },
    ]) {
      expect((await owner.post(PATH, { email }, headers)).status).toBe(403)
    }
    for (const csrf_token of ['', 'A'.repeat(43)]) {
      const answer = await owner.post(PATH, { email, csrf_token }, { ...SAME_ORIGIN, ...ACCEPT_JSON })
      expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'csrf_failed' }])
    }
    expect(await storedUsers(service, email)).toHaveLength(1)
  })

  it('SE-13: where the account was deleted meanwhile, in this browser or another, that is what is said', async () => {
    const service = createService()
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    const elsewhere = await signInBrowser(service, email)
    for (const each of [owner, elsewhere]) await each.get(PATH)
    const formerToken = owner.csrfToken ?? ''
    expect(whereTo(await owner.post(PATH, { email }))).toEqual(DELETED)
    expect(whereTo(await owner.post(PATH, { email, csrf_token: formerToken }))).toEqual(NOTHING_DELETED)
    expect(whereTo(await elsewhere.post(PATH, { email }))).toEqual(NOTHING_DELETED)
    const problem = await elsewhere.post(PATH, { email }, ACCEPT_JSON)
    expect([problem.status, await problem.json()]).toMatchObject([401, { code: 'unauthorized' }])
    const page = await (await elsewhere.get('/sign-in?notice=nothing_deleted')).text()
    expect(page).toContain('Then it is gone')
  })
})

/** A user with something in every table that can hold something of a user. */
async function settled(service: Service) {
  const { client_id } = await createClient(service)
  const email = freshAddress()
  const device = `phone ${crypto.randomUUID()}`
  const owner = await signInBrowser(service, email)
  const userId = userOf(owner)
  const db = service.parts.shards.of(userId)
  await signIn(service, client_id, email, { device_name: device })
  await upsertConsent(db, userId, client_id, 'read', service.now).run()
  const fresh = await freshAddressBeside(service, email, 'another')
  await askForChange(service, owner, fresh)
  const mark = someDigest()
  await insertCode(db, {
    codeDigest: someDigest(),
    userId,
    clientId: client_id,
    redirectUri: 'https://app.test/callback',
    codeChallenge: someDigest(),
    scope: '',
    audience: 'https://app.test',
    nonce: null,
    dpopJkt: null,
    browserSessionId: 's_x',
    signedInWith: ['email_link'],
    authTime: service.now,
    device: { name: device, kind: 'phone', os: null, browser: null },
    place: { country: null, city: `city of ${device}` },
    marks: [mark],
    expiresAt: service.now + 60,
  })
  const log = await db
    .prepare('SELECT marks, details_salt FROM user_events WHERE user_id = ?')
    .bind(userId)
    .all<{ marks: string; details_salt: string }>()
  const marks = log.results.flatMap(({ marks }) => JSON.parse(marks) as string[])
  expect(marks.length).toBeGreaterThanOrEqual(3)
  // By a salt what was personal could be tried.
  const salts = log.results.map(each => each.details_salt)
  const browserName = owner.cookie('__Host-browser') as string
  return {
    service,
    owner,
    userId,
    email,
    personal: [email, fresh, device, mark, ...marks, ...salts],
    browserName,
  }
}

/** Tables of all shards in which this text stands. */
async function tablesWith(service: Service, text: string): Promise<string[]> {
  const shards = JSON.parse(await dump(service)) as Record<string, unknown[]>[]
  const found = shards.flatMap(tables =>
    Object.entries(tables).filter(([, rows]) => JSON.stringify(rows).includes(text)),
  )
  return [...new Set(found.map(([name]) => name))].sort()
}

describe('what is left', () => {
  it('LG-05: at once no address but in sign-ins, and no device, place or mark; of the ids what is documented; later nothing', async () => {
    const user = await settled(createService())
    const { service, owner, userId, email, personal } = user
    for (const each of personal) expect(await tablesWith(service, each)).not.toEqual([])
    expect(await tablesWith(service, userId)).toEqual([
      'authorization_codes',
      'consents',
      'email_changes',
      'emails',
      'entropy_buckets',
      'sessions',
      'user_events',
      'users',
    ])
    expect(whereTo(await confirm(owner, email))).toEqual(DELETED)

    for (const each of personal) {
      // A link that is on its way must be known for as long as it could be used.
      expect((await tablesWith(service, each)).filter(table => table !== 'sign_ins')).toEqual([])
    }
    expect(await tablesWith(service, userId)).toEqual(['entropy_buckets', 'user_events'])
    await checkAddresses(service)

    service.now += 16 * 60
    await keepHouse(service.parts, service.now)
    for (const each of personal) expect(await tablesWith(service, each)).toEqual([])
    expect(await tablesWith(service, userId)).toEqual(['user_events'])

    service.now += 30 * 24 * 3600
    await keepHouse(service.parts, service.now)
    expect(await tablesWith(service, userId)).toEqual([])
    expect(await everythingStored(service)).not.toContain(userId)
  })

  it('LG-05: the limits forget from where its holder signed in', async () => {
    const { service, owner, email, browserName } = await settled(createService())
    const name = await service.parts.secrets.mac('rate-limit', `browser:${browserName}`)
    expect(formsOf(name)).toContain(name)
    const known = async () =>
      (await everythingStored(service)).includes(`"${name}":${service.now + 30 * 24 * 3600}`)
    expect(await known()).toBe(true)
    await confirm(owner, email)
    expect(await known()).toBe(false)
  })
})

describe('rows', () => {
  it('SE-13: a deletion writes 5 rows for each session, 1 for each older entry with details, and 9 more', async () => {
    const cost = { written: 0, calls: 0 }
    const count: Intercept = async (sql, run) => {
      const results = await run()
      if (sql[0]?.includes('FROM clients')) return results
      cost.calls += 1
      for (const { meta } of results) cost.written += meta.rows_written
      return results
    }
    const service = createService({
      ...workerSeenThrough(count),
      USER_SESSIONS: objectsSeenThrough(count),
    })
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const others = await seedSessions(service, client_id, email, 20)
    const [caller] = others
    const owner = await signInBrowser(service, email)
    await service.request('/v1/sessions/revoke-others', bearer(caller?.access_token ?? '', json({})))
    const before = await storedEvents(service, userOf(owner))
    await owner.get(PATH)
    Object.assign(cost, { written: 0, calls: 0 })
    expect(whereTo(await owner.post(PATH, { email }))).toEqual(DELETED)
    expect(cost.written).toBeLessThanOrEqual(2 * 5 + before.length + 9)
    expect(cost.calls).toBeLessThanOrEqual(10)
  })
})

/** A service whose objects lose their databases at one statement: `before` it is run, or `after` it was. */
function crashingService() {
  const plan = { at: '', when: 'before' as 'before' | 'after', isDark: false }
  const lost = () => new Error('D1_ERROR: Network connection lost.')
  const service = createService({
    USER_SESSIONS: objectsSeenThrough(async (sql, run) => {
      const isHere = plan.at !== '' && sql[0]?.startsWith(plan.at) === true
      if (plan.isDark || (isHere && plan.when === 'before')) {
        plan.isDark = true
        throw lost()
      }
      const results = await run()
      plan.isDark = isHere
      if (isHere) throw lost()
      return results
    }),
  })
  return { service, plan, recover: () => Object.assign(plan, { at: '', isDark: false }) }
}

const STEPS = [
  'INSERT INTO user_events',
  'UPDATE email_changes',
  'DELETE FROM emails',
  'DELETE FROM email_changes',
] as const
const CRASHES = [...STEPS.map(at => ['before', at] as const), ['after', 'INSERT INTO user_events'] as const]

describe('a deletion that stops in between', () => {
  it.each(CRASHES)(
    'LG-05: %s “%s”: the account is there with all that it has, or gone with all of it, and the address is free',
    async (when, at) => {
      const { service, plan, recover } = crashingService()
      const { client_id } = await createClient(service)
      const isLateStep = STEPS.indexOf(at) > 0
      for (const pending of ['nothing', 'an address taken', 'a change not settled'] as const) {
        const email = freshAddress()
        const fresh = await freshAddressBeside(service, email, 'another')
        const owner = await signInBrowser(service, email)
        const userId = userOf(owner)
        const code = pending === 'nothing' ? '' : await askForChange(service, owner, fresh)
        if (pending !== 'nothing') {
          const at = pending === 'an address taken' ? 'INSERT INTO user_events' : 'DELETE FROM emails'
          Object.assign(plan, { at, when: 'before' })
          await typeCode(owner, code)
          recover()
        }
        const address = pending === 'a change not settled' ? fresh : email
        await owner.get(PATH)
        Object.assign(plan, { at, when })
        const answer = await owner.post(PATH, { email: address })
        recover()
        const isAcknowledged = answer.status === 303
        expect(isAcknowledged).toBe(isLateStep)
        if (!isAcknowledged) expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '2'])

        const isGone = isLateStep || when === 'after'
        expect(await storedUsers(service, address)).toEqual(isGone ? [] : [userId])
        // The index may still be wrong here: signing in must not follow it. It also puts it right, so not every time.
        for (const each of pending === 'nothing' ? [email, fresh] : []) {
          const isOwn = !isGone && each === address
          expect((await signIn(service, client_id, each)).user_id === userId).toBe(isOwn)
        }
        const again = await confirm(owner, address)
        expect(whereTo(again)).toEqual(isGone ? NOTHING_DELETED : DELETED)
        service.now += 960
        await keepHouse(service.parts, service.now)
        await checkAddresses(service)
        expect(await tablesWith(service, userId)).toEqual(['user_events'])
        expect(lastMails(service, address)).toHaveLength(1)
      }
    },
  )
})

describe('at the same moment', () => {
  it('SE-13: of deletions from several sessions one is done, and told once', async () => {
    const service = createService()
    const email = freshAddress()
    const owners: Browser[] = []
    for (let nth = 0; nth < 4; nth++) owners.push(await signInBrowser(service, email))
    for (const each of owners) await each.get(PATH)
    const answers = await Promise.all(owners.map(each => each.post(PATH, { email })))
    expect(answers.map(answer => answer.headers.get('Location')).sort()).toEqual([
      ...Array(3).fill('/sign-in?notice=nothing_deleted'),
      '/signed-out/deleted',
    ])
    expect(lastMails(service, email)).toHaveLength(1)
    await checkAddresses(service)
  })

  it('SE-13: a session that is ended meanwhile deletes nothing; a sign-in meanwhile is ended too, or another user’s', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    for (let round = 0; round < 3; round++) {
      const email = freshAddress()
      const owner = await signInBrowser(service, email)
      const userId = userOf(owner)
      const elsewhere = await signInBrowser(service, email)
      await owner.get(PATH)
      await elsewhere.get('/account')
      const [deleted, ended, tokens] = await Promise.all([
        owner.post(PATH, { email }),
        elsewhere.post('/account/sessions/end-others', { client_id: '*' }),
        signIn(service, client_id, email),
      ])
      expect(ended.status).toBe(303)
      const isDeleted = deleted.headers.get('Location') === '/signed-out/deleted'
      expect((await storedUsers(service, email)).includes(userId)).toBe(!isDeleted)
      if (isDeleted) {
        const isLive = (await whoami(service, tokens)).status === 200
        expect(isLive).toBe(tokens.user_id !== userId)
      }
      await checkAddresses(service)
    }
  })
})
