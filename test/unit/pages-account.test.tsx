import { describe, expect, test } from 'vitest'
import { AccountPage, type AccountSession } from '../../src/pages/account/account-page.tsx'
import { countryName } from '../../src/pages/device-text.tsx'
import { shorten } from '../../src/pages/given.tsx'
import { relativeTime } from '../../src/pages/moment.tsx'
import { texts } from '../../src/pages/texts.ts'
import { CSRF, NOW, SESSIONS, sampleSession } from '../screenshots/samples.tsx'
import { all, fieldsOf } from './pages-html.ts'

const account = (sessions: readonly AccountSession[], notice?: string) =>
  String(
    <AccountPage
      csrfToken={CSRF}
      email="ann@x.test"
      sessions={sessions}
      apps={[]}
      now={NOW}
      notice={notice}
    />,
  )

const formsTo = (html: string, action: string) =>
  all(html, 'form')
    .filter(({ attributes }) => attributes.action === action)
    .map(fieldsOf)

const cards = (html: string) => all(html, 'li')
const current = sampleSession({ id: 's_me', current: true, lastSeenAt: NOW - 9000 })

describe('SE-10 the list', () => {
  test('shows each session with client, device, place and last activity; the current one first, marked', () => {
    const html = account(SESSIONS)
    expect(cards(html)).toHaveLength(SESSIONS.length)
    expect(all(html, 'h2').map(({ text }) => text)).toContain('Harbour Bank')
    expect(cards(html)[0]?.text).toContain(texts.account.thisOne)
    expect(cards(html).filter(({ text }) => text.includes(texts.account.thisOne))).toHaveLength(1)
    const bank = cards(html).find(({ text }) => text.includes('Old iPhone'))
    expect(bank?.text).toContain('iOS · Berlin, Germany')
    expect(bank?.text).toContain('Last active 4 days ago')
  })

  test('puts the most recent of a client first, and the caller’s client before all', () => {
    const seen = (id: string, clientId: string, ago: number) =>
      sampleSession({ id, clientId, device: { ...current.device, name: id }, lastSeenAt: NOW - ago })
    const html = account([seen('one', 'a', 900), seen('two', 'b', 300), seen('three', 'a', 600), current])
    const names = cards(html).map(({ inner }) => all(inner, 'h3')[0]?.text)
    expect(names).toEqual(['Firefox on macOS', 'two', 'three', 'one'])
  })

  test('a session counts as active for five minutes after it was seen', () => {
    const at = (ago: number) => account([sampleSession({ lastSeenAt: NOW - ago })])
    expect(at(299)).toContain(texts.account.activeNow)
    expect(at(-30)).toContain(texts.account.activeNow)
    expect(at(300)).toContain('Last active')
    expect(all(at(300), 'time')[0]).toMatchObject({
      text: '5 minutes ago',
      attributes: { datetime: new Date((NOW - 300) * 1000).toISOString() },
    })
  })

  test('third-party apps are told apart', () => {
    const badge = (kind: AccountSession['kind']) =>
      account([sampleSession({ kind })]).includes(texts.account.thirdParty)
    expect([badge('third_party'), badge('first_party')]).toEqual([true, false])
  })
})

describe('SE-11 ending', () => {
  test('one form for each session but this one', () => {
    const ids = formsTo(account(SESSIONS), '/account/sessions/end').map(fields => fields.session_id)
    expect(ids.toSorted()).toEqual(
      SESSIONS.filter(s => !s.current)
        .map(s => s.id)
        .toSorted(),
    )
  })

  test('one form for all others of a client that has others', () => {
    const others = formsTo(account(SESSIONS), '/account/sessions/end-others')
    expect(others.map(fields => fields.client_id)).toEqual(['account', 'bank-ios'])
    expect(formsTo(account([current]), '/account/sessions/end-others')).toEqual([])
  })

  test('all of them, and this one', () => {
    for (const sessions of [SESSIONS, [current], []]) {
      expect(formsTo(account(sessions), '/account/sessions/end-all')).toEqual([
        { csrf_token: CSRF, client_id: '*' },
      ])
      expect(formsTo(account(sessions), '/sign-out')).toEqual([{ csrf_token: CSRF }])
    }
  })

  test('asks first, without script: whatever ends something else stands in a closed <details>', () => {
    const html = account(SESSIONS)
    const asked = all(html, 'details')
    expect(asked.every(({ attributes }) => !('open' in attributes))).toBe(true)
    const inside = asked.flatMap(({ inner }) => all(inner, 'form').map(form => form.attributes.action))
    const outside = all(html, 'form').map(form => form.attributes.action)
    expect(outside.filter(action => action !== '/sign-out')).toEqual(inside)
  })

  test('every button that asks says what it would end', () => {
    const names = all(account(SESSIONS), 'summary').map(({ text }) => text)
    expect(names).toContain('End session on Ann’s iPhone Keep')
    expect(names).toContain('End all of Harbour Bank Cancel')
    expect(names).toContain('End the other session of Your account Cancel')
  })

  test('says that connected apps stay only to those who have some', () => {
    const words = texts.account.everywhereQuestionApps
    expect([account(SESSIONS).includes(words), account([current]).includes(words)]).toEqual([true, false])
  })

  test('a notice is announced, from the table or as it is', () => {
    const notice = (text: string) =>
      all(account([current], text), 'p').find(({ attributes }) => attributes.role === 'status')?.text
    expect(notice('others_ended')).toBe(texts.notices.others_ended)
    expect(notice('Two have ended.')).toBe('Two have ended.')
  })
})

describe('names', () => {
  const titleOf = (device: Partial<AccountSession['device']>) =>
    all(account([sampleSession({ device: { ...current.device, ...device } })]), 'h3')[0]?.text

  test.each([
    [{ name: 'Ann’s iPhone' }, 'Ann’s iPhone'],
    [{ name: null }, 'Firefox on macOS'],
    [{ name: ' \u200b\u202e', os: null }, 'Firefox'],
    [{ name: null, browser: '' }, 'macOS'],
    [{ name: null, browser: null, os: null }, 'Computer'],
  ])('a device %o is called %s', (device, title) => {
    expect(titleOf(device)).toBe(title)
  })

  test.each([
    ['DE', 'Germany'],
    ['T1', 'Tor network'],
    ['XX', null],
    ['', null],
    [null, null],
    ['de<b>', 'de<b>'],
    ['QQ', 'QQ'],
    ['constructor', 'constructor'],
  ])('a country %s is called %s', (code, name) => {
    expect(countryName(code)).toBe(name)
  })

  test('are at most 80 characters long, never cut inside one, and never a tower of marks', () => {
    expect([...shorten('🔑'.repeat(300))]).toHaveLength(80)
    expect(shorten('🔑'.repeat(300)).endsWith('🔑…')).toBe(true)
    expect(shorten('x'.repeat(80))).toBe('x'.repeat(80))
    expect(shorten(`a${'\u0301'.repeat(50)}b`)).toBe(`a${'\u0301'.repeat(4)}b`)
  })
})

describe('times', () => {
  test.each([
    [-1, 'just now'],
    [0, 'just now'],
    [-59, 'just now'],
    [-60, '1 minute ago'],
    [-3599, '59 minutes ago'],
    [-86_399, '23 hours ago'],
    [-30 * 86_400, '30 days ago'],
    [30, 'within a minute'],
    [90_000, 'in 1 day'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(relativeTime(NOW + seconds, NOW)).toBe(text)
  })
})
