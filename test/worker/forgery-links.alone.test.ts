// Links signed with our key and not by us: noticed once each, wherever they are tried. Links of ours never are.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { keepHouse } from '../../src/housekeeping.ts'
import { alarmCount, listAlarms, noonAhead } from './support/alarms.ts'
import { ACCEPT_JSON, askForMail, type Browser, browser } from './support/browser.ts'
import {
  type Claims,
  claimsOf,
  type LeakedKey,
  leakKey,
  payloadText,
  twin,
  withBadSignature,
} from './support/leaked-key.ts'
import { createService, freshAddress } from './support/service.ts'
import { type Attempt, createClient, redeem, requestLink, signIn, verifier } from './support/sign-in.ts'

const service = createService()
service.now = noonAhead(service.now)
let clientId: string
let key: LeakedKey

beforeAll(async () => {
  clientId = (await createClient(service)).client_id
  key = await leakKey(service)
})
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue())

const linkAlarms = () => alarmCount(service, 'link.forged')

/** What an attacker signs who has a link of their own, and knows the sign-in of somebody else. */
const FORGERIES: readonly [string, (own: string, victim: Claims) => Promise<string>][] = [
  ["the victim's sign-in", (own, { jti }) => key.resign(own, { jti })],
  [
    'everything of the victim but the bucket',
    (own, victim) => key.resign(own, { ...victim, eb: claimsOf(own).eb }),
  ],
  ['an unknown sign-in', own => key.resign(own, { jti: `i_aa${'A'.repeat(22)}` })],
  ['a session for a sign-in', own => key.resign(own, { jti: `s_aa${'A'.repeat(22)}` })],
  ['no sign-in', own => key.resign(own, { jti: undefined })],
  ['a list of sign-ins', own => key.resign(own, { jti: [claimsOf(own).jti] })],
  ['ten minutes more', own => key.resign(own, { exp: Number(claimsOf(own).exp) + 600 })],
  ['no expiry', own => key.resign(own, { exp: undefined })],
  ['an expiry as text', own => key.resign(own, { exp: 'never' })],
  ['an endless expiry', own => key.sign(payloadText(own).replace(/"exp":\d+/, '"exp":1e999'), header())],
  ['a bucket of their own making', own => key.resign(own, { eb: 'A'.repeat(43) })],
  ['another issuer', own => key.resign(own, { iss: 'https://auth.example' })],
  ['one more claim', own => key.resign(own, { email: 'root@example.test' })],
  ['one more header member', own => key.resign(own, {}, { x: 1 })],
  ['white space', own => key.sign(`${payloadText(own)} `, header())],
  ['no claims', () => key.sign('{}', header())],
  ['no JSON', () => key.sign('link', header())],
]

const header = () => key.header({ typ: 'magic-link+jwt' })
const redeemAs = (attempt: Attempt, token: string) => redeem(service, { ...attempt, token })

describe('a link that we did not issue', () => {
  it('I7, EB-10: at the token endpoint: invalid_grant, one alarm each, and nothing spent', async () => {
    const own = await requestLink(service, clientId, freshAddress())
    const victim = claimsOf((await requestLink(service, clientId, freshAddress())).token)
    const before = await linkAlarms()
    const answers = await Promise.all(
      FORGERIES.map(async ([what, forge]) => {
        const response = await redeemAs(own, await forge(own.token, victim))
        const { error } = (await response.json()) as { error: string }
        return [what, response.status, error]
      }),
    )
    expect(answers).toEqual(FORGERIES.map(([what]) => [what, 400, 'invalid_grant']))
    expect(await linkAlarms()).toBe(before + FORGERIES.length)
    expect((await redeem(service, own)).status).toBe(200)
  })

  it('I7, EB-10: in a browser, opened or sent: refused, one alarm each, and nothing spent', async () => {
    const asking = browser(service)
    const own = await askForMail(service, asking, freshAddress())
    const victim = claimsOf((await askForMail(service, browser(service), freshAddress())).token)
    const before = await linkAlarms()
    const answers = await Promise.all(
      FORGERIES.map(async ([what, forge]) => {
        const token = await forge(own.token, victim)
        const opened = await asking.get(`/sign-in/link?token=${token}`)
        const sent = await asking.post('/sign-in/link', { token }, ACCEPT_JSON)
        const { code } = (await sent.json()) as { code: string }
        return [what, opened.status, sent.status, code]
      }),
    )
    expect(answers).toEqual(FORGERIES.map(([what]) => [what, 400, 400, 'invalid_link']))
    expect(await linkAlarms()).toBe(before + 2 * FORGERIES.length)
    expect((await asking.post('/sign-in/link', { token: own.token })).status).toBe(303)
  })

  it('EB-06: all of it is one alarm of this key, apart from that of access tokens', async () => {
    const alarms = await listAlarms(service)
    expect(alarms.map(({ kind, severity, kid }) => ({ kind, severity, kid }))).toEqual([
      { kind: 'link.forged', severity: 'critical', kid: key.kid },
    ])
  })
})

