import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseBase64url } from '../../src/domain/encoding.ts'
import { keepHouse } from '../../src/housekeeping.ts'
import { mintLink } from '../../src/tokens/link-token.ts'
import { askByApp } from './support/ask.ts'
import { ACCEPT_JSON, askForMail, type Browser, browser, signInBrowser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import { disownAll } from './support/notices.ts'
import { admin, createService, freshAddress, freshIp, ISSUER, type Service } from './support/service.ts'
import { contentsOf, createClient } from './support/sign-in.ts'
import { watchDatabases } from './support/watched-databases.ts'

const claimsOf = (token: string) =>
  JSON.parse(new TextDecoder().decode(parseBase64url(token.split('.')[1] ?? '') ?? undefined)) as {
    eb: string
    jti: string
  }

let clientId = ''
beforeAll(async () => {
  clientId = (await createClient(createService())).client_id
})

describe('what a link is made of', () => {
  it('ML-01: 256 random bits, different in each of two thousand, and never near each other', async () => {
    const service = createService()
    const { keys } = service.parts
    const minted: string[] = []
    for (let round = 0; round < 20; round++) {
      const batch = Array.from({ length: 100 }, () =>
        mintLink(keys, ISSUER, 'i_aaAAAAAAAAAAAAAAAAAAAAAA', service.now, service.now + 600),
      )
      minted.push(...(await Promise.all(batch)).map(link => claimsOf(link.token).eb))
    }
    expect(new Set(minted).size).toBe(2_000)
    const bytes = minted.map(eb => parseBase64url(eb) ?? new Uint8Array())
    expect(new Set(bytes.map(each => each.byteLength))).toEqual(new Set([32]))
    for (let position = 0; position < 32; position++) {
      const ones = bytes.reduce((sum, each) => sum + ((each[position] ?? 0) & 1), 0)
      expect(Math.abs(ones - 1_000)).toBeLessThan(200)
    }
  })

  it('ML-01 LG-02: of a hundred links and codes none is stored, though the mails wait', async () => {
    const service = createService()
    service.mailFails = true
    const asked = Array.from({ length: 100 }, () => askByApp(service, { client_id: clientId }))
    expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([202]))
    const stored = await dump(service)
    expect(stored.match(/"sealed": "/g)).toHaveLength(100)
    service.mailFails = false
    for (let round = 0; round < 3; round++) await keepHouse(service.parts, service.now + 100)
    expect(service.mails).toHaveLength(100)
    for (const { to, text } of service.mails) {
      const { token, code } = contentsOf(text)
      const [, payload = '', signature = ''] = token.split('.')
      for (const secret of [claimsOf(token).eb, payload, signature, code, code.replace('-', '')]) {
        expect(stored.includes(secret), `a secret of the mail to ${to} is stored`).toBe(false)
      }
    }
  })
})

describe('where a link leads', () => {
  const FORGED = {
    Host: 'evil.test',
    'X-Forwarded-Host': 'evil.test',
    'X-Forwarded-Proto': 'http',
    'X-Forwarded-Port': '8443',
    'X-Forwarded-Prefix': '/evil.test',
    Forwarded: 'host=evil.test;proto=http;for=192.0.2.1',
    'X-Original-URL': 'https://evil.test/sign-in',
    'X-Rewrite-URL': 'https://evil.test/sign-in',
    'X-Host': 'evil.test',
    'X-HTTP-Host-Override': 'evil.test',
    'X-Forwarded-Server': 'evil.test',
  }

  it.each(['', 'https://evil.test', 'https://auth.test:8443'])(
    'ML-06: to the configured issuer, whatever the headers and the target %j say',
    async origin => {
      const service = createService()
      const [byBrowser, byApp] = [freshAddress(), freshAddress()]
      const who = browser(service)
      await who.get('/sign-in')
      const body = new URLSearchParams({ email: byBrowser, csrf_token: who.csrfToken ?? '' }).toString()
      const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
      const init = { method: 'POST', headers: { ...type, ...FORGED }, body }
      const sent = await who.send(`${origin}/sign-in`, init)
      expect([sent.status, sent.headers.get('Location')]).toEqual([303, '/sign-in/check'])
      const asked = await askByApp(
        service,
        { client_id: clientId, email: byApp },
        { headers: FORGED, origin },
      )
      expect(asked.status).toBe(202)
      for (const email of [byBrowser, byApp]) {
        const mail = service.newestMail(email)
        expect(mail.text).toContain(`${ISSUER}/sign-in/link?token=`)
        expect(JSON.stringify(mail)).not.toMatch(/evil\.test|:8443/)
      }
    },
  )
})

describe('whether an address has a user', () => {
  /** A known, an unknown, a disabled, a disowned and two rate-limited addresses, and a network to ask from. */
  async function addresses(service: Service) {
    const [known, unknown, disabled] = [freshAddress(), freshAddress(), freshAddress()]
    const [disowned, limited, flooded] = [freshAddress(), freshAddress(), freshAddress()]
    for (const email of [known, disabled, disowned]) await signInBrowser(service, email)
    await disownAll(service, disowned)
    const found = await service.request(`/admin/v1/users?email=${disabled}`, admin(service))
    const { users } = (await found.json()) as { users: { id: string }[] }
    await service.request(`/admin/v1/users/${users[0]?.id}/disable`, admin(service, { method: 'POST' }))
    const ip = freshIp()
    const { limits } = service.parts
    while (await limits.admitsMail(limited, { clientIp: ip, browserId: null }, service.now));
    while (await limits.admitsMail(flooded, { clientIp: freshIp(), browserId: null }, service.now));
    return { ip, classes: { known, unknown, disabled, disowned, limited, flooded } }
  }

  const signInIdOf = (who: Browser) => who.cookie('__Host-sign-in')?.split('.')[0] ?? ''

  /** Random parts by their length, so that what is left must be the same for everyone. */
  const masked = async (response: Response) => ({
    status: response.status,
    headers: [...response.headers].map(each => mask(each.join(': '))),
    body: mask(await response.text()),
  })
  const mask = (text: string) => text.replaceAll(/[\w-]{20,}/g, random => `<${random.length}>`)

  it('ML-07, ML-16: is told by no answer, neither to a browser nor to an app, nor while it waits', async () => {
    const service = createService()
    const { ip, classes } = await addresses(service)
    const seen: Record<string, unknown[]> = {}
    for (const [name, email] of Object.entries(classes)) {
      const who = browser(service, ip)
      await who.get('/sign-in')
      const answers = [
        await who.post('/sign-in', { email }),
        await who.get('/sign-in/check'),
        await who.get('/sign-in/check', ACCEPT_JSON),
        await who.post('/sign-in/code', { code: 'BBBB-BBBB' }),
        await who.post('/sign-in/code', { code: 'BBBB-BBBB' }, ACCEPT_JSON),
        await who.post('/sign-in/code', { code: 'BBBB-BBBB', sign_in_id: signInIdOf(who) }),
        await who.post('/sign-in/link', { token: 'x' }, ACCEPT_JSON),
        await askByApp(service, { client_id: clientId, email }, { ip }),
      ]
      seen[name] = await Promise.all(answers.map(masked))
    }
    expect(seen.known).toHaveLength(8)
    for (const name of Object.keys(classes)) expect(seen[name], name).toEqual(seen.known)
    const mailed = (email: string) => service.mails.filter(mail => mail.to === email).length
    expect([classes.limited, classes.flooded].map(mailed)).toEqual([0, 0])
    expect(mailed(classes.unknown)).toBe(2)
  })

  it('ML-08: costs the same statements and the same calls, and never asks the user object', async () => {
    const setUp = createService()
    const watch = watchDatabases()
    const calls: string[] = []
    const service = createService({
      ...watch.bindings,
      RATE_LIMITER: recordingLimiter(calls),
      USER_SESSIONS: new Proxy({}, { get: (_, name) => calls.push(`user object: ${String(name)}`) }),
    })
    const traceOf = async (email: string) => {
      const who = browser(service)
      await who.get('/sign-in')
      const before = [watch.statements.length, calls.length]
      const answers = [
        await who.post('/sign-in', { email }),
        await who.get('/sign-in/check', ACCEPT_JSON),
        await who.post('/sign-in/code', { code: 'BBBB-BBBB' }),
        await askByApp(service, { client_id: clientId, email }),
      ]
      expect(answers.map(({ status }) => status)).toEqual([303, 200, 400, 202])
      return [watch.statements.slice(before[0]), calls.slice(before[1])]
    }
    // The first request also reads keys and the client.
    await traceOf(freshAddress())
    for (let round = 0; round < 4; round++) {
      const known = freshAddress()
      await signInBrowser(setUp, known)
      if (round % 2 === 1) await disownAll(setUp, known)
      const [ofKnown, ofUnknown] = [await traceOf(known), await traceOf(freshAddress())]
      expect(ofKnown).toEqual(ofUnknown)
      expect(ofKnown[0]?.length).toBeGreaterThan(5)
      expect(ofKnown[1]?.filter(call => call.startsWith('user object'))).toEqual([])
      expect(service.mails.filter(mail => mail.to === known)).toHaveLength(2)
    }
  })

  function recordingLimiter(calls: string[]) {
    const real = (env as Env).RATE_LIMITER
    const verbs = ['hit', 'admit', 'remember'] as const
    return {
      getByName(name: string) {
        const stub = real.getByName(name) as unknown as Record<string, (...given: unknown[]) => unknown>
        const recorded = verbs.map(verb => [
          verb,
          (...given: unknown[]) => {
            calls.push(`${name.split(':')[0]}: ${verb}`)
            return stub[verb]?.(...given)
          },
        ])
        return Object.fromEntries(recorded)
      },
    }
  }
})

describe('the page that the link opens', () => {
  it('ML-13 WB-07 WB-08: loads nothing from elsewhere, is not kept, and sends no referrer', async () => {
    const service = createService()
    const owner = browser(service)
    const { token } = await askForMail(service, owner, freshAddress())
    for (const who of [owner, browser(service)]) {
      const page = await who.get(`/sign-in/link?token=${token}`)
      expect(Object.fromEntries(page.headers)).toMatchObject({
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      })
      const html = await page.text()
      const links = [...html.matchAll(/\s(?:src|href|action|content|srcset|poster)="([^"]*)"/g)]
      expect(links.length).toBeGreaterThan(3)
      for (const [, link = ''] of links) expect(link).not.toMatch(/^(?:[a-z]+:|\/\/)/i)
      expect(html).not.toMatch(
        /<(?:iframe|img|object|embed|base)\b|<script(?! src="\/assets\/)|\son\w+=|style="/,
      )
      expect(html).toContain('src="/assets/link.js"')
    }
    const script = await (await service.request('/assets/link.js')).text()
    expect(script).toContain('history.replaceState')
    expect(script).not.toMatch(/fetch|submit|XMLHttpRequest|sendBeacon/)
  })

  it('ML-13: no page and no header but the asking browser’s own form ever repeats the token', async () => {
    const service = createService()
    const owner = browser(service)
    const { token } = await askForMail(service, owner, freshAddress())
    const page = await owner.get(`/sign-in/link?token=${token}`)
    const html = await page.text()
    expect(html.split(token)).toHaveLength(2)
    expect(html).toContain(`name="token" value="${token}"`)
    expect(JSON.stringify([...page.headers])).not.toContain(token)
    const done = await owner.post('/sign-in/link', { token })
    expect(JSON.stringify([...done.headers])).not.toContain(token)
  })
})
