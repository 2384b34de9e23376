import { describe, expect, test } from 'vitest'
import { ACCESS_TOKEN_SECONDS } from '../../src/domain/limits.ts'
import { DEFAULT_PREFERENCES, type Preferences } from '../../src/domain/preferences.ts'
import type { AccountSession } from '../../src/pages/account/account-page.tsx'
import type { LogEntry } from '../../src/pages/account/log-entries.tsx'
import { LogPage } from '../../src/pages/account/log-page.tsx'
import { countryName } from '../../src/pages/device-text.tsx'
import { shorten } from '../../src/pages/given.tsx'
import { relativeTime } from '../../src/pages/moment.tsx'
import { texts } from '../../src/pages/texts.ts'
import { accountPage, CSRF, LOG, NOW, SESSIONS, sampleEntry, sampleSession } from '../screenshots/samples.tsx'
import { all, fieldsOf } from './pages-html.ts'

const account = (sessions: readonly AccountSession[], notice?: string) =>
  String(accountPage({ sessions, apps: [], notice }))

const formsTo = (html: string, action: string) =>
  all(html, 'form')
    .filter(({ attributes }) => attributes.action === action)
    .map(fieldsOf)

/** A card for each device, with what is signed in there. */
const devices = (html: string) =>
  all(html, 'article').filter(({ attributes }) => attributes.class?.includes('device-card'))
const rows = ({ inner }: { inner: string }) => all(inner, 'li')
const headings = (html: string, tag: string) => all(html, tag).map(({ text }) => text)
const section = (html: string, id: string) =>
  all(html, 'section').find(({ attributes }) => attributes['aria-labelledby'] === id)

const current = sampleSession({ id: 's_me', current: true, lastSeenAt: NOW - 9000 })

