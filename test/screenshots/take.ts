// Takes a picture of every page, on a phone and a desktop, light and dark: `node test/screenshots/take.ts <folder> [page …]`.
// It serves the pages to Chromium from memory under their policy, and fails on a violation or a sideways scroll.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { createViteServer } from 'vitest/node'
import { startChromium } from '../e2e/support/chromium.ts'
import { ORIGIN, servePages } from './serve.ts'

const SIZES = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1280, height: 800 },
  // 1280 px at 400 % zoom (WCAG 1.4.10).
  zoomed: { width: 320, height: 256 },
} as const
const folder = process.argv[2]
if (folder === undefined) throw new Error('usage: node test/screenshots/take.ts <folder> [page …]')
mkdirSync(folder, { recursive: true })

const vite = await createViteServer({
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, watch: null, ws: false },
  oxc: { jsx: { runtime: 'automatic', importSource: '#jsx' } },
})
const { PAGES, HOSTILE, pagesWith } = await vite.ssrLoadModule('/test/screenshots/samples.tsx')
const wanted = process.argv.slice(3)
const pages = Object.fromEntries(
  Object.entries({ ...PAGES, ...pagesWith(HOSTILE) }).filter(
    ([name]) => wanted.length === 0 || wanted.includes(name),
  ),
)
const faults: string[] = []

async function take(page: Page, name: string, suffix: string): Promise<void> {
  await page.goto(`${ORIGIN}/${name}`)
  await shoot(page, `${name}-${suffix}`)
  const summaries = page.locator('summary')
  for (const [label, at] of [
    ['open', 0],
    ['open-last', -1],
  ] as const) {
    if ((await summaries.count()) === 0) continue
    await summaries.nth(at).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await shoot(page, `${name}-${label}-${suffix}`)
  }
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(folder as string, `${name}.png`), fullPage: true })
  const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
  if (Number(wide) > 0) faults.push(`${name} scrolls sideways by ${wide} px`)
  const small =
    await page.evaluate(`[...document.querySelectorAll('a.button, button, summary, input:not([type=hidden], [type=checkbox], [type=radio]), .choice label')]
    .filter(e => e.checkVisibility())
    .filter(e => e.getBoundingClientRect().height < 44 || e.getBoundingClientRect().width < 44)
    .map(e => e.outerHTML.slice(0, 80))`)
  for (const target of small as string[]) faults.push(`${name} has a small target: ${target}`)
}

const browser = await startChromium()
try {
  for (const [size, viewport] of Object.entries(SIZES))
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ viewport, colorScheme })
      await servePages(context, pages, fault => faults.push(fault))
      const page = await context.newPage()
      for (const name of Object.keys(pages)) await take(page, name, `${size}-${colorScheme}`)
      await context.close()
    }
} finally {
  await browser.close()
  await vite.close()
}
for (const fault of new Set(faults)) process.stderr.write(`${fault}\n`)
process.exitCode = faults.length === 0 ? 0 : 1
