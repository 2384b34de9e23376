// The account page as a browser gets it: what stands there, and what its forms do.
import { beforeEach, describe, expect, it } from 'vitest'
import { isPagePath } from '../../src/http/negotiate.ts'
import { authorizationRequest, connect, createApp } from './support/authorize.ts'
import { type Browser, browser, signInBrowser } from './support/browser.ts'
import { ROUTES } from './support/routes.ts'
import { bearer, createService, freshAddress, type Service } from './support/service.ts'
import { createClient, signIn, type Tokens } from './support/sign-in.ts'
import { checkHistory, storedEvents } from './support/stored.ts'

const service: Service = createService()
let email: string
let owner: Browser

beforeEach(async () => {
  email = freshAddress()
  owner = await signInBrowser(service, email)
})

const page = async (path = '/account'): Promise<string> => (await owner.get(path)).text()
const isAccepted = async (tokens: Tokens): Promise<boolean> =>
  (await service.request('/ping/whoami', bearer(tokens.access_token))).status === 200

/** Each device's card, as the names of what is signed in there. */
const cards = (html: string): readonly (readonly string[])[] =>
  html
    .replace(/<section aria-labelledby="by-app".*$|<section class="everywhere".*$/s, '')
    .split('device-card')
    .slice(1)
    .map(card => [...card.matchAll(/<h3><bdi>([^<]*)/g)].map(([, name = '']) => name))
const idsToEnd = (html: string): readonly string[] =>
  [...html.matchAll(/action="\/account\/sessions\/end".*?name="session_id" value="([^"]+)"/gs)].map(
    ([, id = '']) => id,
  )

describe('SE-10: by device', () => {
  it('SE-10: an app that was authorized in a browser stands with it; other browsers and apps alone', async () => {
    const app = await createApp(service, { kind: 'third_party', name: 'Ledger' })
    const { client_id } = await createClient(service, { name: 'Handset app' })
    await connect(app, owner)
    await signIn(service, client_id, email, { device_name: 'Handset 7' })
    await signInBrowser(service, email, browser(service, owner.ip))
    expect(cards(await page()).toSorted()).toEqual([['Handset app'], ['Latchkey'], ['Latchkey', 'Ledger']])
  })

  it('SE-10: apps that call their device the same stand together, and end together', async () => {
    const names = ['Savings', 'Cards']
    const tokens: Tokens[] = []
    for (const name of names) {
      const { client_id } = await createClient(service, { name })
      tokens.push(await signIn(service, client_id, email, { device_name: 'Lost phone' }))
    }
    const { client_id } = await createClient(service, { name: 'Other' })
    const other = await signIn(service, client_id, email)
    const html = await page()
    expect(cards(html)).toContainEqual(expect.arrayContaining(names))
    const [, ids = ''] = /name="session_ids" value="([^"]+)"/.exec(html) ?? []
    const answer = await owner.post('/account/devices/end', { session_ids: `${ids} s_AAnothing x` })
    expect(answer.headers.get('Location')).toBe('/account?notice=device_ended')
    expect(await Promise.all([...tokens, other].map(isAccepted))).toEqual([false, false, true])
    await checkHistory(service, other.user_id)
  })

  it('SE-12: ids of another user end nothing', async () => {
    const { client_id } = await createClient(service)
    const tokens = await signIn(service, client_id, freshAddress(), { device_name: 'Theirs' })
    const [event] = await storedEvents(service, tokens.user_id)
    const answer = await owner.post('/account/devices/end', { session_ids: String(event?.session_id) })
    expect(answer.status).toBe(303)
    expect(await isAccepted(tokens)).toBe(true)
  })
})

describe('SE-11: ending', () => {
  it('SE-11: says by name what has been ended, and to nobody else', async () => {
    const { client_id } = await createClient(service, { name: 'Handset app' })
    const tokens = await signIn(service, client_id, email, { device_name: 'Handset 7' })
    const [id = ''] = idsToEnd(await page())
    const answer = await owner.post('/account/sessions/end', { session_id: id })
    expect(answer.headers.get('Location')).toBe(`/account?ended=${id}`)
    expect(await page(`/account?ended=${id}`)).toMatch(/role="status">.*Handset 7.*Handset app.*just now/s)
    const stranger = await signInBrowser(service, freshAddress())
    expect(await (await stranger.get(`/account?ended=${id}`)).text()).not.toContain('Handset 7')
    expect(await isAccepted(tokens)).toBe(false)
    // A second press, and a page that was loaded before.
    const again = await owner.post('/account/sessions/end', { session_id: id })
    expect([again.status, again.headers.get('Location')]).toEqual([303, `/account?ended=${id}`])
  })

  it('SE-11: does not say of a device that it is signed out when nothing has been ended there', async () => {
    const { client_id } = await createClient(service)
    const device = { device_name: 'Lost phone' }
    await signIn(service, client_id, email, device)
    const [session_ids = ''] = idsToEnd(await page())
    const newer = await signIn(service, client_id, email, device)
    const answer = await owner.post('/account/devices/end', { session_ids })
    expect(answer.headers.get('Location')).toBe('/account?notice=list_changed')
    expect(await page('/account?notice=list_changed')).toMatch(/role="status"><bdi>The list has changed/)
    expect(await isAccepted(newer)).toBe(true)
  })

  it('SE-11: connected apps stay when all else ends, unless the box is ticked', async () => {
    const app = await createApp(service, { kind: 'third_party', name: 'Ledger' })
    const first = await connect(app, owner)
    expect(await page()).toMatch(/This ends 1 session on 1 device at once.*1 connected app stays/s)
    expect((await owner.post('/account/sessions/end-all', { client_id: '*' })).headers.get('Location')).toBe(
      '/signed-out',
    )
    expect(await isAccepted(first)).toBe(true)
    await signInBrowser(service, email, owner)
    await owner.post('/account/sessions/end-all', { client_id: '*', include_apps: 'on' })
    expect(await isAccepted(first)).toBe(false)
  })
})