type Use = readonly [what: string, use: () => Promise<Response>]

/** Uses of a link in an app that come to nothing, or once to something. */
const inApp = (own: Attempt, others: Attempt, accessToken: string): readonly Use[] => [
  ['with another verifier', () => redeem(service, { ...own, codeVerifier: verifier() })],
  ["with another sign-in's verifier", () => redeemAs(own, others.token)],
  ['with a bad signature', () => redeemAs(own, withBadSignature(own.token))],
  ['with an unknown kid', async () => redeemAs(own, await key.resign(own.token, {}, { kid: 'k_unknown' }))],
  ['expired, by another hand', async () => redeemAs(own, await key.resign(own.token, { exp: service.now }))],
  ['of another typ', async () => redeemAs(own, await key.resign(own.token, { x: 1 }, { typ: 'JWT' }))],
  ['that is an access token', () => redeemAs(own, accessToken)],
  ['that is no token', () => redeemAs(own, 'link')],
  ['signed again, unchanged', async () => redeemAs(own, twin(own.token))],
  ['again', () => redeem(service, own)],
  ['again, signed again', async () => redeemAs(own, await key.resign(own.token))],
]

describe('a link of ours', () => {
  it('I7: raises no alarm in an app: elsewhere, wrong, once, again, expired', async () => {
    const own = await requestLink(service, clientId, freshAddress())
    const others = await requestLink(service, clientId, freshAddress())
    const { access_token } = await signIn(service, clientId, freshAddress())
    const before = await alarmCount(service)
    const succeeded: string[] = []
    for (const [what, use] of inApp(own, others, access_token)) {
      if ((await use()).status === 200) succeeded.push(what)
    }
    service.now += 599
    await keepHouse(service.parts, service.now)
    expect((await redeem(service, own)).status).toBe(400)
    service.now += 1
    for (const later of [0, 301, 3_600]) {
      service.now += later
      await keepHouse(service.parts, service.now)
      for (const link of [own, others]) expect((await redeem(service, link)).status).toBe(400)
    }
    expect(succeeded).toEqual(['signed again, unchanged'])
    expect(await alarmCount(service)).toBe(before)
  })

  it('I7: raises no alarm in a browser: elsewhere, used, ended by wrong codes, expired', async () => {
    const asking = browser(service)
    const elsewhere = browser(service)
    const { token } = await askForMail(service, asking, freshAddress())
    const before = await alarmCount(service)
    const open = (from: Browser) => from.get(`/sign-in/link?token=${token}`, ACCEPT_JSON)
    const send = (from: Browser) => from.post('/sign-in/link', { token }, ACCEPT_JSON)
    await open(elsewhere)
    expect(await (await send(elsewhere)).json()).toMatchObject({ code: 'wrong_browser' })
    expect((await open(asking)).status).toBe(200)
    expect((await send(asking)).status).toBe(303)
    expect((await open(asking)).status).toBe(400)
    expect(await (await send(asking)).json()).toMatchObject({ code: 'link_used' })

    const { token: ended } = await askForMail(service, elsewhere, freshAddress())
    for (let tries = 0; tries < 5; tries++) await elsewhere.post('/sign-in/code', { code: 'BBBB-BBBB' })
    const late = await elsewhere.post('/sign-in/link', { token: ended }, ACCEPT_JSON)
    expect(await late.json()).toMatchObject({ code: 'sign_in_ended' })
    service.now += 600
    expect(await (await send(asking)).json()).toMatchObject({ code: 'link_expired' })
    expect((await open(asking)).status).toBe(400)
    expect(await alarmCount(service)).toBe(before)
  })
})
