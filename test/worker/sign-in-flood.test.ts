import { beforeAll, describe, expect, it } from 'vitest'
import { ADDRESS_NETWORKS_PER_WINDOW, ADDRESS_PER_NETWORK } from '../../src/domain/limits.ts'
import { askByApp } from './support/ask.ts'
import { askForMail, browser, signInBrowser } from './support/browser.ts'
import { createService, freshAddress, freshIp, type Service } from './support/service.ts'
import { createClient, redeem } from './support/sign-in.ts'

let clientId = ''
beforeAll(async () => {
  clientId = (await createClient(createService())).client_id
})

const ask = (service: Service, email: string, ip: string, headers: Record<string, string> = {}) =>
  askByApp(service, { client_id: clientId, email }, { ip, headers })

const mailsTo = (service: Service, email: string): number =>
  service.mails.filter(mail => mail.to === email).length

describe("a stranger's flood", () => {
  /** Sixty networks that nobody has seen before. */
  const flood = async (service: Service, email: string): Promise<void> => {
    const requests = Array.from({ length: 60 }, () => ask(service, email, freshIp()))
    for (const { status } of await Promise.all(requests)) expect(status).toBe(202)
  }

  it('ML-10: neither cancels the link that was sent, nor keeps a new one from where the owner signs in', async () => {
    const service = createService()
    const email = freshAddress()
    const home = freshIp()
    await signInBrowser(service, email, browser(service, home))
    service.now += 3_600
    const owner = browser(service)
    const { token } = await askForMail(service, owner, email)
    const before = mailsTo(service, email)
    await flood(service, email)
    // The mailbox is not filled without end either.
    const sent = mailsTo(service, email) - before
    expect(sent).toBeLessThanOrEqual(ADDRESS_NETWORKS_PER_WINDOW)
    expect((await ask(service, email, freshIp())).status).toBe(202)
    expect(mailsTo(service, email) - before).toBe(sent)

    expect((await owner.post('/sign-in/link', { token })).status).toBe(303)
    const atHome = await signInBrowser(service, email, browser(service, home))
    expect((await atHome.get('/account')).status).toBe(200)
  })

  it('ML-10: a network that asked before the flood, though it never signed in, is still served', async () => {
    const service = createService()
    const email = freshAddress()
    const owner = browser(service)
    const first = await askForMail(service, owner, email)
    await flood(service, email)
    const again = browser(service, owner.ip)
    const second = await askForMail(service, again, email)
    expect(second.token).not.toBe(first.token)
    expect((await owner.post('/sign-in/code', { code: first.code })).status).toBe(303)
    expect((await again.post('/sign-in/link', { token: second.token })).status).toBe(303)
  })

  it('ML-10: does not wear out the owner’s own sign-in by wrong codes', async () => {
    const service = createService()
    const owner = browser(service)
    const { code } = await askForMail(service, owner, freshAddress())
    const signInId = owner.cookie('__Host-sign-in')?.split('.')[0]
    const guesses = Array.from({ length: 40 }, (_, nth) => {
      const attempt = {
        signInId: signInId ?? '',
        codeVerifier: 'v'.repeat(43 + nth),
        clientId,
        code,
        token: '',
      }
      return redeem(service, attempt, 'code')
    })
    expect(new Set((await Promise.all(guesses)).map(({ status }) => status))).toEqual(new Set([400]))
    expect((await owner.post('/sign-in/code', { code })).status).toBe(303)
  })
})

describe('where a request comes from', () => {
  const SPOOFED = [
    'X-Forwarded-For',
    'X-Real-IP',
    'True-Client-IP',
    'Forwarded',
    'X-Client-IP',
    'CF-Connecting-IPv6',
    'Fastly-Client-IP',
    'X-Cluster-Client-IP',
  ]

  it('AP-04: is told by the platform alone: forwarding headers move no limit', async () => {
    const service = createService()
    const [email, ip] = [freshAddress(), freshIp()]
    for (let nth = 0; nth < ADDRESS_PER_NETWORK + 4; nth++) {
      const spoofed = SPOOFED.map(name => [name, name === 'Forwarded' ? `for="[${freshIp()}]"` : freshIp()])
      await ask(service, email, ip, Object.fromEntries(spoofed))
    }
    expect(mailsTo(service, email)).toBe(ADDRESS_PER_NETWORK)
  })

  it('AP-04: nor do they bring a stranger into the owner’s network', async () => {
    const service = createService()
    const [email, home] = [freshAddress(), freshIp()]
    await signInBrowser(service, email, browser(service, home))
    while (
      await service.parts.limits.admitsMail(email, { clientIp: freshIp(), browserId: null }, service.now)
    );
    const before = mailsTo(service, email)
    await ask(service, email, freshIp(), Object.fromEntries(SPOOFED.map(name => [name, home])))
    expect(mailsTo(service, email)).toBe(before)
    await ask(service, email, home)
    expect(mailsTo(service, email)).toBe(before + 1)
  })

  it('ML-09: a request without the platform’s header is counted with all others of its kind', async () => {
    const service = createService()
    const email = freshAddress()
    for (const ip of ['', 'nonsense', '999.1.1', 'fe80::%eth0', 'localhost', ...Array(10).fill('x')]) {
      await ask(service, email, ip)
    }
    expect(mailsTo(service, email)).toBe(ADDRESS_PER_NETWORK)
  })
})
