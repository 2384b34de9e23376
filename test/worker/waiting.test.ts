// The socket of the page that waits for the link: who may listen, who is rung, and that a ring is no more than a ring.
import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WAITING_SOCKETS_PER_BROWSER, WRONG_CODES_LIMIT } from '../../src/domain/limits.ts'
import { readBinding } from '../../src/tokens/binding.ts'
import {
  ACCEPT_JSON,
  askForMail,
  type Browser,
  browser,
  SAME_ORIGIN,
  signInBrowser,
} from './support/browser.ts'
import { captureLogs } from './support/canaries.ts'
import { dump } from './support/dump.ts'
import { handshake, listen, UPGRADE } from './support/live.ts'
import { expectOurHeaders, expectRefusal } from './support/routes.ts'
import { createService, freshAddress, ISSUER, type Service } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'
import { watchDatabases } from './support/watched-databases.ts'

afterEach(() => void vi.restoreAllMocks())

const PATH = '/sign-in/live'
const RING = { type: 'sign_in.changed' }

const wait = (who: Browser) => listen(who.send, SAME_ORIGIN, PATH)
const state = async (who: Browser) => (await who.get('/sign-in/check', ACCEPT_JSON)).json()

/** A browser that has asked for a mail, with what the mail says, and the name of its object. */
async function asked(service: Service, email = freshAddress()) {
  const owner = browser(service)
  const mail = await askForMail(service, owner, email)
  const name = (await readBinding(owner.cookie('__Host-sign-in') ?? ''))?.digest ?? ''
  return { owner, email, ...mail, name }
}

describe('a browser that waits', () => {
  it('ML-05: is rung when its sign-in completes, by link and by code, in all its tabs; no other browser is', async () => {
    const service = createService()
    const [one, two] = [await asked(service), await asked(service)]
    const [first, second, other] = [await wait(one.owner), await wait(one.owner), await wait(two.owner)]
    expect((await one.owner.post('/sign-in/link', { token: one.token })).status).toBe(303)
    for (const tab of [first, second]) expect(await tab.next()).toEqual(RING)
    expect(await state(one.owner)).toEqual({ state: 'completed', location: '/account' })
    expect((await two.owner.post('/sign-in/code', { code: two.code })).status).toBe(303)
    expect(await other.next()).toEqual(RING)
    expect([first, second, other].map(({ texts }) => texts.length)).toEqual([1, 1, 1])
  })

  it('ML-10: is rung by the link of an earlier mail as well', async () => {
    const service = createService()
    const { owner, email, token } = await asked(service)
    await askForMail(service, owner, email)
    const page = await wait(owner)
    expect((await owner.post('/sign-in/link', { token })).status).toBe(303)
    expect(await page.next()).toEqual(RING)
    expect(await state(owner)).toMatchObject({ state: 'completed' })
  })

  it('ML-09: is rung when the fifth wrong code ends the attempt, and not before', async () => {
    const service = createService()
    const { owner } = await asked(service)
    const page = await wait(owner)
    const answers: string[] = []
    for (let nth = 1; nth <= WRONG_CODES_LIMIT; nth++) {
      const response = await owner.post('/sign-in/code', { code: 'BBBB-BBBB' }, ACCEPT_JSON)
      answers.push(`${((await response.json()) as { code: string }).code}, ${page.texts.length} heard`)
      if (nth === WRONG_CODES_LIMIT - 1) expect(await state(owner)).toMatchObject({ state: 'pending' })
    }
    expect(answers.slice(0, -1)).toEqual(Array(WRONG_CODES_LIMIT - 1).fill('wrong_code, 0 heard'))
    expect(answers.at(-1)).toMatch(/^sign_in_ended/)
    expect(await page.next()).toEqual(RING)
    expect(await state(owner)).toMatchObject({ state: 'ended' })
  })

  it('is rung after its object has slept, and kept open by ping; it may say nothing else', async () => {
    const service = createService()
    const { owner, token, name } = await asked(service)
    const page = await wait(owner)
    await evictDurableObject(env.WAITING_BROWSERS.getByName(name))
    page.socket.send('ping')
    expect(await page.nextText()).toBe('pong')
    expect((await owner.post('/sign-in/link', { token })).status).toBe(303)
    expect(await page.next()).toEqual(RING)
    page.socket.send('hello')
    expect(await page.closed).toMatchObject({ code: 1008 })
  })

  it('has a few sockets: the oldest gives way, and what is closed there is closed here', async () => {
    const service = createService()
    const { owner, token, name } = await asked(service)
    const pages = []
    for (let count = 0; count <= WAITING_SOCKETS_PER_BROWSER; count++) pages.push(await wait(owner))
    const [oldest, second, ...rest] = pages
    expect(await oldest?.closed).toMatchObject({ code: 4003 })
    second?.socket.close(1000)
    await second?.closed
    const open = await runInDurableObject(
      env.WAITING_BROWSERS.getByName(name),
      (_, state) => state.getWebSockets().filter(each => each.readyState === WebSocket.OPEN).length,
    )
    expect(open).toBe(WAITING_SOCKETS_PER_BROWSER - 1)
    expect((await owner.post('/sign-in/link', { token })).status).toBe(303)
    for (const page of rest) expect(await page.next()).toEqual(RING)
    expect(oldest?.texts).toEqual([])
  })
})

