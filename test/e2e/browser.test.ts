// Signing in and ending sessions as people do it: in Chromium, with and without script, on a phone and a desktop.
import type { Browser, BrowserContext, Page, Request } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findCode, findLinkToken, type Mail } from '../../src/cli/mailbox.ts'
import { startCallback } from './support/callback.ts'
import { DESKTOP, openPerson, PHONE, startChromium } from './support/chromium.ts'
import type { Instance } from './support/service.ts'
import { findSharedInstance } from './support/shared-instance.ts'

let service: Instance
let browser: Browser

beforeAll(async () => {
  ;[service, browser] = await Promise.all([findSharedInstance(), startChromium()])
})

afterAll(() => browser?.close())

let counter = 0
const freshAddress = () => `person-${++counter}@browser.test`
const linkOf = (mail: Mail) => `${service.origin}/sign-in/link?token=${findLinkToken(mail)}`

async function askForLink(page: Page, email: string): Promise<Mail> {
  await page.goto('/sign-in')
  await page.getByLabel('Email address').fill(email)
  await page.getByRole('button', { name: 'Send me the email' }).click()
  await page.waitForURL('**/sign-in/check')
  return service.mailbox(email, mail => findCode(mail) !== null)
}

async function typeCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Code from the email').fill(code)
  await page.getByRole('button', { name: 'Sign in with the code' }).click()
}

async function signIn(page: Page, email: string): Promise<void> {
  const mail = await askForLink(page, email)
  await typeCode(page, findCode(mail) ?? '')
  await page.waitForURL('**/account')
}

const devices = [
  { name: 'a phone with script', script: true, viewport: PHONE },
  { name: 'a phone without script', script: false, viewport: PHONE },
  { name: 'a desktop with script', script: true, viewport: DESKTOP },
  { name: 'a desktop without script', script: false, viewport: DESKTOP },
]

describe.each(devices)('on $name', ({ script, viewport }) => {
  test('ML-04: the link signs in once its button is pressed, in the browser that asked', async () => {
    const { context, page, complaints } = await openPerson(browser, service.origin, { script, viewport })
    const mail = await askForLink(page, freshAddress())
    const tab = await context.newPage()
    await tab.goto(linkOf(mail))
    await tab.getByRole('button', { name: 'Sign in' }).click()
    await tab.waitForURL('**/account')
    expect(await tab.getByRole('heading', { level: 1 }).textContent()).toContain('signed in')

    // The page that waits goes on by itself; without script, by its own link.
    if (!script) await page.getByRole('link', { name: /I opened the link/ }).click()
    await page.waitForURL('**/account')
    expect(complaints).toEqual([])
    await context.close()
  })

  test('the code signs in, and signing out ends the session', async () => {
    const { context, page, complaints } = await openPerson(browser, service.origin, { script, viewport })
    const mail = await askForLink(page, freshAddress())
    await typeCode(page, ` ${(findCode(mail) ?? '').toLowerCase().replace('-', ' ')} `)
    await page.waitForURL('**/account')
    await page.getByRole('button', { name: 'Sign out', exact: true }).first().click()
    await page.waitForURL('**/signed-out')
    await page.goto('/account')
    expect(new URL(page.url()).pathname).toBe('/sign-in')
    expect(complaints).toEqual([])
    await context.close()
  })

  test('AZ-10, WB-07: an app sends somebody here and gets its answer, by redirect and by form', async () => {
    const { context, page, complaints } = await openPerson(browser, service.origin, { script, viewport })
    const app = await startCallback()
    const request = (clientId: string, mode: string) =>
      `/oauth2/authorize?${new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: app.redirectUri,
        response_mode: mode,
        state: 'where I was',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      })}`
    const expected = { code: expect.stringMatching(/^a_/), state: 'where I was', iss: service.origin }

    // The form with the code leads on to the app, over all redirects in between.
    let answer = app.next()
    const email = freshAddress()
    await page.goto(request('demo', 'query'))
    await page.getByLabel('Email address').fill(email)
    await page.getByRole('button', { name: 'Send me the email' }).click()
    await typeCode(page, findCode(await service.mailbox(email)) ?? '')
    await page.getByRole('heading', { name: 'Back in the app' }).waitFor()
    expect(await answer).toEqual(expected)

    answer = app.next()
    await page.goto(request('demo-app', 'query'))
    await page.getByRole('button', { name: 'Allow', exact: true }).click()
    await page.getByRole('heading', { name: 'Back in the app' }).waitFor()
    expect(await answer).toEqual(expected)

    answer = app.next()
    await page.goto(request('demo-app', 'form_post'))
    await page.getByRole('button', { name: 'Allow', exact: true }).click()
    if (!script) await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: 'Back in the app' }).waitFor()
    expect(await answer).toEqual(expected)

    const elsewhere = complaints.filter(complaint => !complaint.includes(app.redirectUri))
    expect(elsewhere).toEqual([])
    await context.close()
    app.close()
  })
})

