import { describe, expect, it } from 'vitest'
import { ACCEPT_JSON, askForMail, browser } from './support/browser.ts'
import { dump } from './support/dump.ts'
import { createService, freshAddress, ISSUER } from './support/service.ts'

const HOSTILE = [
  '//evil.test',
  '///evil.test',
  '/\\evil.test',
  '\\/evil.test',
  '\\\\evil.test',
  '/.//evil.test',
  '/..//evil.test',
  '/%2e//evil.test',
  '/%2E%2E//evil.test/',
  '/account/..//evil.test',
  '/./\\evil.test',
  'https:evil.test',
  'https:/evil.test',
  'https://evil.test',
  'http://auth.test/account',
  'https://auth.test@evil.test/',
  'https://auth.test.evil.test/',
  'javascript:alert(1)',
  'JavaScript:alert(1)//',
  'data:text/html,<script>alert(1)</script>',
  '/\t/evil.test',
  '/\n/evil.test',
  '\t//evil.test',
  ' //evil.test',
  '/account\r\nSet-Cookie: a=b',
  '/account\u0000',
  '/\u2028/evil.test',
  '/\uFF0Fevil.test',
  'evil.test',
  '?next=//evil.test',
  '@evil.test',
]

describe('where a browser goes after signing in', () => {
  const service = createService()

  it.each(HOSTILE)('ML-14: %j ends at the default page', async hostile => {
    const who = browser(service)
    const page = await (await who.get(`/sign-in?continue=${encodeURIComponent(hostile)}`)).text()
    const hidden = /name="continue" value="([^"]*)"/.exec(page)?.[1]
    expect(hidden).toBeUndefined()
    const { token } = await askForMail(service, who, freshAddress(), { continue: hostile })
    const done = await who.post('/sign-in/link', { token })
    expect([done.status, done.headers.get('Location')]).toEqual([303, '/account'])
  })

  it.each([
    ['/account', '/account'],
    ['/account?tab=log&x=a%20b', '/account?tab=log&x=a%20b'],
    ['/oauth2/authorize?client_id=x&redirect_uri=https%3A%2F%2Fapp.test%2Fcb&state=%26', undefined],
    ['/device?user_code=BCDF-GHJK', undefined],
    ['/a/../account', '/account'],
    ['/account#top', '/account'],
  ])('ML-14: the path %j is honoured, by link, by code and for scripts', async (path, expected = path) => {
    for (const by of ['link', 'code'] as const) {
      const who = browser(service)
      const page = await (await who.get(`/sign-in?continue=${encodeURIComponent(path)}`)).text()
      const hidden = /name="continue" value="([^"]*)"/.exec(page)?.[1]?.replaceAll('&amp;', '&')
      expect(hidden).toBe(expected)
      const mail = await askForMail(service, who, freshAddress(), { continue: hidden ?? '' })
      const done = await who.post(
        `/sign-in/${by}`,
        by === 'link' ? { token: mail.token } : { code: mail.code },
      )
      expect([done.status, done.headers.get('Location')]).toEqual([303, expected])
      expect(new URL(done.headers.get('Location') ?? '', ISSUER).origin).toBe(ISSUER)
      const state = await who.get('/sign-in/check', ACCEPT_JSON)
      expect(await state.json()).toEqual({ state: 'completed', location: expected })
    }
  })

  it('I9: a code in the path stands nowhere in the clear', async () => {
    const who = browser(service)
    const path = `/device?user_code=${crypto.randomUUID()}`
    const { token } = await askForMail(service, who, freshAddress(), { continue: path })
    expect(await dump(service)).not.toContain(path.slice(-36))
    expect((await who.post('/sign-in/link', { token })).headers.get('Location')).toBe(path)
  })

  it('ML-14: a path that fits into no header ends at the default page', async () => {
    const who = browser(service)
    const { token } = await askForMail(service, who, freshAddress(), { continue: `/${'a'.repeat(10_000)}` })
    expect((await who.post('/sign-in/link', { token })).headers.get('Location')).toBe('/account')
  })

  it('ML-14: who asks for JSON is sent on all the same: only refusals differ', async () => {
    const who = browser(service)
    const { code } = await askForMail(service, who, freshAddress(), { continue: '/account?a=1' })
    const done = await who.post('/sign-in/code', { code }, ACCEPT_JSON)
    expect([done.status, done.headers.get('Location')]).toEqual([303, '/account?a=1'])
  })
})
