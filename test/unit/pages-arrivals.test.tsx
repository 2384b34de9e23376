import { describe, expect, test } from 'vitest'
import { arrivalsAfter } from '../../src/domain/arrivals.ts'
import type { Session } from '../../src/domain/session.ts'
import type { AccountSession } from '../../src/pages/account/account-page.tsx'
import { NotMeDonePage } from '../../src/pages/account/not-me-done-page.tsx'
import { texts } from '../../src/pages/texts.ts'
import { accountPage, CSRF, NOW, sampleSession } from '../screenshots/samples.tsx'
import { aSession } from './model.ts'
import { all, fieldsOf } from './pages-html.ts'

const account = (arrivals: readonly AccountSession[]) => String(accountPage({ arrivals }))

const regionOf = (html: string) => all(html, 'div').find(({ attributes }) => attributes.id === 'arrivals')
const arrivalsOf = (count: number) =>
  Array.from({ length: count }, (_, at) => sampleSession({ id: `s_n${at}` }))

describe('SE-10 new sign-ins', () => {
  test('SE-10 are those that began after this session, on other devices, and that nobody has spoken for in it or before it, oldest first', () => {
    const at = (id: string, createdSeq: number, browser: string | null, changes: Partial<Session> = {}) => ({
      session: aSession(id, { createdSeq, ...changes }),
      marks: browser === null ? ['traits'] : ['traits', browser],
    })
    const live = [
      at('third', 9, null),
      at('spoken-for', 8, 'his', { recognizedFrom: 5 }),
      at('spoken-for-before', 11, 'his', { recognizedFrom: 4 }),
      at('spoken-for-later', 10, 'his', { recognizedFrom: 7 }),
      at('current', 5, 'mine'),
      at('second', 7, 'hers'),
      at('here', 6, 'mine'),
      at('older', 4, 'hers'),
    ]
    expect(arrivalsAfter('current', live).map(({ session }) => session.id)).toEqual([
      'second',
      'third',
      'spoken-for-later',
    ])
    expect(arrivalsAfter('gone', live)).toEqual([])
  })

  test('SE-10 have a region that is announced, and that is there when it is empty', () => {
    const region = regionOf(account([]))
    expect(region?.inner).toBe('')
    expect(region?.attributes).toMatchObject({
      'data-live': 'by-card',
      role: 'log',
      'aria-live': 'polite',
      'aria-label': texts.arrivals.label,
    })
  })

  test('SE-10 are shown with client, device, place and time', () => {
    const text = regionOf(account([sampleSession({ createdAt: NOW - 130 })]))?.text
    for (const shown of ['Latchkey', 'Firefox on macOS', 'Berlin, Germany', '2 minutes ago'])
      expect(text).toContain(shown)
  })

  test('SE-11 each have two forms, whose buttons say which device they are about', () => {
    const region = regionOf(account([sampleSession({ id: 's_new' })]))?.inner ?? ''
    // `session_id` only where the button ends that session.
    const named = all(region, 'form').map(form => [form.attributes.action, fieldsOf(form)] as const)
    expect(
      named.map(([action, { recognized_id, session_id }]) => [action, recognized_id, session_id]),
    ).toEqual([
      ['/account/sessions/recognize', 's_new', undefined],
      ['/account/sessions/not-me', undefined, 's_new'],
    ])
    expect(all(region, 'button').map(({ text }) => text)).toEqual([
      'That was me (Firefox on macOS)',
      'That wasn’t me: end it (Firefox on macOS)',
    ])
  })

  test('SE-10 the newest five are cards, the others a number', () => {
    const idsOf = (count: number) =>
      all(regionOf(account(arrivalsOf(count)))?.inner ?? '', 'article').map(({ attributes }) => attributes.id)
    expect(idsOf(7)).toEqual([2, 3, 4, 5, 6].map(at => `arrival-s_n${at}`))
    expect(regionOf(account(arrivalsOf(7)))?.text).toContain('and 2 more below')
    expect(regionOf(account(arrivalsOf(5)))?.text).not.toContain('more below')
  })
})

describe('SE-11 after “That wasn’t me”', () => {
  const pageOf = (token: string | null) =>
    String(<NotMeDonePage csrfToken={CSRF} token={token} what="ended" asksForCode={false} />)

  test('SE-11 somebody who is signed in can end all others, and stays; the holder of a notice can end all', () => {
    expect(all(pageOf(null), 'form').map(form => [form.attributes.action, fieldsOf(form)])).toEqual([
      ['/account/sessions/end-others', { csrf_token: CSRF, client_id: '*' }],
      ['/sign-out', { csrf_token: CSRF }],
    ])
    expect(all(pageOf('t'), 'form').map(form => [form.attributes.action, fieldsOf(form)])).toEqual([
      ['/account/not-me/rest', { csrf_token: CSRF, token: 't' }],
    ])
    const linksOf = (html: string) => all(html, 'a').map(({ attributes }) => attributes.href)
    expect([linksOf(pageOf(null)), linksOf(pageOf('t'))]).toEqual([['/account'], ['/sign-in']])
  })
})
