import { describe, expect, test, vi } from 'vitest'
import { createBindingTransport } from '../../src/mail/binding.ts'
import { createHttpTransport } from '../../src/mail/http-provider.ts'
import { checkMessage } from '../../src/mail/message.ts'

const FROM = 'Latchkey <sign-in@auth.test>'
const MESSAGE = { to: 'ann@mail.test', subject: 'Sign in', text: 'BCDF-GHJK', html: '<p>BCDF-GHJK</p>' }
const attempt = (signal = new AbortController().signal) => ({ id: 'm_1', signal })

describe('what every transport refuses', () => {
  test.each([
    'ann@mail.test, eve@evil.test',
    'ann@mail.test;eve@evil.test',
    'Ann <ann@mail.test>',
    'ann@mail.test\r\nBcc: eve@evil.test',
    'ann@mail.test\n',
    ' ann@mail.test',
    'ann@mail.test>',
    '',
  ])('ML-11 %j as a recipient', to => {
    expect(() => checkMessage({ ...MESSAGE, to })).toThrow('message: not exactly one recipient')
  })

  test.each(['a\r\nBcc: eve@evil.test', 'a\nb', 'a\rb', 'a\0b', 'a\u0085b'])(
    'ML-11 %j as a subject',
    subject => {
      expect(() => checkMessage({ ...MESSAGE, subject })).toThrow(
        'message: control characters in the subject',
      )
    },
  )

  test('and what it lets through', () => {
    expect(() =>
      checkMessage({ ...MESSAGE, to: "o'Neil+tag@Mail.test", subject: 'Sign in to Ünï 👋' }),
    ).not.toThrow()
  })
})

describe('the HTTP provider', () => {
  const answering = (response: () => Response | Promise<Response>) =>
    vi.fn(async (_url: RequestInfo | URL, _init?: RequestInit) => response()) as unknown as typeof fetch &
      ReturnType<typeof vi.fn>

  test('gets one exact request', async () => {
    const fetch = answering(() => Response.json({ id: 'x' }))
    const { id, signal } = attempt()
    await createHttpTransport(FROM, 're_secret', fetch).send(MESSAGE, { id, signal })
    expect(fetch.mock.calls).toEqual([
      [
        'https://api.resend.com/emails',
        {
          method: 'POST',
          headers: {
            authorization: 'Bearer re_secret',
            'content-type': 'application/json',
            'idempotency-key': 'm_1',
            'user-agent': 'latchkey',
          },
          body: JSON.stringify({ from: FROM, ...{ ...MESSAGE, to: ['ann@mail.test'] } }, [
            'from',
            'to',
            'subject',
            'text',
            'html',
          ]),
          redirect: 'manual',
          signal,
        },
      ],
    ])
  })

  test.each([301, 302, 307, 400, 401, 403, 409, 422, 429, 500, 503])(
    'ML-15 LG-02 fails on status %i, and says no more than that',
    async status => {
      const echo = `ann@mail.test BCDF-GHJK re_secret`
      const fetch = answering(
        () => new Response(echo, { status, headers: { location: 'https://evil.test/' } }),
      )
      const sending = createHttpTransport(FROM, 're_secret', fetch).send(MESSAGE, attempt())
      await expect(sending).rejects.toThrow(new RegExp(`^http: status ${status}$`))
      expect(fetch).toHaveBeenCalledTimes(1)
    },
  )

  test('ML-15 LG-02 fails without an answer, and says no more than that', async () => {
    const fetch = answering(() => Promise.reject(new TypeError('cannot reach ann@mail.test')))
    const sending = createHttpTransport(FROM, 're_secret', fetch).send(MESSAGE, attempt())
    await expect(sending).rejects.toThrow(/^http: no answer$/)
  })
})

describe('the send_email binding', () => {
  const binding = (
    send: (mail: unknown) => Promise<EmailSendResult> = async () => ({ messageId: '<x>' }),
  ) => ({
    send: vi.fn(send),
  })

  test('gets one exact mail', async () => {
    const email = binding()
    await createBindingTransport(FROM, email).send(MESSAGE, attempt())
    expect(email.send.mock.calls).toEqual([
      [{ from: { name: 'Latchkey', email: 'sign-in@auth.test' }, ...MESSAGE }],
    ])
  })

  test('gets a bare address as it is', async () => {
    const email = binding()
    await createBindingTransport('sign-in@auth.test', email).send(MESSAGE, attempt())
    expect(email.send.mock.calls).toEqual([[{ from: 'sign-in@auth.test', ...MESSAGE }]])
  })

  test.each([
    [
      Object.assign(new Error('ann@mail.test is not verified'), { code: 'E_RECIPIENT_NOT_ALLOWED' }),
      'E_RECIPIENT_NOT_ALLOWED',
    ],
    [Object.assign(new Error('x'), { code: 'ann@mail.test' }), 'refused'],
    [new Error('email to ann@mail.test not allowed'), 'refused'],
    ['ann@mail.test', 'refused'],
  ])('ML-15 LG-02 fails with a code at most', async (error, reason) => {
    const email = binding(() => Promise.reject(error))
    const sending = createBindingTransport(FROM, email).send(MESSAGE, attempt())
    await expect(sending).rejects.toThrow(new RegExp(`^binding: ${reason}$`))
  })

  test('is refused at the start when it is not there', () => {
    expect(() => createBindingTransport(FROM, null)).toThrow('send_email')
  })
})