describe('who may listen', () => {
  const refused = async (response: Response) => {
    expect(response.webSocket).toBeNull()
    return [response.status, await expectRefusal(response, `GET ${PATH}`)]
  }
  const ask = (who: Browser, headers: Readonly<Record<string, string>> = SAME_ORIGIN) =>
    handshake(who.send, { ...ACCEPT_JSON, ...headers }, PATH)

  it('WB-02: a page of ours, in the browser that asked, while its sign-in is not over', async () => {
    const service = createService()
    const { owner } = await asked(service)
    const hostile: Record<string, string>[] = [
      'https://evil.test',
      'https://sub.auth.test',
      'http://auth.test',
      'null',
    ].map(Origin => ({ Origin }))
    for (const site of ['cross-site', 'same-site']) hostile.push({ Origin: ISSUER, 'Sec-Fetch-Site': site })
    for (const headers of hostile) {
      expect([headers, await refused(await ask(owner, headers))]).toEqual([headers, [403, 'csrf_failed']])
    }
    const [id] = (owner.cookie('__Host-sign-in') ?? '').split('.')
    const forged = { ...SAME_ORIGIN, Cookie: `__Host-sign-in=${id}.${'A'.repeat(43)}` }
    const over = [400, 'sign_in_ended']
    expect(await refused(await ask(browser(service)))).toEqual(over)
    expect(await refused(await ask(owner, forged))).toEqual(over)
    const opened = await ask(owner)
    expect([opened.status, opened.headers.get('Cache-Control')]).toEqual([101, 'no-store'])
    expectOurHeaders(opened)
    opened.webSocket?.accept()
    opened.webSocket?.close()
    // A browser forgets the cookie in time; here it does not.
    const cookie = `__Host-sign-in=${owner.cookie('__Host-sign-in')}`
    service.now += 600
    expect(await refused(await ask(owner, { ...SAME_ORIGIN, Cookie: cookie }))).toEqual(over)
  })

  it('ML-07: whether or not its address is known, and its mail was held back', async () => {
    const heldBack = createService({
      RATE_LIMITER: {
        getByName: () => ({
          hit: async () => ({ isAllowed: true, retryAfterSeconds: 0 }),
          admit: async () => 'held_back',
        }),
      },
    })
    const service = createService()
    const email = freshAddress()
    await signInBrowser(service, email)
    const unknown = (await asked(service)).owner
    const known = (await asked(service, email)).owner
    const unsent = browser(heldBack)
    expect((await unsent.post('/sign-in', { email })).status).toBe(303)
    expect(heldBack.mails).toEqual([])
    const answers = []
    for (const who of [unknown, known, unsent]) {
      const { status, headers, webSocket } = await ask(who)
      webSocket?.accept()
      webSocket?.close()
      answers.push([status, ...[...headers].filter(([name]) => name !== 'x-request-id')])
    }
    expect(answers[0]?.[0]).toBe(101)
    expect(answers).toEqual([answers[0], answers[0], answers[0]])
  })

  it('whose sign-in completed a moment ago: the page asks once it is connected', async () => {
    const service = createService()
    const { owner, token } = await asked(service)
    expect((await owner.post('/sign-in/link', { token })).status).toBe(303)
    expect((await wait(owner)).response.status).toBe(101)
  })

  it('AP-02: by a WebSocket: anything else is 406, another method 405', async () => {
    const service = createService()
    const { owner } = await asked(service)
    for (const headers of [{}, { Upgrade: 'h2c' }]) {
      const response = await owner.get(PATH, { ...ACCEPT_JSON, ...headers })
      expect(await refused(response)).toEqual([406, 'not_acceptable'])
    }
    for (const method of ['HEAD', 'POST', 'PUT', 'DELETE']) {
      const response = await owner.send(PATH, { method, headers: { ...UPGRADE, ...SAME_ORIGIN } })
      expect([method, response.status, response.webSocket]).toEqual([method, 405, null])
    }
  })

  it('AP-05: nobody, while the database or the object is away', async () => {
    const watch = watchDatabases()
    const databaseAway = createService(watch.bindings)
    const objectAway = createService({
      WAITING_BROWSERS: { getByName: () => ({ fetch: () => Promise.reject(new Error('away')) }) },
    })
    const noSocket = createService({
      WAITING_BROWSERS: { getByName: () => ({ fetch: async () => new Response() }) },
    })
    for (const service of [databaseAway, objectAway, noSocket]) {
      const { owner } = await asked(service)
      watch.refuses = () => service === databaseAway
      const response = await ask(owner)
      expect([response.status, response.webSocket]).toEqual([503, null])
      expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0)
    }
  })
})

