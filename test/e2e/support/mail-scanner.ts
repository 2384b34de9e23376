// A mail scanner at its worst: it asks for every address in a mail, then opens it in a browser with every script,
// follows every link, types into every field, presses every button, and goes on from where that leads.
import type { Browser, Page } from 'playwright-core'
import type { Mail } from '../../../src/cli/mailbox.ts'
import { openPerson } from './chromium.ts'

const PAGES_MAX = 4
/** Everything that leads on. */
const PRESSABLE = ':is(main a[href], button, input[type=submit]):visible'

/** Every address of this origin in a mail, in either part. */
export const addressesIn = (mail: Mail, origin: string): readonly string[] => [
  ...new Set(
    `${mail.text} ${mail.html.replaceAll('&amp;', '&')}`
      .match(/https?:\/\/[^\s"'<>]+/g)
      ?.map(address => address.replace(/[.,]$/, ''))
      .filter(address => address.startsWith(`${origin}/`)),
  ),
]

/** @param typed what it types where a mail address is asked for. Answers which pages it has met. */
export async function scan(browser: Browser, origin: string, address: string, typed: string) {
  for (const method of ['HEAD', 'GET']) await fetch(address, { method })
  const { context, page } = await openPerson(browser, origin, { userAgent: 'Mozilla/5.0 MailScanner/1.0' })
  const met: string[] = []
  const explore = async (reach: () => Promise<unknown>): Promise<void> => {
    await reach()
    const heading = String(await page.locator('h1').textContent())
    if (met.includes(heading) || met.length === PAGES_MAX) return
    met.push(heading)
    await prepare(page, typed)
    const pressable = await page.locator(PRESSABLE).count()
    // Each from the page as it was.
    for (let at = 0; at < pressable; at++) {
      await explore(async () => {
        await reach()
        await press(page, at, typed)
      })
    }
  }
  await explore(() => page.goto(address))
  await context.close()
  return met
}

/** Presses, and waits for where it leads. */
async function press(page: Page, at: number, typed: string): Promise<void> {
  await prepare(page, typed)
  const found = page.locator(PRESSABLE).nth(at)
  // What has been pressed before may have changed what there is.
  if ((await found.count()) === 0) return
  await Promise.all([page.waitForEvent('load'), found.click()])
}

/** Opens what is closed, types and ticks. */
const prepare = (page: Page, typed: string) =>
  page.evaluate(`{
    document.querySelectorAll('details').forEach(details => {
      details.removeAttribute('name')
      details.open = true
    })
    document.querySelectorAll('input:not([type=hidden])').forEach(input => {
      if (input.type === 'checkbox') input.checked = true
      else input.value = input.type === 'email' ? ${JSON.stringify(typed)} : 'BBBB-BBBB'
    })
  }`)
