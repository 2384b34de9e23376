// SMTP from inside workerd to real and to misbehaving servers on the loopback.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import PostalMime from 'postal-mime'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { TestHarness } from 'wrangler'
import type { MailConfig } from '../../src/config.ts'
import { signInMessage } from '../../src/mail/sign-in-message.ts'
import { selfSigned } from './smtp/certificate.ts'
import { close, closeServers, hang, mailServer, reset, scriptedServer } from './smtp/servers.ts'

const LINK = `https://auth.test/sign-in/link?token=${'x'.repeat(700)}`
const LOGIN = { username: 'ünï', password: 'pass word ✓', method: 'PLAIN' }

const trusted = selfSigned('localhost')
const forAnotherHost = selfSigned('mail.test')
const unknown = selfSigned('localhost')

let folder: string
let harness: TestHarness

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-smtp-'))
  const authorities = join(folder, 'trusted.pem')
  writeFileSync(authorities, `${trusted.cert}${forAnotherHost.cert}`)
  // Read by the local runtime when it is loaded: so it is loaded only now.
  process.env.NODE_EXTRA_CA_CERTS = authorities
  process.env.CLOUDFLARE_CF_FETCH_ENABLED = 'false'
  process.env.WRANGLER_SEND_METRICS = 'false'
  const { createTestHarness } = await import('wrangler')
  harness = createTestHarness({
    workers: [
      {
        config: {
          name: 'mail',
          main: 'test/e2e/smtp/worker.ts',
          compatibility_date: '2026-10-23',
          send_email: [{ name: 'EMAIL', allowed_destination_addresses: ['ann@mail.test'] }],
        },
      },
    ],
  })
  await harness.listen()
})

afterEach(closeServers)

afterAll(async () => {
  await harness.close()
  rmSync(folder, { recursive: true })
})

const message = (to = 'ann@mail.test') =>
  signInMessage({
    to,
    link: LINK,
    code: 'BCDFGHJK',
    clientName: 'Bücher\r\nBcc: eve@evil.test',
    expiresInMinutes: 10,
    device: '.\r\n.\r\nRCPT TO:<eve@evil.test>',
    place: null,
  })

type Smtp = Extract<MailConfig, { transport: 'smtp' }>

async function send(
  config: Partial<Smtp> | MailConfig,
  mail = message(),
  timeoutMs = 5_000,
): Promise<unknown> {
  const smtp = {
    transport: 'smtp',
    from: 'Läch <sign-in@auth.test>',
    host: 'localhost',
    security: 'none',
    username: null,
    password: null,
  }
  const body = JSON.stringify({ config: { ...smtp, ...config }, message: mail, timeoutMs })
  const response = await harness.fetch('/', { method: 'POST', body })
  return response.json()
}

const ACCEPTED = 'accepted'
const refused = (reason: string) => `MailNotAccepted: ${reason}`

describe('a real server', () => {
  test('ML-11 gets one mail for exactly one recipient, with no header but ours', async () => {
    const { port, mails } = await mailServer({})
    expect(await send({ port })).toBe(ACCEPTED)
    expect(mails).toHaveLength(1)
    expect(mails[0]).toMatchObject({
      from: 'sign-in@auth.test',
      to: ['ann@mail.test'],
      hello: 'auth.test',
      secure: false,
      user: null,
    })
    const parsed = await PostalMime.parse(mails[0]?.raw ?? '')
    expect(parsed.headers.map(({ key }) => key)).toEqual([
      'from',
      'to',
      'subject',
      'date',
      'message-id',
      'auto-submitted',
      'mime-version',
      'content-type',
    ])
    expect(parsed.from).toMatchObject({ name: 'Läch', address: 'sign-in@auth.test' })
    expect(parsed.subject).toBe('Sign in to Bücher Bcc: eve@evil.test')
  })

  test('gets link and code alone on a line each, whole', async () => {
    const { port, mails } = await mailServer({})
    await send({ port })
    const { text, html } = await PostalMime.parse(mails[0]?.raw ?? '')
    expect(text?.split('\n').filter(line => line === LINK || line === 'BCDF-GHJK')).toEqual([
      LINK,
      'BCDF-GHJK',
    ])
    expect(html).toContain(`href="${LINK}"`)
  })

  test.each([
    'eve@evil.test, ann@mail.test',
    'ann@mail.test>\r\nRCPT TO:<eve@evil.test',
    'Ann <ann@mail.test>',
  ])('ML-11 is not even asked for %j', async to => {
    const { port, lines } = await scriptedServer({})
    expect(await send({ port }, message(to))).toBe(refused('message: not exactly one recipient'))
    expect(lines).toEqual([])
  })

  test.each(['PLAIN', 'LOGIN'])('is given the login by AUTH %s, under TLS', async method => {
    const { port, mails } = await mailServer({
      tls: 'tls',
      certificate: trusted,
      login: { ...LOGIN, method },
    })
    expect(await send({ port, security: 'tls', ...LOGIN })).toBe(ACCEPTED)
    expect(mails[0]).toMatchObject({ secure: true, user: LOGIN.username })
  })

  test('is given the login after STARTTLS', async () => {
    const { port, mails } = await mailServer({ tls: 'starttls', certificate: trusted, login: LOGIN })
    expect(await send({ port, security: 'starttls', ...LOGIN })).toBe(ACCEPTED)
    expect(mails[0]).toMatchObject({ secure: true, user: LOGIN.username })
  })

  test('LG-02 that refuses the login and repeats it: neither is in the reason', async () => {
    const { port, mails } = await mailServer({ tls: 'tls', certificate: trusted, login: LOGIN })
    const sent = await send({ port, security: 'tls', ...LOGIN, password: 'wrong' })
    expect(sent).toBe(refused('smtp: 535 to AUTH'))
    expect(mails).toEqual([])
  })

  test('without AUTH gets no mail from somebody with a login', async () => {
    const { port, mails } = await mailServer({ tls: 'tls', certificate: trusted })
    expect(await send({ port, security: 'tls', ...LOGIN })).toBe(refused('smtp: no AUTH mechanism in common'))
    expect(mails).toEqual([])
  })
})

