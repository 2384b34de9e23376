// A phone is stolen and used; its owner ends its session from her laptop. What the thief then gets, and what she keeps.
import { connectApp, createBrowser } from '../browser.ts'
import { type Answer, createDevice } from '../device.ts'
import { type LocalInstance, newAddress } from '../local-instance.ts'
import { createChecks } from './checks.ts'
import { openLiveSocket } from './live-socket.ts'

interface ListedSession {
  readonly id: string
  readonly device: { readonly name: string | null }
}

/** @returns the claims that did not hold */
export async function drillStolenPhone({ origin, mailbox }: LocalInstance): Promise<readonly string[]> {
  const { tell, check, broken } = createChecks()
  const email = newAddress('ann')
  const laptop = createBrowser(origin, mailbox)
  const phone = createDevice(origin, mailbox, 'demo', "Ann's phone")
  const app = createDevice(origin, mailbox, 'demo-app', 'Calendar')

  tell(`1. Ann is ${email}. She signs in on her laptop and on her phone, and connects an app of others.`)
  await laptop.signIn(email)
  check('the phone is signed in', (await phone.signIn(email)).status === 200)
  await connectApp(laptop, 'demo-app', app)
  check('the app has tokens', isAccepted(await app.request('GET', '/ping/whoami')))
  const page = await openLiveSocket(origin, { cookie: laptop.cookieHeader() })

  tell('\n2. The phone is stolen, unlocked. The thief uses what is on it.')
  check('its token is accepted', isAccepted(await phone.request('GET', '/ping/whoami')))
  check('its refresh token yields another', (await phone.refresh()).status === 200)
  const thief = await openLiveSocket(origin, { accessToken: phone.accessToken })

  tell('\n3. From the laptop Ann ends the session of the phone.')
  const listed = (await (await laptop.request('GET', '/v1/sessions')).json()) as { sessions: ListedSession[] }
  const id = listed.sessions.find(({ device }) => device.name === "Ann's phone")?.id ?? ''
  const headers = { 'x-csrf-token': laptop.csrfToken() }
  const ended = await laptop.request('DELETE', `/v1/sessions/${id}`, { headers })
  const endedAt = performance.now()
  check('the service says that it is done', ended.status === 204, ended.status)

  tell('\n4. The very next requests of the thief.')
  const refused = await phone.request('GET', '/ping/whoami')
  const took = Math.round(performance.now() - endedAt)
  check(
    `the access token is refused with session_ended, answered ${took} ms after the end`,
    refused.status === 401 && refused.body.code === 'session_ended',
    refused,
  )
  check('it says by whom it was ended', refused.body.reason === 'ended_by_user', refused.body.reason)
  const sessions = await phone.request('GET', '/v1/sessions')
  check('the list of sessions is closed to it', sessions.status === 401, sessions)
  const others = await phone.request('POST', '/v1/sessions/revoke-others', { client_id: '*' })
  check('it can end nobody else’s session', others.status === 401, others)
  const refreshed = await phone.refresh()
  check('the refresh token yields nothing', refreshed.status === 400, refreshed)
  check('nor does it a second time', (await phone.refresh()).status === 400)

  tell('\n5. Who was told.')
  check('the page that was open on the laptop saw the end', (await page.next('session.ended', id)) !== null)
  check('the live channel of the phone was told', (await thief.next('session.ended', id)) !== null)
  check('and closed', await thief.closed())
  page.close()

  tell('\n6. What Ann keeps.')
  const account = await laptop.request('GET', '/v1/sessions/current')
  check('the laptop is signed in', account.status === 200, account.status)
  check('the connected app is accepted', isAccepted(await app.request('GET', '/ping/whoami')))
  check('and refreshes', (await app.refresh()).status === 200)
  return broken
}

const isAccepted = ({ status, body }: Answer): boolean => status === 200 && body.authenticated === true
