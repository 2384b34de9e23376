import { describe, expect, test } from 'vitest'
import type { EndReason } from '../../src/domain/events.ts'
import { CheckMailPage } from '../../src/pages/check-mail-page.tsx'
import { CodeRequiredPage } from '../../src/pages/code-required-page.tsx'
import { ErrorPage } from '../../src/pages/error-page.tsx'
import { LinkEndedPage } from '../../src/pages/link-ended-page.tsx'
import { LinkPage } from '../../src/pages/link-page.tsx'
import { OpenInAppPage } from '../../src/pages/open-in-app-page.tsx'
import { SignInPage } from '../../src/pages/sign-in-page.tsx'
import { SignedOutPage } from '../../src/pages/signed-out-page.tsx'
import { texts } from '../../src/pages/texts.ts'
import { WrongBrowserPage } from '../../src/pages/wrong-browser-page.tsx'
import { CSRF, endedSession, NOW, TOKEN } from '../screenshots/samples.tsx'
import { all, fieldsOf } from './pages-html.ts'

const scriptsOf = (html: string) => all(html, 'script').map(({ attributes }) => attributes.src)
const linksOf = (html: string) => all(html, 'a').map(({ attributes }) => attributes.href)
const inputOf = (html: string, name: string) =>
  all(html, 'input').find(({ attributes }) => attributes.name === name)?.attributes ?? {}

describe('the sign-in page', () => {
  test('asks for the address, and carries on to the path it was given', () => {
    const html = String(<SignInPage csrfToken={CSRF} continueTo="/oauth2/authorize?a=1&b=2" />)
    const [form] = all(html, 'form')
    expect(form?.attributes.action).toBe('/sign-in')
    expect(form && fieldsOf(form)).toEqual({
      csrf_token: CSRF,
      continue: '/oauth2/authorize?a=1&b=2',
      email: '',
    })
    expect(inputOf(html, 'email')).toMatchObject({ type: 'email', autocomplete: 'email', maxlength: '254' })
  })

  test('has no field for a path when there is none', () => {
    const html = String(<SignInPage csrfToken={CSRF} continueTo={null} />)
    expect(inputOf(html, 'continue')).toEqual({})
  })

  test('ties an error to its field, keeps what was typed, and says it in the title first', () => {
    const html = String(<SignInPage csrfToken={CSRF} continueTo={null} email="a@@b" error="invalid_email" />)
    const error = all(html, 'p').find(({ attributes }) => attributes.role === 'alert')
    expect(error?.text).toBe(texts.errors.invalid_email)
    expect(inputOf(html, 'email')).toMatchObject({
      value: 'a@@b',
      'aria-invalid': 'true',
      'aria-describedby': error?.attributes.id,
    })
    expect(all(html, 'title')[0]?.text).toMatch(/^Error: /)
  })
})

describe('the sign-in page of a browser whose session has ended', () => {
  const pageOf = (changes: Parameters<typeof endedSession>[0] = {}) =>
    String(<SignInPage csrfToken={CSRF} continueTo={null} ended={endedSession(changes)} />)
  const blockOf = (changes: Parameters<typeof endedSession>[0] = {}) => all(pageOf(changes), 'section')[0]

  test.each(Object.entries(texts.endedSession.reasons))(
    'says why, when and what to do: %s',
    (reason, words) => {
      const block = blockOf({ reason: reason as EndReason, by: null })
      const [before = '', after = ''] = words.what.split('{time}')
      expect(block?.text).toContain(`${before}25 minutes ago${after}`)
      expect(block?.text).toContain(words.next)
      expect(all(block?.inner ?? '', 'time')[0]?.attributes.datetime).toBe(
        new Date((NOW - 25 * 60) * 1000).toISOString(),
      )
      expect(all(block?.inner ?? '', 'h3')).toEqual([])
    },
  )

  test('says by whom and where, and by which of the user’s own settings', () => {
    const block = blockOf({ setting: 'one_session_per_client' })
    expect(all(block?.inner ?? '', 'h3')[0]?.text).toBe('Firefox on Windows')
    expect(block?.text).toContain('Berlin, Germany')
    expect(block?.text).toContain('Signed in to Latchkey')
    expect(block?.text).toContain(texts.endedSession.settings.one_session_per_client)
    expect(blockOf({ setting: 'one_device' })?.text).toContain(texts.endedSession.settings.one_device)
    expect(blockOf()?.text).not.toContain('set to one')
  })

  test('has it above the form, and nothing of it otherwise', () => {
    expect(pageOf().indexOf('</section>')).toBeLessThan(pageOf().indexOf('<form'))
    expect(String(<SignInPage csrfToken={CSRF} continueTo={null} />)).not.toContain('<section')
  })
})