describe('SE-17: signing out', () => {
  it('SE-17: is offered on every page that only somebody signed in gets to see', async () => {
    const nobody = browser(service)
    const shown: string[] = []
    const pages = ROUTES.filter(({ method, path }) => method === 'GET' && isPagePath(path))
    for (const path of new Set(pages.map(route => route.path))) {
      const asked = (await nobody.get(path)).headers.get('Location') ?? ''
      const answer = await owner.get(path)
      if (!asked.startsWith('/sign-in') || answer.status !== 200) continue
      shown.push(path)
      expect(await answer.text(), path).toContain('action="/sign-out"')
    }
    expect(shown).toEqual(expect.arrayContaining(['/account', '/account/log', '/account/email', '/device']))
    const app = await createApp(service, { kind: 'third_party' })
    const { path } = await authorizationRequest(app)
    const consent = await page(path)
    expect(consent).toContain('name="decision"')
    expect(consent).toContain('action="/sign-out"')
  })
})

describe('preferences', () => {
  const set = (fields: Readonly<Record<string, string>>) => owner.post('/account/preferences', fields)
  const read = async () => (await owner.get('/v1/preferences')).json()

  it('I8: the form sets all of them, and each change has its event', async () => {
    const answer = await set({ one_device: 'on', new_sign_in: 'always' })
    expect(answer.headers.get('Location')).toBe('/account?notice=preferences_saved')
    expect(await read()).toEqual({
      one_session_per_client: false,
      one_device: true,
      notify: { new_sign_in: 'always' },
    })
    await set({ one_session_per_client: 'on', new_sign_in: 'never' })
    expect(await read()).toEqual({
      one_session_per_client: true,
      one_device: false,
      notify: { new_sign_in: 'never' },
    })
    expect((await page('/account/log')).match(/Preferences changed/g)).toHaveLength(2)
  })

  it('I8: a page that was loaded before takes back nothing that it did not show', async () => {
    const shownBy = (html: string) => ({ shown: /name="shown" value="([^"]*)"/.exec(html)?.[1] ?? '' })
    const before = shownBy(await page())
    await set({ ...before, one_device: 'on', new_sign_in: 'new_device' })
    await set({ ...before, new_sign_in: 'always' })
    expect(await read()).toMatchObject({ one_device: true, notify: { new_sign_in: 'always' } })
    await set({ ...before, one_session_per_client: 'on', new_sign_in: 'new_device' })
    const all = { one_session_per_client: true, one_device: true, notify: { new_sign_in: 'always' } }
    expect(await read()).toEqual(all)
    await set({ ...shownBy(await page()), one_session_per_client: 'on', new_sign_in: 'never' })
    expect(await read()).toEqual({ ...all, one_device: false, notify: { new_sign_in: 'never' } })
  })

  it('WB-02: not without the token, and not with a value that there is not', async () => {
    expect((await set({ one_device: 'on', new_sign_in: 'always', csrf_token: 'A'.repeat(43) })).status).toBe(
      403,
    )
    expect((await set({ one_device: 'on', new_sign_in: 'sometimes' })).status).toBe(400)
    expect((await set({ one_device: 'on' })).status).toBe(400)
    expect(await read()).toMatchObject({ one_device: false })
  })
})

describe('the security log', () => {
  it('names the device that something was done from, where it is another', async () => {
    const { client_id } = await createClient(service, { name: 'Handset app' })
    await signIn(service, client_id, email, { device_name: 'Handset 7' })
    await owner.post('/account/sessions/end-others', { client_id: '*' })
    const html = await page('/account/log')
    expect(html).toMatch(/You ended a session of <bdi>Handset app<\/bdi>.*Handset 7.*from /s)
    expect(html.match(/Signed in to/g)).toHaveLength(2)
  })

  it('fifty entries a page, and none twice', async () => {
    for (let at = 0; at < 60; at++) {
      await owner.post(
        '/account/preferences',
        at % 2 === 0 ? { one_device: 'on', new_sign_in: 'never' } : { new_sign_in: 'never' },
      )
    }
    const entries = (html: string) => html.match(/<li class="row/g)?.length
    const newest = await page('/account/log')
    expect(entries(newest)).toBe(50)
    const [, older = ''] = /href="(\/account\/log\?before=\d+)"/.exec(newest) ?? []
    const oldest = await page(older)
    expect(entries(oldest)).toBe(11)
    expect(oldest).toContain('Signed in to')
    expect(oldest).not.toContain('before=')
  })

  it('is for whoever is signed in, and takes no page that there is not', async () => {
    const nobody = browser(service)
    expect((await nobody.get('/account/log')).headers.get('Location')).toBe(
      '/sign-in?continue=%2Faccount%2Flog',
    )
    for (const before of ['0', '-1', 'x', '1e9']) {
      expect((await owner.get(`/account/log?before=${before}`)).status).toBe(400)
    }
    expect((await owner.get('/account/log?before=1')).status).toBe(200)
  })
})