describe('the page that waits goes on by itself', () => {
  const isQuestion = (request: Request) =>
    request.resourceType() === 'fetch' && request.url().endsWith('/sign-in/check')

  async function openLinkInTab(context: BrowserContext, mail: Mail): Promise<void> {
    const tab = await context.newPage()
    await tab.goto(linkOf(mail))
    await tab.getByRole('button', { name: 'Sign in' }).click()
    await tab.waitForURL('**/account')
  }

  test('rung over its socket: while no timer runs, it asks when it is connected and when it is rung', async () => {
    const { context, page, complaints } = await openPerson(browser, service.origin)
    await context.clock.install()
    await context.clock.pauseAt(Date.now() + 60_000)
    const questions: string[] = []
    const rings: unknown[] = []
    page.on('request', request => isQuestion(request) && questions.push(request.url()))
    page.on('websocket', socket =>
      socket.on('framereceived', ({ payload }) => payload !== 'pong' && rings.push(payload)),
    )
    const connected = page.waitForResponse(response => isQuestion(response.request()))
    const mail = await askForLink(page, freshAddress())
    await connected
    expect(rings).toEqual([])
    await openLinkInTab(context, mail)
    await page.waitForURL('**/account')
    expect([questions.length, rings]).toEqual([2, ['{"type":"sign_in.changed"}']])
    expect(complaints).toEqual([])
    await context.close()
  })

  test('by asking, where the handshake is refused', async () => {
    const { context, page, complaints } = await openPerson(browser, service.origin)
    await page.addInitScript(`{
      const Real = WebSocket
      window.WebSocket = function (url) { return new Real(url + '/refused') }
    }`)
    const mail = await askForLink(page, freshAddress())
    await openLinkInTab(context, mail)
    await page.waitForURL('**/account')
    // Chromium says so by itself; once, because the script does not insist.
    expect(complaints).toEqual([expect.stringContaining('WebSocket')])
    await context.close()
  })
})

test('ML-13: the token leaves the address bar, and no storage holds anything', async () => {
  const { context, page } = await openPerson(browser, service.origin)
  const mail = await askForLink(page, freshAddress())
  await page.goto(linkOf(mail))
  await page.waitForFunction("!location.href.includes('token')")
  expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([
    0,
    0,
    '',
  ])
  await context.close()
})

test('ML-05: in another browser the link explains, offers nothing to press, and stays good', async () => {
  const owner = await openPerson(browser, service.origin)
  const other = await openPerson(browser, service.origin, { viewport: DESKTOP })
  const mail = await askForLink(owner.page, freshAddress())
  await other.page.goto(linkOf(mail))
  expect(await other.page.locator('form, button').count()).toBe(0)
  await other.page.goto('/account')
  expect(new URL(other.page.url()).pathname).toBe('/sign-in')

  await owner.page.goto(linkOf(mail))
  await owner.page.getByRole('button', { name: 'Sign in' }).click()
  await owner.page.waitForURL('**/account')
  await Promise.all([owner.context.close(), other.context.close()])
})

test('a wrong code says so, keeps the page, and the right one still works', async () => {
  const { context, page } = await openPerson(browser, service.origin, { script: false })
  const mail = await askForLink(page, freshAddress())
  await typeCode(page, 'BBBB-BBBB')
  expect(await page.title()).toContain('Error')
  await typeCode(page, findCode(mail) ?? '')
  await page.waitForURL('**/account')
  await context.close()
})

test('SE-11: someone who lost a phone ends its session from a borrowed browser', async () => {
  const email = freshAddress()
  const phone = service.device('demo', 'Handset 7')
  expect((await phone.signIn(email)).status).toBe(200)
  expect((await phone.request('GET', '/ping/whoami')).status).toBe(200)

  const { context, page, complaints } = await openPerson(browser, service.origin, { viewport: DESKTOP })
  await signIn(page, email)
  const card = page.getByRole('article', { name: 'Handset 7' })
  await card.locator('summary').click()
  await card.getByRole('button', { name: 'End session' }).click()
  await page.waitForURL(/\/account\?ended=s_/)
  await page.getByText('Done: Handset 7 was signed out of').waitFor()
  expect(await card.count()).toBe(0)
  const refused = await phone.request('GET', '/ping/whoami')
  expect(refused.status).toBe(401)
  expect(refused.body).toMatchObject({ code: 'session_ended', reason: 'ended_by_user' })
  expect(complaints).toEqual([])
  await context.close()
})