describe('SE-10 the list', () => {
  test('a card for each device; what is signed in there, with client, place and last activity', () => {
    const html = account(SESSIONS)
    const keys = new Set(SESSIONS.map(session => session.deviceKey))
    expect(devices(html)).toHaveLength(keys.size)
    expect(devices(html).flatMap(rows)).toHaveLength(SESSIONS.length)
    const iphone = devices(html).find(({ text }) => text.includes('Ann’s iPhone'))
    expect(headings(iphone?.inner ?? '', 'h3')).toEqual(['Harbour Bank', 'Harbour Savings'])
    const old = devices(html).find(({ text }) => text.includes('Old iPhone'))
    // The place is that of the sign-in: nobody looks where it is used.
    expect(old?.text).toMatch(
      /^Old iPhoneiOSHarbour BankLast active 4 days agoSigned in \d+ days ago \(Berlin, Germany\) · ends/,
    )
  })

  test('the caller’s device first, marked, and no other', () => {
    const html = account(SESSIONS)
    expect(devices(html)[0]?.text).toContain(texts.account.thisOne)
    expect(devices(html).filter(({ text }) => text.includes(texts.account.thisOne))).toHaveLength(1)
  })

  test('then by newest activity, of devices and on each of them', () => {
    const seen = (id: string, deviceKey: string, ago: number) =>
      sampleSession({
        id,
        deviceKey,
        clientName: id,
        device: { ...current.device, name: deviceKey },
        lastSeenAt: NOW - ago,
      })
    const html = account([seen('one', 'a', 900), seen('two', 'b', 300), seen('three', 'a', 600), current])
    const inner = devices(html)
      .map(card => card.inner)
      .join('')
    expect(headings(inner, 'h2')).toEqual(['Firefox on macOS', 'b', 'a'])
    expect(headings(inner, 'h3')).toEqual(['Latchkey', 'two', 'three', 'one'])
  })

  test('SE-10 an app in use is active: it is seen when it refreshes, by default every ten minutes', () => {
    const at = (ago: number) => account([sampleSession({ lastSeenAt: NOW - ago })])
    expect(at(ACCESS_TOKEN_SECONDS + 60)).toContain(texts.account.activeNow)
    expect(at(-30)).toContain(texts.account.activeNow)
    expect(at(900)).toContain('Last active')
    expect(all(at(900), 'time')[0]).toMatchObject({
      text: '15 minutes ago',
      attributes: { datetime: new Date((NOW - 900) * 1000).toISOString() },
    })
  })

  test('third-party apps are told apart', () => {
    const badge = (kind: AccountSession['kind']) =>
      devices(account([sampleSession({ kind })]))[0]?.text.includes(texts.account.thirdParty)
    expect([badge('third_party'), badge('first_party')]).toEqual([true, false])
  })

  test('fifty devices a page, with ways on and back', () => {
    const many = Array.from({ length: 101 }, (_, at) => sampleSession({ id: `s_${at}` }))
    const page = (from: number) => String(accountPage({ sessions: many, from }))
    const links = (from: number) =>
      all(page(from), 'a')
        .map(({ attributes }) => attributes.href)
        .filter(href => href === '/account' || href?.includes('from='))
    expect([0, 50, 100].map(from => devices(page(from)).length)).toEqual([50, 50, 1])
    expect([0, 50, 100].map(links)).toEqual([
      ['/account?from=50'],
      ['/account', '/account?from=100'],
      ['/account'],
    ])
    expect(links(0)).not.toContain('/account?from=0')
    expect(account(SESSIONS)).not.toContain('from=')
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

  test('one for a whole device that has several, never the caller’s own', () => {
    expect(formsTo(account(SESSIONS), '/account/devices/end').map(fields => fields.session_ids)).toEqual([
      's_3 s_8',
    ])
    const here = sampleSession({ id: 's_here', deviceKey: current.deviceKey })
    expect(formsTo(account([current, here]), '/account/devices/end')).toEqual([])
  })

  test('one form for all others of a client that is signed in more than once', () => {
    const others = formsTo(account(SESSIONS), '/account/sessions/end-others')
    expect(others.map(fields => fields.client_id)).toEqual(['account', 'bank-ios'])
    expect(formsTo(account([current]), '/account/sessions/end-others')).toEqual([])
    const words = section(account(SESSIONS), 'by-app')?.text
    expect(words).toContain('The other session of Latchkey is signed out at once. This one stays.')
    expect(words).toContain('All 3 sessions of Harbour Bank are signed out at once.')
  })

  test('all of them, and this one', () => {
    for (const sessions of [SESSIONS, [current], []]) {
      expect(formsTo(account(sessions), '/account/sessions/end-all')).toEqual([
        expect.objectContaining({ csrf_token: CSRF, client_id: '*' }),
      ])
      expect(formsTo(account(sessions), '/sign-out')).toEqual([{ csrf_token: CSRF }])
    }
  })

  test('before it signs out everywhere it says what that cuts, and what stays unless one asks for it', () => {
    const preview = (sessions: readonly AccountSession[]) => {
      const found = section(account(sessions), 'everywhere')
      return [
        found?.text,
        all(found?.inner ?? '', 'input').some(({ attributes }) => attributes.type === 'checkbox'),
      ]
    }
    expect(preview(SESSIONS)).toEqual([
      expect.stringContaining(
        'This ends 6 sessions on 5 devices at once, yours here too. 2 connected apps stay.Sign out those 2 apps too',
      ),
      true,
    ])
    const [alone, isAsked] = preview([current])
    expect(alone).toContain('This ends 1 session on 1 device at once')
    expect(alone).not.toContain('stay')
    expect(isAsked).toBe(false)
  })

  test('asks first, without script: whatever ends something else stands in a closed <details>', () => {
    const html = account(SESSIONS)
    const asked = all(html, 'details')
    expect(asked.every(({ attributes }) => !('open' in attributes))).toBe(true)
    const inside = asked.flatMap(({ inner }) => all(inner, 'form').map(form => form.attributes.action))
    const outside = all(html, 'form').map(form => form.attributes.action)
    const harmless = ['/sign-out', '/account/preferences']
    expect(outside.filter(action => !harmless.includes(action ?? ''))).toEqual(inside)
  })

  test('every button that asks says what it would end', () => {
    const names = all(account(SESSIONS), 'summary').map(({ text }) => text)
    expect(names).toContain('End the session of Harbour Bank on Ann’s iPhone Keep')
    expect(names).toContain('End all 2 here on Ann’s iPhone Cancel')
    expect(names).toContain('End all of Harbour Bank Cancel')
    expect(names).toContain('End others of Latchkey Cancel')
  })

  test('what has been ended is named, and announced', () => {
    const html = String(
      accountPage({
        ended: { device: { ...current.device, name: 'Lost phone' }, clientName: 'Harbour Bank', at: NOW - 3 },
      }),
    )
    const said = all(html, 'p').find(({ attributes }) => attributes.role === 'status')?.text
    expect(said).toContain('Lost phone was signed out of Harbour Bank just now, everywhere.')
  })

  test('a notice is announced, from the table or as it is', () => {
    const notice = (text: string) =>
      all(account([current], text), 'p').find(({ attributes }) => attributes.role === 'status')?.text
    expect(notice('others_ended')).toBe(texts.notices.others_ended)
    expect(notice('Two have ended.')).toBe('Two have ended.')
  })
})

describe('connected apps', () => {
  test('say what they may do, since when, and when they last did', () => {
    const html = String(accountPage())
    const [ledger, tally] = all(section(html, 'connected-apps')?.inner ?? '', 'li').filter(({ attributes }) =>
      attributes.class?.includes('app'),
    )
    expect(ledger?.text).toContain('Allowed 9 days ago · last used 5 hours ago')
    expect(tally?.text).toContain('Allowed just now · not signed in now')
  })
})

describe('the security log', () => {
  const entries = (html: string) => all(all(html, 'ol')[0]?.inner ?? '', 'li').map(({ text }) => text)
  const page = (log: readonly LogEntry[], olderThan: number | null = null, isNewest = true) =>
    String(<LogPage csrfToken={CSRF} entries={log} olderThan={olderThan} isNewest={isNewest} now={NOW} />)

  test('every kind of entry has a sentence of its own', () => {
    const sentences = LOG.map(entry => all(all(page([entry]), 'ol')[0]?.inner ?? '', 'p')[0]?.text)
    expect(new Set(sentences).size).toBe(LOG.length)
    expect(sentences.every(sentence => sentence !== undefined && !sentence.includes('{'))).toBe(true)
  })

  test('says when, on what, where, and from where it was done', () => {
    expect(entries(page([sampleEntry({ from: { ...current.device, name: 'Desk' } })]))).toEqual([
      'Signed in to Harbour Bank25 minutes ago · Ann’s iPhone · Berlin, Germany · from Desk',
    ])
  })

  test('of another day with its exact time', () => {
    expect(entries(page([sampleEntry({ at: NOW - 3 * 86_400 })]))[0]).toContain(
      '3 days ago (Nov 15, 2026, 11:06 UTC) ·',
    )
  })

  test('leads on to older entries and back to the newest', () => {
    const links = (html: string) => all(all(html, 'nav')[0]?.inner ?? '', 'a').map(a => a.attributes.href)
    expect(links(page(LOG, 12))).toEqual(['/account/log?before=12'])
    expect(links(page(LOG, null, false))).toEqual(['/account/log'])
    expect(page([], null, false)).toContain(texts.log.empty)
  })
})

describe('preferences', () => {
  const checked = (changes: Partial<Preferences>) =>
    all(String(accountPage({ preferences: { ...DEFAULT_PREFERENCES, ...changes } })), 'input')
      .filter(({ attributes }) => 'checked' in attributes)
      .map(({ attributes }) => `${attributes.name}=${attributes.value}`)

  test('show what is set', () => {
    expect(checked({})).toEqual(['new_sign_in=new_device'])
    expect(checked({ one_device: true, notify: { new_sign_in: 'never' } })).toEqual([
      'one_device=on',
      'new_sign_in=never',
    ])
    expect(checked({ one_session_per_client: true })).toEqual([
      'one_session_per_client=on',
      'new_sign_in=new_device',
    ])
  })
})

describe('names', () => {
  const titleOf = (device: Partial<AccountSession['device']>) =>
    devices(account([sampleSession({ device: { ...current.device, ...device } })])).flatMap(({ inner }) =>
      headings(inner, 'h2'),
    )[0]

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
    [7 * 86_400 - 5, 'in 7 days'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(relativeTime(NOW + seconds, NOW)).toBe(text)
  })
})
