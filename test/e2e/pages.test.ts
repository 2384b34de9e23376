// What holds for all pages together, in Chromium, on whole journeys: what is kept, what text from outside can do, and
// what somebody can do who opens mails and presses everything.
import type { Browser, BrowserContext, Page, Response } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findCode, type Mail } from '../../src/cli/mailbox.ts'
import { MAGIC_LINK_GRANT } from '../../src/domain/client.ts'
import { startCallback } from './support/callback.ts'
import { openPerson, startChromium } from './support/chromium.ts'
import { faultsOf, NASTY, NASTY_USER_AGENT, SHOWN } from './support/inert.ts'
import { addressesIn, scan } from './support/mail-scanner.ts'
import type { Instance } from './support/service.ts'
import { findSharedInstance } from './support/shared-instance.ts'

const PHONE_AGENT =
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36'

let service: Instance
let browser: Browser

beforeAll(async () => {
  ;[service, browser] = await Promise.all([findSharedInstance(), startChromium()])
})

afterAll(() => browser?.close())

const isSignInMail = (mail: Mail) => mail.subject.startsWith('Sign in to ')
const isNotice = (mail: Mail) => mail.text.includes('/account/not-me?')
const linkIn = (mail: Mail, path: string) =>
  addressesIn(mail, service.origin).find(address => address.startsWith(`${service.origin}${path}?`)) ?? ''

async function askForMail(page: Page, email: string): Promise<Mail> {
  await page.goto('/sign-in')
  await page.getByLabel('Email address').fill(email)
  await page.getByRole('button', { name: 'Send me the email' }).click()
  await page.waitForURL('**/sign-in/check')
  return service.mailbox(email, isSignInMail)
}

async function signInByLink(page: Page, mail: Mail): Promise<void> {
  await page.goto(linkIn(mail, '/sign-in/link'))
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/account')
}

const authorizePath = (clientId: string, redirectUri: string) =>
  `/oauth2/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    login_hint: NASTY,
  })}`

async function changeAddress(page: Page, email: string): Promise<Mail> {
  await page.goto('/account/email')
  await page.getByLabel('New email address').fill(email)
  await page.locator('main button').click()
  await page.waitForURL('**/account/email/check')
  const mail = await service.mailbox(email)
  await page.getByLabel('Code from the email').fill(findCode(mail) ?? '')
  await page.locator('main button').click()
  await page.waitForURL('**/account?notice=email_changed')
  return mail
}

/** What the service has let a browser keep that a script could read. */
const keptBy = (page: Page) =>
  page.evaluate(`(async () => ({
    localStorage: Object.keys(localStorage),
    sessionStorage: Object.keys(sessionStorage),
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    cookie: document.cookie,
  }))()`)
const NOTHING = { localStorage: [], sessionStorage: [], databases: [], caches: [], workers: 0, cookie: '' }

/** What everybody may keep: it is the same for all. */
const PUBLIC =
  /^\/(?:assets\/[\w.-]+|\.well-known\/(?:jwks\.json|openid-configuration|oauth-authorization-server)|openapi\.json)$/