describe('what ringing costs', () => {
  /** Objects of waiting browsers that note who is asked for what, and fail it where they are told to. */
  function noted(ring = async () => {}) {
    const calls: string[] = []
    const getByName = (name: string) => ({
      ring: () => {
        calls.push(name)
        return ring()
      },
    })
    return { calls, service: createService({ WAITING_BROWSERS: { getByName } }) }
  }

  it('one call for a sign-in in a browser, named by a digest; none for an app, a mail, a question or a wrong code', async () => {
    const { calls, service } = noted()
    await signIn(service, (await createClient(service)).client_id, freshAddress())
    const { owner, token, name } = await asked(service)
    await owner.get('/sign-in/check')
    await state(owner)
    expect((await owner.post('/sign-in/code', { code: 'BBBB-BBBB' })).status).toBe(400)
    expect(calls).toEqual([])
    expect((await owner.post('/sign-in/link', { token })).status).toBe(303)
    expect(calls).toEqual([name])
    expect((await owner.post('/sign-in/link', { token })).status).toBe(400)
    expect(calls).toEqual([name])
    expect((owner.cookie('__Host-sign-in') ?? '').includes(name)).toBe(false)
  })

  it.each([
    [
      'refuses',
      () => {
        throw new Error('overloaded')
      },
    ],
    ['breaks', () => Promise.reject(new Error('reset'))],
  ])('no sign-in: it stands when the object %s, and so does a refusal', async (_, ring) => {
    const logs = captureLogs()
    const { calls, service } = noted(ring)
    const { owner, token } = await asked(service)
    expect((await owner.post('/sign-in/link', { token })).status).toBe(303)
    expect((await owner.get('/account')).status).toBe(200)
    const guesser = await asked(service)
    const codes: string[] = []
    for (let nth = 1; nth <= WRONG_CODES_LIMIT; nth++) {
      const response = await guesser.owner.post('/sign-in/code', { code: 'BBBB-BBBB' }, ACCEPT_JSON)
      codes.push(((await response.json()) as { code: string }).code)
    }
    expect(codes.at(-1)).toBe('sign_in_ended')
    expect(calls).toHaveLength(2)
    expect(logs.text().match(/"waiting_browser\.not_rung"/g)).toHaveLength(2)
  })

  it('no row, for listening neither, and nothing is kept in the object', async () => {
    const service = createService()
    const { owner, name } = await asked(service)
    const before = await dump(service)
    const page = await wait(owner)
    const object = env.WAITING_BROWSERS.getByName(name)
    await object.ring()
    expect(await page.next()).toEqual(RING)
    expect(await dump(service)).toBe(before)
    expect(await runInDurableObject(object, (_, { storage }) => [...storage.kv.list()])).toEqual([])
  })
})
