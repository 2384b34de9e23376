// `npm run smoke` against the real service: everything holds, and each claim fails on what it is there for.
import { describe, expect, it } from 'vitest'
import type { Answer, Asker } from '../../src/cli/smoke/ask.ts'
import { CHECKS, type Check } from '../../src/cli/smoke/checks.ts'
import { alarmCount } from './support/alarms.ts'
import { createService, ISSUER, type Service } from './support/service.ts'

const asking =
  (service: Service): Asker =>
  async (url, init) => {
    const { status, headers, body } = await service.request(url, init)
    return { status, headers, text: await new Response(body).text() }
  }

type Change = (answer: Answer) => Partial<Answer>

/** Those whose claims do not hold, with what they found. */
async function findFaults(ask: Asker, token: string | null, checks: readonly Check[] = CHECKS) {
  const target = { origin: ISSUER, token, ask }
  const found = await Promise.all(
    checks.map(async check => [check.claim, await check.findFault(target)] as const),
  )
  return found.filter(([, fault]) => fault !== null)
}

const without =
  (name: string): Change =>
  ({ headers }) => {
    const left = new Headers(headers)
    left.delete(name)
    return { headers: left }
  }
const having =
  (name: string, value: string): Change =>
  ({ headers }) => {
    const changed = new Headers(headers)
    changed.set(name, value)
    return { headers: changed }
  }
const saying =
  (from: string | RegExp, to: string): Change =>
  ({ text }) => ({ text: text.replace(from, to) })
const status =
  (changed: number): Change =>
  () => ({ status: changed })

const WELL_KNOWN = '/.well-known/openid-configuration'
const JWKS = '/.well-known/jwks.json'

/** What goes wrong at which path, and the beginning of the claim that must see it. */
const BROKEN: readonly (readonly [path: string, what: string, change: Change, claim: string])[] = [
  ['/health', 'a database is silent', status(503), 'every database answers'],
  ['/health', 'another version runs', saying(/"version":"[^"]+"/, '"version":"0.0.9"'), 'every database'],
  ['/health', 'something else is there', () => ({ text: '<h1>It works!</h1>' }), 'every database answers'],
  [
    WELL_KNOWN,
    'another issuer',
    saying(/"issuer":"[^"]+"/, '"issuer":"https://other.test"'),
    'both discovery',
  ],
  [
    WELL_KNOWN,
    'keys elsewhere',
    saying(/"jwks_uri":"[^"]+"/, '"jwks_uri":"https://other.test/"'),
    'both disc',
  ],
  ['/.well-known/oauth-authorization-server', 'not there', status(404), 'both discovery documents'],
  [JWKS, 'no key', () => ({ text: '{"keys":[]}' }), 'keys are published'],
  [JWKS, 'a private key', saying('"kty":"EC"', '"kty":"EC","d":"AAAA"'), 'keys are published'],
  [JWKS, 'another kind of key', saying('"ES256"', '"HS256"'), 'keys are published'],
  [
    JWKS,
    'the key that signs is not published',
    saying(/"kid":"[^"]+"/g, '"kid":"k_other"'),
    'the operators’ API opens',
  ],
  ['/ping/whoami', 'an open door', status(200), 'without a token'],
  ['/v1/sessions', 'an open door', status(200), 'without a token'],
  ['/ping/whoami', 'no challenge', without('www-authenticate'), 'without a token'],
  ['/oauth2/token', 'an open door', status(200), 'an app that nobody'],
  ['/oauth2/token', 'a failure', status(503), 'an app that nobody'],
  ['/sign-in', 'not there', status(404), 'the sign-in page'],
  [
    '/sign-in',
    'a policy that lets scripts in',
    having(
      'content-security-policy',
      "default-src 'none'; script-src 'unsafe-inline'; frame-ancestors 'none'",
    ),
    'the sign-in page',
  ],
  ['/sign-in', 'no policy', without('content-security-policy'), 'the sign-in page'],
  ['/sign-in', 'no HSTS', without('strict-transport-security'), 'the sign-in page'],
  ['/sign-in', 'a page that caches keep', without('cache-control'), 'the sign-in page'],
  ['/assets/', 'no style', status(404), 'the sign-in page'],
]

describe('what is asked after a deployment', () => {
  it('CF-01: holds at the service, with and without the operator’s token, and rings no bell', async () => {
    const service = createService()
    const ask = asking(service)
    const rung = await alarmCount(service)
    expect(await findFaults(ask, service.env.ADMIN_TOKEN)).toEqual([])
    expect(
      await findFaults(
        ask,
        null,
        CHECKS.filter(({ only }) => only !== 'as operator'),
      ),
    ).toEqual([])
    expect(await alarmCount(service)).toBe(rung)
  })

  it.each(BROKEN)('CF-01: sees at %s: %s', async (path, _what, change, claim) => {
    const service = createService()
    const ask = asking(service)
    const broken: Asker = async (url, init) => {
      const answer = await ask(url, init)
      return new URL(url).pathname.startsWith(path) && url.startsWith('https:')
        ? { ...answer, ...change(answer) }
        : answer
    }
    const faults = await findFaults(broken, service.env.ADMIN_TOKEN)
    expect(faults.map(([which]) => which.startsWith(claim))).toContain(true)
  })

  it('CF-01: sees a service that refuses its settings, an operators’ API that is open, a token that is wrong, and plain http that is served', async () => {
    const service = createService()
    const claims = async (ask: Asker, token: string | null) =>
      (await findFaults(ask, token)).map(([claim, fault]) => [claim.slice(0, 24), fault])
    const weak = asking(createService({ ADMIN_TOKEN: 'change-me' }))
    expect(await claims(weak, null)).toContainEqual(['every database answers, ', '503 misconfigured'])
    const open: Asker = url =>
      asking(service)(url, { headers: { authorization: `Bearer ${service.env.ADMIN_TOKEN}` } })
    expect(await claims(open, null)).toContainEqual(['so is the operators’ API', '/admin/v1/keys: 200'])
    expect(await claims(asking(service), 'wrong')).toContainEqual([
      'the operators’ API opens',
      '401 unauthorized',
    ])
    const clear: Asker = (url, init) =>
      url.startsWith('http:')
        ? Promise.resolve({ status: 200, headers: new Headers(), text: '' })
        : asking(service)(url, init)
    expect(await claims(clear, service.env.ADMIN_TOKEN)).toEqual([['nothing is done over pla', '200']])
  })
})