test('WB-09: after a whole journey the browser has kept nothing, and was told so with every answer', async () => {
  const { context, page, complaints } = await openPerson(browser, service.origin)
  const answers: Response[] = []
  context.on('response', response => answers.push(response))
  const app = await startCallback()
  await signInByLink(page, await askForMail(page, 'journey@pages.test'))
  await page.goto('/account/log')
  await page.goto('/account')
  await page.getByRole('button', { name: 'Save preferences' }).click()
  await page.waitForURL('**/account?notice=preferences_saved')
  expect(await keptBy(page)).toEqual(NOTHING)
  await page.goto(authorizePath('demo-app', app.redirectUri))
  expect(await keptBy(page)).toEqual(NOTHING)
  await page.getByRole('button', { name: 'Allow', exact: true }).click()
  await page.getByRole('heading', { name: 'Back in the app' }).waitFor()
  await changeAddress(page, 'journey-on@pages.test')
  for (const path of ['/device', '/oauth2/end-session', '/.well-known/jwks.json', '/openapi.json'])
    await page.goto(path)
  await page.goto('/account')
  for (const path of ['/account/not-me?token=x', '/sign-in/link?token=x', '/account/nowhere'])
    await page.goto(path)
  await page.goto('/account')
  await page.getByRole('button', { name: 'Sign out', exact: true }).first().click()
  await page.waitForURL('**/signed-out')
  expect(await keptBy(page)).toEqual(NOTHING)

  const ours = answers.filter(answer => answer.url().startsWith(`${service.origin}/`))
  const isPublic = (answer: Response) => PUBLIC.test(new URL(answer.url()).pathname)
  const about = (answer: Response) =>
    `${answer.request().method()} ${new URL(answer.url()).pathname} ${answer.status()}`
  const cacheable = ours.filter(answer => answer.headers()['cache-control'] !== 'no-store')
  expect(cacheable.filter(answer => !isPublic(answer)).map(about)).toEqual([])
  const cookies = await Promise.all(ours.filter(isPublic).map(answer => answer.headerValue('set-cookie')))
  expect(cookies.filter(cookie => cookie !== null)).toEqual([])
  expect(ours.map(about)).toEqual(
    expect.arrayContaining([
      'POST /sign-in/link 303',
      'GET /account 200',
      'POST /oauth2/authorize/continue 303',
      'POST /account/email/code 303',
      'POST /sign-out 303',
    ]),
  )
  const elsewhere = complaints.filter(complaint => !/127\.0\.0\.1|status of 40[04]/.test(complaint))
  expect(elsewhere).toEqual([])
  await context.close()
  app.close()
})

async function register(clientId: string, fields: object): Promise<void> {
  const answer = await service.admin('/admin/v1/clients', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_id: clientId,
      name: NASTY,
      type: 'public',
      scopes: ['openid'],
      redirect_uris: ['http://127.0.0.1/callback'],
      ...fields,
    }),
  })
  expect(answer.status).toBe(201)
}

async function mailsTo(email: string): Promise<Mail[]> {
  const answer = await fetch(`http://127.0.0.1:${service.ports.mailbox}/email`)
  return ((await answer.json()) as Mail[]).filter(mail => mail.to.some(to => to.address === email))
}

const watchDialogs = (context: BrowserContext, complaints: string[]) =>
  context.on('dialog', dialog => {
    complaints.push(`dialog: ${dialog.message()}`)
    return dialog.dismiss()
  })