describe('the page that waits for the code', () => {
  const html = String(<CheckMailPage csrfToken={CSRF} ended={false} />)
  const over = String(<CheckMailPage csrfToken={CSRF} ended />)

  test('takes a code as people type it', () => {
    expect(all(html, 'form').map(({ attributes }) => attributes.action)).toEqual(['/sign-in/code'])
    const code = inputOf(html, 'code')
    expect(code).toMatchObject({
      autocomplete: 'one-time-code',
      autocapitalize: 'characters',
      spellcheck: 'false',
    })
    expect(Number(code.maxlength)).toBeGreaterThanOrEqual(32)
    expect(code.pattern).toBeUndefined()
  })

  test('works without script: a link that looks again, a link that starts again', () => {
    expect(linksOf(html)).toEqual(['/sign-in/check', '/sign-in'])
    expect(html).toContain('10 minutes')
  })

  test('waits by script while there is something to wait for, and says by itself when it is over', () => {
    expect(scriptsOf(html)).toContain('/assets/check.js')
    expect(scriptsOf(over)).not.toContain('/assets/check.js')
    expect(progressOf(over)).toMatchObject({ text: texts.checkMail.ended })
  })

  test('has a quiet live region for what the script says', () => {
    expect(progressOf(html)).toMatchObject({ text: '', attributes: { role: 'status' } })
    expect(progressOf(html)?.attributes['data-ended']).toBe(texts.checkMail.ended)
  })

  const progressOf = (page: string) => all(page, 'p').find(({ attributes }) => attributes.id === 'progress')
})

describe('where a link leads', () => {
  test('ML-04 in the requesting browser: exactly one form, one button, the token in a hidden field', () => {
    const html = String(<LinkPage csrfToken={CSRF} token={TOKEN} clientName="Harbour Bank" />)
    const [form, ...otherForms] = all(html, 'form')
    expect(otherForms).toEqual([])
    expect(form?.attributes.action).toBe('/sign-in/link')
    expect(form && fieldsOf(form)).toEqual({ csrf_token: CSRF, token: TOKEN })
    expect(all(html, 'button').map(({ text }) => text)).toEqual(['Sign in'])
    expect(linksOf(html)).toEqual([])
  })

  test('ML-16 after a disowned session: the field for the code, of this very sign-in, and why', () => {
    const html = String(<CodeRequiredPage csrfToken={CSRF} signInId="i_1" error="wrong_code" />)
    const [form, ...otherForms] = all(html, 'form')
    expect([form?.attributes.action, otherForms]).toEqual(['/sign-in/code', []])
    expect(form && fieldsOf(form)).toEqual({ csrf_token: CSRF, sign_in_id: 'i_1', code: '' })
    expect(inputOf(html, 'code')).toMatchObject({ autocomplete: 'one-time-code', 'aria-invalid': 'true' })
    expect(html).toContain('who was not you')
    expect(all(html, 'title')[0]?.text).toMatch(/^Error: /)
  })

  test('ML-05 in another browser: no form, no token, the way to the code', () => {
    const html = String(<WrongBrowserPage csrfToken={CSRF} />)
    expect([...all(html, 'form'), ...all(html, 'button'), ...all(html, 'input')]).toEqual([])
    expect(html).not.toContain(TOKEN)
    expect(html).toContain('code')
    // Nobody has looked whether they were used.
    for (const page of [html, String(<OpenInAppPage csrfToken={CSRF} clientName="x" />)])
      expect(page).not.toContain('still good')
  })

  test('ML-05 for an app: no form, no way to sign in here', () => {
    const html = String(<OpenInAppPage csrfToken={CSRF} clientName="Harbour Bank" />)
    expect([...all(html, 'form'), ...all(html, 'button'), ...linksOf(html)]).toEqual([])
    expect(html).toContain('Harbour Bank')
  })

  test.each(['used', 'expired', 'invalid'] as const)('a link that is %s offers a new start', why => {
    const html = String(<LinkEndedPage csrfToken={CSRF} why={why} />)
    expect(all(html, 'h1')[0]?.text).toBe(texts.linkEnded[why].title)
    expect(linksOf(html)).toEqual(['/sign-in'])
  })

  test('ML-13 every page under the link’s address takes the token out of it', () => {
    const pages = [
      <LinkPage csrfToken={CSRF} token={TOKEN} clientName="Harbour Bank" />,
      <WrongBrowserPage csrfToken={CSRF} />,
      <OpenInAppPage csrfToken={CSRF} clientName="Harbour Bank" />,
      <CodeRequiredPage csrfToken={CSRF} signInId="i_1" />,
      <LinkEndedPage csrfToken={CSRF} why="used" />,
    ]
    for (const page of pages) expect(scriptsOf(String(page))).toContain('/assets/link.js')
  })

  test('an app whose name cannot be seen is still called something', () => {
    const html = String(<LinkPage csrfToken={CSRF} token={TOKEN} clientName={'\u200b'} />)
    expect(all(html, 'strong')[0]?.text).toBe(texts.app)
  })
})

describe('the ends', () => {
  test('signed out: the way back in', () => {
    expect(linksOf(String(<SignedOutPage />))).toEqual(['/sign-in'])
  })

  test('an error shows its request id, and advice where it has no detail of its own', () => {
    const html = String(<ErrorPage status={429} title="Too many" detail="Too many" requestId="r1" />)
    expect(all(html, 'code')[0]?.text).toBe('r1')
    expect(html.split('Too many')).toHaveLength(3)
    expect(html).toContain(texts.error.advice[429])
    expect(linksOf(html)).toEqual(['/'])
    const again = <ErrorPage status={401} title="Over" detail="It ended" requestId="r1" signInAgain />
    expect(linksOf(String(again))).toEqual(['/sign-in'])
    expect(String(again)).toContain('It ended')
  })
})