test('SE-10: one device at a time: the browser that had to give way is told by whom, when and where', async () => {
  const email = freshAddress()
  const one = await openPerson(browser, service.origin)
  const userAgent = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'
  const two = await openPerson(browser, service.origin, { viewport: DESKTOP, userAgent })
  await signIn(one.page, email)
  const status = await one.page.evaluate(`fetch('/v1/preferences', {
    method: 'PUT',
    headers: {
      'Content-Type': 'application/json',
      'X-CSRF-Token': document.querySelector('meta[name=csrf-token]').content,
    },
    body: JSON.stringify({
      one_session_per_client: false, one_device: true, notify: { new_sign_in: 'never' },
    }),
  }).then(response => response.status)`)
  expect(status).toBe(200)
  await signIn(two.page, email)

  await one.page.waitForURL('**/sign-in')
  const block = one.page.getByRole('region', { name: 'You are no longer signed in here' })
  expect(await block.getByRole('heading', { level: 3 }).textContent()).toBe('Firefox on Windows')
  expect(await block.textContent()).toContain('one device at a time')
  expect(await block.getByRole('time').count()).toBe(1)
  expect(one.complaints).toEqual([])

  await signIn(one.page, email)
  await one.page.goto('/sign-in')
  expect(await block.count()).toBe(0)
  await Promise.all([one.context.close(), two.context.close()])
})

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

test('SE-10, SE-11: a second sign-in shows on the first device’s open page, and is answered there', async () => {
  const email = freshAddress()
  const first = await openPerson(browser, service.origin, { viewport: DESKTOP })
  const second = await openPerson(browser, service.origin, { userAgent: IPHONE })
  const cards = first.page.locator('#arrivals').getByRole('article')
  await signIn(first.page, email)
  await first.page.evaluate('window.isStillTheSame = true')

  await signIn(second.page, email)
  await cards.filter({ hasText: 'Safari on iOS' }).waitFor()
  expect(await first.page.evaluate('window.isStillTheSame')).toBe(true)
  await first.page.getByRole('button', { name: 'That wasn’t me' }).click()
  await first.page.getByRole('heading', { name: 'The session has ended' }).waitFor()
  await second.page.waitForURL('**/sign-in')
  await first.page.getByRole('link', { name: 'Show where I’m signed in' }).click()
  expect(await cards.count()).toBe(0)

  // Who has a question open keeps it; the rest of the page goes on.
  const question = first.page.locator('.everywhere details')
  await question.locator('summary').click()
  await signIn(second.page, email)
  await cards.waitFor()
  expect(await question.getAttribute('open')).not.toBeNull()
  const inList = first.page.locator('#signed-in').getByText('Safari on iOS')
  expect(await inList.count()).toBe(0)
  await question.locator('summary').click()
  await cards.getByRole('button', { name: 'That was me' }).focus()
  await inList.first().waitFor()

  // A card that somebody is at stays, though its session is over, until they leave it.
  await second.page.getByRole('button', { name: 'Sign out', exact: true }).first().click()
  await second.page.waitForURL('**/signed-out')
  await inList.first().waitFor({ state: 'detached' })
  expect(await cards.count()).toBe(1)
  await first.page.keyboard.press('Shift+Tab')
  await cards.waitFor({ state: 'detached' })

  await signIn(second.page, email)
  await cards.getByRole('button', { name: 'That was me' }).click()
  await cards.waitFor({ state: 'detached' })
  await inList.first().waitFor()
  expect(await second.page.locator('#arrivals').getByRole('article').count()).toBe(0)
  await second.page.reload()
  expect(new URL(second.page.url()).pathname).toBe('/account')
  expect([...first.complaints, ...second.complaints]).toEqual([])
  await Promise.all([first.context.close(), second.context.close()])
})

test('SE-10, SE-11: without script a new sign-in shows when the page is loaded again, and is answered there', async () => {
  const email = freshAddress()
  const { context, page, complaints } = await openPerson(browser, service.origin, { script: false })
  await signIn(page, email)
  const phone = service.device('demo', 'Handset 8')
  expect((await phone.signIn(email)).status).toBe(200)
  const card = page.locator('#arrivals').getByRole('article').filter({ hasText: 'Handset 8' })
  expect(await card.count()).toBe(0)
  await page.reload()
  await card.getByRole('button', { name: 'That was me' }).click()
  await card.waitFor({ state: 'detached' })
  expect((await phone.request('GET', '/ping/whoami')).status).toBe(200)

  // It replaces the former one of its client, and is asked about anew.
  expect((await phone.signIn(email)).status).toBe(200)
  await page.reload()
  await card.getByRole('button', { name: 'That wasn’t me' }).click()
  await page.getByRole('heading', { name: 'The session has ended' }).waitFor()
  expect((await phone.request('GET', '/ping/whoami')).body).toMatchObject({ reason: 'not_me' })
  expect(complaints).toEqual([])
  await context.close()
})

test('sign out everywhere ends this browser and the others', async () => {
  const email = freshAddress()
  const one = await openPerson(browser, service.origin)
  const two = await openPerson(browser, service.origin, { viewport: DESKTOP })
  await signIn(one.page, email)
  await signIn(two.page, email)
  const everywhere = two.page.locator('details').filter({ hasText: 'Sign out everywhere' }).last()
  await everywhere.locator('summary').click()
  await everywhere.locator('form button').click()
  await two.page.waitForURL('**/signed-out')
  // The page that is open there notices by itself.
  await one.page.waitForURL('**/sign-in')
  expect([...one.complaints, ...two.complaints]).toEqual([])
  await Promise.all([one.context.close(), two.context.close()])
})
