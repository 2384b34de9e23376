// Every page as people with a screen reader, a keyboard, or little sight meet it. No service runs: the pages come from
// memory, the same that test/screenshots takes pictures of.
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HOSTILE, PAGES, pagesWith } from '../screenshots/samples.tsx'
import { ORIGIN, servePages } from '../screenshots/serve.ts'
import { EVERY_RULE, LOOKS, loadAxe, violationsIn } from './support/axe.ts'
import { DESKTOP, PHONE, startChromium } from './support/chromium.ts'
import { announced, controlsOf, type Stop, tabThrough } from './support/keyboard.ts'

const pages = { ...PAGES, ...pagesWith(HOSTILE) }
const complaints: string[] = []
let browser: Browser
let page: Page

async function openContext(): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: PHONE })
  await servePages(context, pages, fault => complaints.push(fault))
  return context
}

beforeAll(async () => {
  browser = await startChromium()
  page = await (await openContext()).newPage()
})

afterAll(() => browser?.close())

/** Opens all that a page keeps closed, together. */
const openAll = (shown: Page) =>
  shown.evaluate(`document.querySelectorAll('details').forEach(details => {
    details.removeAttribute('name')
    details.open = true
  })`)

test('no page breaks a rule of axe, open on a phone by day, closed on a desktop in the dark', async () => {
  const broken = new Map<string, string>()
  const left = Object.keys(pages)
  /** One window goes through the pages that no other has taken: the processor has more than one core. */
  const judgeAll = async (shown: Page) => {
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const of = name
      const judge = async (rules: typeof EVERY_RULE) => {
        for (const violation of await violationsIn(shown, rules)) broken.set(violation, of)
      }
      // Wide, in the dark and closed: what depends on the look. Narrow, by day and open, with all there is to read: all of it.
      await shown.setViewportSize(DESKTOP)
      await shown.emulateMedia({ colorScheme: 'dark' })
      await shown.goto(`${ORIGIN}/${name}`)
      await loadAxe(shown)
      await judge(LOOKS)
      await shown.setViewportSize(PHONE)
      await shown.emulateMedia({ colorScheme: 'light' })
      await openAll(shown)
      await judge(EVERY_RULE)
    }
  }
  const second = await (await openContext()).newPage()
  await Promise.all([judgeAll(page), judgeAll(second)])
  await second.context().close()
  expect(Object.fromEntries(broken)).toEqual({})
  expect(complaints).toEqual([])
}, 240_000)

/** Below, or further on in the same line. */
const follows = (before: Stop, stop: Stop): boolean =>
  stop.top >= before.bottom || (stop.bottom > before.top && stop.left > before.left)

test.each([
  { name: 'account', viewport: PHONE },
  { name: 'account', viewport: DESKTOP },
  { name: 'consent-device', viewport: PHONE },
  { name: 'sign-in-error', viewport: PHONE },
])(
  'the keyboard reaches all of $name ($viewport.width px) in the order that is seen, and shows where it is',
  async ({ name, viewport }) => {
    await page.setViewportSize(viewport)
    await page.goto(`${ORIGIN}/${name}`)
    const controls = await controlsOf(page)
    const stops = await tabThrough(page, controls)
    expect(stops.map(({ at }) => at)).toEqual(Array.from({ length: controls }, (_, at) => at))
    const misplaced = stops.filter((stop, at) => at > 0 && !follows(stops[at - 1] as Stop, stop))
    expect(misplaced).toEqual([])
    expect(stops.filter(({ outline, isInView }) => outline < 2 || !isInView)).toEqual([])
  },
)

test('by keyboard alone a question opens, says what it is about, and closes; only one is open', async () => {
  await page.setViewportSize(PHONE)
  await page.goto(`${ORIGIN}/account`)
  const summary = page.locator('summary').filter({ hasText: 'Harbour Bank on Ann’s iPhone' })
  await summary.focus()
  expect(await announced(page)).toEqual({
    name: 'End the session of Harbour Bank on Ann’s iPhone',
    description: '',
    expanded: false,
  })
  const submit = page.getByRole('button', { name: 'End session' })
  for (const key of ['Enter', 'Space']) {
    await page.keyboard.press(key)
    expect(await submit.count()).toBe(1)
    expect(await announced(page)).toMatchObject({ name: 'Keep', expanded: true })
    await page.keyboard.press('Tab')
    expect(await announced(page)).toMatchObject({
      name: 'End session',
      description: 'Harbour Bank is signed out on Ann’s iPhone at once, and needs a new sign-in there.',
    })
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press(key)
    expect(await submit.count()).toBe(0)
  }
  await page.keyboard.press('Enter')
  await page.locator('summary').last().focus()
  await page.keyboard.press('Enter')
  expect(await page.locator('details[open]').count()).toBe(1)
})