describe('a server that is not who it should be', () => {
  test.each([
    ['tls', 'unknown', unknown, 'greeting'],
    ['tls', "another host's", forAnotherHost, 'greeting'],
    ['starttls', 'unknown', unknown, 'EHLO'],
    ['starttls', "another host's", forAnotherHost, 'EHLO'],
  ] as const)('gets no mail over %s with an %s certificate', async (security, _whose, certificate, step) => {
    const { port, mails } = await mailServer({ tls: security, certificate })
    expect(await send({ port, security })).toBe(refused(`smtp: connection failed at ${step}`))
    expect(mails).toEqual([])
  })

  test('gets no login and no mail in the clear when it does not offer STARTTLS', async () => {
    const { port, lines } = await scriptedServer({ EHLO: '250-sink\r\n250 AUTH PLAIN LOGIN' })
    expect(await send({ port, security: 'starttls', ...LOGIN })).toBe(refused('smtp: STARTTLS not offered'))
    expect(lines).toEqual(['EHLO auth.test'])
  })

  test('cannot slip a reply in ahead of TLS', async () => {
    const { port, lines } = await scriptedServer({
      EHLO: '250 STARTTLS',
      STARTTLS: '220 go on\r\n250-sink\r\n250 AUTH PLAIN',
    })
    expect(await send({ port, security: 'starttls', ...LOGIN })).toBe(refused('smtp: reply ahead of TLS'))
    expect(lines).toEqual(['EHLO auth.test', 'STARTTLS'])
  })
})

describe('a server that fails', () => {
  test.each(['greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'message'])(
    'ML-15 LG-02 with 451 or 550 at %s: the reason is the code, not its text',
    async step => {
      for (const code of [451, 550]) {
        const { port } = await scriptedServer({
          [step]: `${code}-no ann@mail.test\r\n${code} BCDF-GHJK ${LINK}`,
        })
        expect(await send({ port })).toBe(refused(`smtp: ${code} to ${step}`))
      }
    },
  )

  test.each(['greeting', 'EHLO', 'RCPT', 'message'])('ML-15 by closing at %s: at once', async step => {
    const { port } = await scriptedServer({ [step]: close })
    expect(await send({ port })).toBe(refused(`smtp: connection closed at ${step}`))
  })

  test.each(['greeting', 'RCPT', 'message'])('ML-15 by a reset at %s: at once', async step => {
    const { port } = await scriptedServer({ [step]: reset })
    expect(await send({ port })).toMatch(
      new RegExp(`^MailNotAccepted: smtp: connection (failed|closed) at ${step}$`),
    )
  })

  test.each(['greeting', 'EHLO', 'RCPT', 'message'])(
    'ML-15 CF-02 by silence at %s: within the deadline',
    async step => {
      const { port, connections } = await scriptedServer({ [step]: hang })
      const begun = Date.now()
      expect(await send({ port }, message(), 300)).toBe(refused('timed out'))
      expect(Date.now() - begun).toBeLessThan(2_000)
      await expect.poll(connections).toBe(0)
    },
  )

  test('ML-15 by not being there', async () => {
    const { port } = await scriptedServer({})
    await closeServers()
    expect(await send({ port })).toBe(refused('smtp: connection failed at greeting'))
  })

  test.each([
    ['something else', 'HTTP/1.1 400 Bad Request', 'smtp: no SMTP reply to greeting'],
    ['no end of a line', '2'.repeat(20_000), 'smtp: endless reply to greeting'],
    ['no end of lines', '220-sink\r\n'.repeat(5_000), 'smtp: endless reply to greeting'],
  ])('by saying %s', async (_what, greeting, reason) => {
    const { port } = await scriptedServer({ greeting })
    expect(await send({ port })).toBe(refused(reason))
  })

  test('only after it has accepted the mail, has accepted it', async () => {
    const { port } = await scriptedServer({ QUIT: reset })
    expect(await send({ port })).toBe(ACCEPTED)
  })
})

describe('the local send_email binding', () => {
  test('takes the mail', async () => {
    expect(await send({ transport: 'binding', from: 'Latchkey <sign-in@auth.test>' })).toBe(ACCEPTED)
  })

  test('LG-02 refuses, with the address in its text: it is not in the reason', async () => {
    const sent = await send({ transport: 'binding', from: 'sign-in@auth.test' }, message('eve@mail.test'))
    expect(sent).toBe(refused('binding: refused'))
  })
})
