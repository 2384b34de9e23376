import { describe, expect, test } from 'vitest'
import { EmailCodePage } from '../../src/pages/account/email-code-page.tsx'
import { EmailPage } from '../../src/pages/account/email-page.tsx'
import { SignInPage } from '../../src/pages/sign-in-page.tsx'
import { texts } from '../../src/pages/texts.ts'
import { accountPage, CSRF, SESSIONS } from '../screenshots/samples.tsx'
import { all, fieldsOf } from './pages-html.ts'

const formsOf = (html: string) =>
  all(html, 'form')
    .map(form => [form.attributes.action, fieldsOf(form)] as const)
    .filter(([action]) => action !== '/sign-out')
const alertOf = (html: string) => all(html, 'p').find(({ attributes }) => attributes.role === 'alert')?.text
const linksOf = (html: string) => all(html, 'a').map(({ attributes }) => attributes.href)

describe('ML-17 changing the address', () => {
  test('ML-17 one form asks for the new address; the field is not filled with the old one', () => {
    const html = String(<EmailPage csrfToken={CSRF} current="ann@x.test" />)
    expect(formsOf(html)).toEqual([['/account/email', { csrf_token: CSRF, email: '' }]])
    expect(html).toContain('ann@x.test')
    expect(linksOf(html)).toEqual(['/account'])
    expect(alertOf(html)).toBeUndefined()
  })

  test.each(['invalid_email', 'same_address', 'email_change_ended', 'address_taken'] as const)(
    'ML-17 says %s at the field and in the title',
    error => {
      const html = String(<EmailPage csrfToken={CSRF} current="ann@x.test" error={error} />)
      expect(alertOf(html)).toBe(texts.errors[error])
      expect(all(html, 'title')[0]?.text).toMatch(/^Error: /)
    },
  )

  test('ML-17 one form takes the code; a way to start again; no script but that of every form', () => {
    const html = String(<EmailCodePage csrfToken={CSRF} error="wrong_code" />)
    expect(formsOf(html)).toEqual([['/account/email/code', { csrf_token: CSRF, code: '' }]])
    expect(alertOf(html)).toBe(texts.errors.wrong_code)
    expect(linksOf(html)).toEqual(['/account/email'])
    expect(html).toContain('10 minutes')
    expect(all(html, 'script').map(({ attributes }) => attributes.src)).toEqual(['/assets/forms.js'])
  })

  test('ML-17 the account page leads to it, and offers to end all others once it is done and there are any', () => {
    const account = (notice?: string, count = SESSIONS.length) =>
      String(accountPage({ sessions: SESSIONS.slice(0, count), apps: [], notice }))
    const offers = (html: string) =>
      formsOf(html).filter(
        ([action, fields]) => action === '/account/sessions/end-others' && fields.client_id === '*',
      )
    expect(linksOf(account())).toContain('/account/email')
    expect(offers(account('email_changed'))).toHaveLength(1)
    expect([offers(account()), offers(account('others_ended')), offers(account('email_changed', 1))]).toEqual(
      [[], [], []],
    )
  })

  test('ML-17 the sign-in page says why when a recent sign-in is needed', () => {
    const page = (notice?: string) =>
      String(<SignInPage csrfToken={CSRF} continueTo="/account/email" notice={notice} />)
    const said = (html: string) => all(html, 'p').find(({ attributes }) => attributes.role === 'status')?.text
    expect(said(page('recent_sign_in_required'))).toBe(texts.notices.recent_sign_in_required)
    expect(said(page())).toBeUndefined()
  })
})