test('WB-10: names of apps, devices and browsers are text, on every page and in every mail', async () => {
  const email = 'nasty@pages.test'
  const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
  await register('nasty', { kind: 'first_party', grant_types: [MAGIC_LINK_GRANT, 'refresh_token'] })
  await register('nasty-app', { kind: 'third_party' })
  await register('nasty-tv', { kind: 'first_party', grant_types: [deviceGrant] })
  const { context, page, complaints } = await openPerson(browser, service.origin, {
    userAgent: NASTY_USER_AGENT,
  })
  watchDialogs(context, complaints)
  const faults: string[] = []
  const visit = async (path: string, shown = SHOWN) => {
    await page.goto(path)
    faults.push(...(await faultsOf(page, shown)))
  }

  await signInByLink(page, await askForMail(page, email))
  expect((await service.device('nasty', NASTY).signIn(email)).status).toBe(200)
  const notice = await service.mailbox(email, isNotice)
  await visit('/account')
  await visit('/account/log')
  await visit(linkIn(notice, '/account/not-me'))
  await visit(authorizePath('nasty-app', 'http://127.0.0.1/callback'))
  await visit(`/oauth2/end-session?client_id=nasty`, 'Sign out')
  const started = await fetch(`${service.origin}/oauth2/device_authorization`, {
    method: 'POST',
    headers: { 'user-agent': NASTY_USER_AGENT },
    body: new URLSearchParams({ client_id: 'nasty-tv' }),
  })
  await visit(String(((await started.json()) as Record<string, unknown>).verification_uri_complete), 'Code')
  await page.locator('main form button').first().click()
  await page.getByRole('button', { name: 'Allow', exact: true }).waitFor()
  faults.push(...(await faultsOf(page, SHOWN)))
  // What a request brings along itself is not shown at all.
  const sent = encodeURIComponent(NASTY)
  await visit(`/account?notice=${sent}&ended=${sent}`)
  for (const path of [
    `/sign-in?login_hint=${sent}&continue=${sent}&notice=${sent}`,
    `/device?user_code=${sent}`,
    `/sign-in/link?token=${sent}`,
    `/account/not-me?token=${sent}`,
    `/account/${sent}`,
  ])
    await visit(path, '')

  const mails = await mailsTo(email)
  expect(mails.map(mail => mail.subject.split(' to ')[0])).toEqual(['Sign in', 'Sign in', 'New sign-in'])
  await visit(linkIn(mails[1] as Mail, '/sign-in/link'))
  for (const mail of mails) {
    await page.goto('about:blank')
    await page.setContent(mail.html)
    const leadTo = (await page.evaluate('[...document.links].map(link => link.origin)')) as string[]
    expect(new Set(leadTo)).toEqual(new Set([service.origin]))
    const isOurs = mail === mails[0]
    faults.push(...(await faultsOf(page, isOurs ? 'Sign in' : '<script>')))
    expect(mail.text).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/)
  }
  expect(faults).toEqual([])
  expect(complaints.filter(complaint => !/status of 40[04]/.test(complaint))).toEqual([])
  await context.close()
})

const readAsOperator = async <T>(path: string): Promise<T> => (await service.admin(path)).json() as Promise<T>

async function accountOf(email: string) {
  const { users } = await readAsOperator<{ users: { id: string }[] }>(`/admin/v1/users?email=${email}`)
  const path = `/admin/v1/users/${users[0]?.id}`
  const { sessions } = await readAsOperator<{ sessions: { id: string }[] }>(`${path}/sessions`)
  const { events } = await readAsOperator<{ events: object[] }>(`${path}/events`)
  return { sessions, events }
}

test('ML-04: a mail scanner that runs every script and presses everything begins no session', async () => {
  const [former, email] = ['scanned-before@pages.test', 'scanned@pages.test']
  const first = await openPerson(browser, service.origin)
  const second = await openPerson(browser, service.origin, { userAgent: PHONE_AGENT })
  await signInByLink(first.page, await askForMail(first.page, former))
  const code = await changeAddress(first.page, email)
  const changed = await service.mailbox(former, mail => mail.subject.includes('changed'))
  const signIn = await askForMail(second.page, email)

  const before = await accountOf(email)
  expect(before.sessions).toHaveLength(1)
  expect(addressesIn(code, service.origin)).toEqual([])
  const addresses = [changed, signIn].flatMap(mail => addressesIn(mail, service.origin))
  await Promise.all(addresses.map(address => scan(browser, service.origin, address, email)))
  expect(await accountOf(email)).toEqual(before)

  // The owner's link is as good as ever.
  await signInByLink(second.page, signIn)
  const notice = await service.mailbox(email, isNotice)
  const both = await accountOf(email)
  expect(both.sessions).toHaveLength(2)
  const met = await scan(browser, service.origin, linkIn(notice, '/account/not-me'), email)
  expect(met).toEqual(expect.arrayContaining(['Was this not you?', 'The session has ended', 'Sign in']))
  const after = await accountOf(email)
  // Sessions may end, which is the safe side, and the announced one has; none has begun.
  const ids = ({ sessions }: { sessions: { id: string }[] }) => sessions.map(({ id }) => id)
  expect(ids(both)).toEqual(expect.arrayContaining(ids(after)))
  expect(after.sessions.length).toBeLessThan(2)
  await Promise.all([first.context.close(), second.context.close()])
})
