import { describe, expect, test } from 'vitest'
import { accountDeletedMessage } from '../../src/mail/account-deleted-message.ts'
import { AccountDeletedPage } from '../../src/pages/account/account-deleted-page.tsx'
import { DeletePage } from '../../src/pages/account/delete-page.tsx'
import { YourData } from '../../src/pages/account/your-data.tsx'
import { texts } from '../../src/pages/texts.ts'
import { CSRF, RETENTION_DAYS } from '../screenshots/samples.tsx'
import { all, fieldsOf } from './pages-html.ts'

const page = (sessions: number, apps: number, error?: string) =>
  String(<DeletePage csrfToken={CSRF} email="ann@x.test" sessions={sessions} apps={apps} error={error} />)
const linksOf = (html: string) => all(html, 'a').map(({ attributes }) => attributes.href)

describe('LG-05 deleting the account', () => {
  test('LG-05 one form takes the address, which is not filled in; there is a way back and one to the data', () => {
    const html = page(4, 2)
    expect(all(html, 'form').map(form => [form.attributes.action, fieldsOf(form)])).toEqual([
      ['/account/delete', { csrf_token: CSRF, email: '' }],
      ['/sign-out', { csrf_token: CSRF }],
    ])
    expect(
      all(html, 'input').find(({ attributes }) => attributes.name === 'email')?.attributes,
    ).toMatchObject({
      autocomplete: 'off',
    })
    expect(linksOf(html)).toEqual(['/account/data.json', '/account'])
    expect(all(html, 'button').map(({ attributes }) => attributes.class)).toEqual(['button danger', 'button'])
  })

  test.each([
    [4, 2, ['4 sessions end', '2 connected apps are', 'Your address']],
    [1, 1, ['You are signed out here.', '1 connected app is', 'Your address']],
    [1, 0, ['You are signed out here.', 'Your address']],
  ])('LG-05 says what will happen with %i sessions and %i apps', (sessions, apps, beginnings) => {
    const said = all(page(sessions, apps), 'li').map(({ text }) => text)
    expect(said).toHaveLength(beginnings.length)
    for (const [at, beginning] of beginnings.entries()) expect(said[at]?.startsWith(beginning)).toBe(true)
  })

  test('LG-05 says at the field and in the title that another address was typed', () => {
    const html = page(1, 0, 'wrong_address')
    expect(all(html, 'p').find(({ attributes }) => attributes.role === 'alert')?.text).toBe(
      texts.errors.wrong_address,
    )
    expect(all(html, 'title')[0]?.text).toMatch(/^Error: /)
  })

  test('LG-05 what comes after has no form and leads nowhere', () => {
    const html = String(<AccountDeletedPage retention={{ ...RETENTION_DAYS, deletedLogDays: 1 }} />)
    expect(html).toMatch(/log for 1 day, .* alarms for 365 days, .* for 30 days\./)
    // Entries without device and place stay for as long.
    expect(html).not.toContain('and your log are removed')
    expect([all(html, 'form'), linksOf(html)]).toEqual([[], []])
  })

  test('LG-04 the account page says how long the log keeps what, and leads to the data and to its end', () => {
    const html = String(
      <YourData retention={{ ...RETENTION_DAYS, deletedLogDays: 31, webhookDeliveryDays: 7 }} />,
    )
    const said = all(html, 'p').map(({ text }) => text)
    expect(said[1]).toMatch(/^Devices and places .* after 365 days; .* at most 31 days longer\.$/)
    expect(said[2]).toMatch(/^Alarms .* 365 days, .* for 7 days\.$/)
    expect(linksOf(html)).toEqual(['/account/data.json', '/account/delete'])
  })

  test('LG-05 the mail says when, from where and what to do; a name that pretends to be text of ours does not', () => {
    const message = (device: string | null) =>
      accountDeletedMessage({
        to: 'ann@x.test',
        at: 1_795_000_000,
        device,
        place: 'Zürich, Switzerland',
        issuer: 'https://auth.test',
      })
    const { to, text, html } = message('Firefox on Linux')
    expect(to).toBe('ann@x.test')
    for (const part of [text, html])
      for (const said of [
        '18 November 2026',
        'Device: Firefox on Linux',
        'Zürich',
        'and every device and place from the log',
        'cannot be undone',
        'mailbox safe',
      ])
        expect(part).toContain(said)
    const hostile = message('x\r\n\r\nCall +1 or open https://evil.test\n<img src=x>')
    expect(hostile.text).not.toMatch(/evil\.test\/|https:\/\/evil|\nCall/)
    expect(hostile.html).not.toContain('<img')
    expect(message(null).text).not.toContain('Device')
  })
})
