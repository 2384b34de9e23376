// The story that Latchkey exists for: two phones, an app of others, a sign-in that was not hers, a lost phone. In
// browsers and apps at once, as the people in it would do it.
import { createHash, randomBytes } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findCode, findLinkToken } from '../../src/cli/mailbox.ts'
import { startCallback } from './support/callback.ts'
import { DESKTOP, openPerson, startChromium } from './support/chromium.ts'
import type { Instance } from './support/service.ts'
import { findSharedInstance } from './support/shared-instance.ts'

let service: Instance
let browser: Browser

beforeAll(async () => {
  ;[service, browser] = await Promise.all([findSharedInstance(), startChromium()])
})

afterAll(() => browser?.close())

const ANN = 'ann@story.test'
const hasCode = (mail: Parameters<typeof findCode>[0]) => findCode(mail) !== null

async function askForMail(page: Page) {
  await page.goto('/sign-in')
  await page.getByLabel('Email address').fill(ANN)
  await page.getByRole('button', { name: 'Send me the email' }).click()
  return service.mailbox(ANN, hasCode)
}

async function typeCode(page: Page, code: string | null): Promise<void> {
  await page.getByLabel('Code from the email').fill(code ?? '')
  await page.getByRole('button', { name: 'Sign in with the code' }).click()
  await page.waitForURL('**/account')
}

/** Allows an app of others in this browser; answers its access token. */
async function allowApp(page: Page): Promise<string> {
  const app = await startCallback()
  const verifier = randomBytes(32).toString('base64url')
  const answer = app.next()
  await page.goto(
    `/oauth2/authorize?${new URLSearchParams({
      response_type: 'code',
      client_id: 'demo-app',
      redirect_uri: app.redirectUri,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })}`,
  )
  await page.getByRole('button', { name: 'Allow', exact: true }).click()
  const { code = '' } = await answer
  app.close()
  const exchanged = await fetch(`${service.origin}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'demo-app',
      code,
      code_verifier: verifier,
    }),
  })
  return ((await exchanged.json()) as { access_token: string }).access_token
}

const isLive = async (accessToken: string): Promise<boolean> =>
  (await fetch(`${service.origin}/ping/whoami`, { headers: { authorization: `Bearer ${accessToken}` } })).ok

test('SE-10, SE-11, ML-16: two phones, an app of others, a sign-in that was not hers, a lost phone', async () => {
  const laptop = await openPerson(browser, service.origin, { viewport: DESKTOP })
  const arrivals = laptop.page.locator('#arrivals').getByRole('article')
  const device = (page: Page, name: string) =>
    page.locator('.device-card').filter({ has: page.getByRole('heading', { name }) })

  // Ann signs in on her laptop, allows an app of others there, and leaves the page open.
  await typeCode(laptop.page, findCode(await askForMail(laptop.page)))
  const appToken = await allowApp(laptop.page)
  await laptop.page.goto('/account')
  await device(laptop.page, 'Chrome on Linux')
    .getByRole('heading', { name: 'Demo third-party app' })
    .waitFor()

  // Her phone and her tablet sign in: the open page asks about each.
  const phone = service.device('demo', 'Ann’s phone')
  const tablet = service.device('demo-tablet', 'Ann’s tablet')
  for (const [name, hers] of [
    ['Ann’s phone', phone],
    ['Ann’s tablet', tablet],
  ] as const) {
    expect((await hers.signIn(ANN)).status).toBe(200)
    await arrivals.filter({ hasText: name }).getByRole('button', { name: 'That was me' }).click()
    await arrivals.first().waitFor({ state: 'detached' })
  }

  // Somebody else signs in with the phone's app. Its rule is one session: Ann's phone gives way, and is told to whom.
  const theirs = service.device('demo', 'Another phone')
  expect((await theirs.signIn(ANN)).status).toBe(200)
  const replaced = await phone.request('GET', '/ping/whoami')
  expect(replaced.status).toBe(401)
  expect(replaced.body).toMatchObject({
    code: 'session_replaced',
    replaced_by: { client: { id: 'demo' }, device: { name: 'Another phone' } },
  })
  expect((await tablet.request('GET', '/ping/whoami')).status).toBe(200)

  // The laptop asks about it too; it was not Ann, and ends there and then.
  await arrivals.filter({ hasText: 'Another phone' }).getByRole('button', { name: 'That wasn’t me' }).click()
  await laptop.page.getByRole('heading', { name: 'The session has ended' }).waitFor()
  expect((await theirs.request('GET', '/ping/whoami')).body).toMatchObject({
    code: 'session_ended',
    reason: 'not_me',
  })

  // Her tablet is lost. In a borrowed browser the link alone is not enough this time: she types the code.
  const borrowed = await openPerson(browser, service.origin, { script: false })
  const mail = await askForMail(borrowed.page)
  await borrowed.page.goto(`/sign-in/link?token=${findLinkToken(mail)}`)
  await typeCode(borrowed.page, findCode(mail))

  // She sees the tablet, ends it, and is sure.
  const lost = device(borrowed.page, 'Ann’s tablet')
  await lost.locator('summary').first().click()
  await lost.getByRole('button', { name: 'End session' }).click()
  await borrowed.page.getByText('Done: Ann’s tablet was signed out of Demo tablet app just now').waitFor()
  expect(await lost.count()).toBe(0)
  expect((await tablet.request('GET', '/ping/whoami')).body).toMatchObject({
    code: 'session_ended',
    reason: 'ended_by_user',
  })
  await borrowed.page.getByRole('link', { name: 'Show the whole log' }).click()
  await borrowed.page.getByText('You ended a session of Demo tablet app').waitFor()

  // Then everything else, before she gives the browser back. The preview says what stays, and it does.
  await borrowed.page.goto('/account')
  const everywhere = borrowed.page.locator('.everywhere details')
  await everywhere.locator('summary').click()
  await everywhere.getByText('This ends 2 sessions on 2 devices at once').waitFor()
  await everywhere.getByText('1 connected app stays.').waitFor()
  await laptop.page.goto('/account')
  await everywhere.getByRole('button', { name: 'Sign out everywhere' }).click()
  await borrowed.page.waitForURL('**/signed-out')
  await laptop.page.waitForURL('**/sign-in')
  await laptop.page.getByText('This session was ended from your account just now').waitFor()
  expect(await isLive(appToken)).toBe(true)

  expect([...laptop.complaints.filter(line => !line.includes('127.0.0.1')), ...borrowed.complaints]).toEqual(
    [],
  )
  await Promise.all([laptop.context.close(), borrowed.context.close()])
})
