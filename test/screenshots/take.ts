// Takes a picture of every page, on a phone and a desktop, light and dark: `node test/screenshots/take.ts <folder>`.
// It serves the pages to Chromium from memory under their policy, and fails on a violation or a sideways scroll.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { createViteServer } from 'vitest/node'

const ORIGIN = 'https://auth.test'
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
const SIZES = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1280, height: 800 },
  // 1280 px at 400 % zoom (WCAG 1.4.10).
  zoomed: { width: 320, height: 256 },
} as const
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const folder = process.argv[2]
if (folder === undefined) throw new Error('usage: node test/screenshots/take.ts <folder>')
mkdirSync(folder, { recursive: true })

const vite = await createViteServer({
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, watch: null, ws: false },
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
})
const { PAGES, HOSTILE, pagesWith } = await vite.ssrLoadModule('/test/screenshots/samples.tsx')
const { ASSETS } = await vite.ssrLoadModule('/src/pages/assets/index.ts')
const pages: Readonly<Record<string, unknown>> = { ...PAGES, ...pagesWith(HOSTILE) }
const faults: string[] = []

async function serve(context: BrowserContext): Promise<void> {
  // Nobody answers: the page that waits is shown as it waits.
  await context.routeWebSocket('**/*', () => {})
  await context.route('**/*', async route => {
    const url = new URL(route.request().url())
    const asset = ASSETS[url.pathname.replace('/assets/', '')]
    if (url.origin !== ORIGIN) {
      faults.push(`request to ${url.origin}`)
      return route.abort()
    }
    if (asset) return route.fulfill({ contentType: asset.type, body: asset.body })
    if (url.pathname === '/sign-in/check') return route.fulfill({ json: { state: 'pending' } })
    const headers = { 'content-security-policy': POLICY, 'content-type': 'text/html; charset=utf-8' }
    return route.fulfill({ headers, body: String(pages[url.pathname.slice(1)]) })
  })
}

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

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS })
try {
  for (const [size, viewport] of Object.entries(SIZES))
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ viewport, colorScheme })
      await serve(context)
      const page = await context.newPage()
      page.on('console', message => faults.push(`console: ${message.text()}`))
      page.on('pageerror', error => faults.push(`script: ${error.message}`))
      page.on('dialog', dialog => faults.push(`dialog: ${dialog.message()}`))
      for (const name of Object.keys(pages)) await take(page, name, `${size}-${colorScheme}`)
      await context.close()
    }
} finally {
  await browser.close()
  await vite.close()
}
for (const fault of new Set(faults)) process.stderr.write(`${fault}\n`)
process.exitCode = faults.length === 0 ? 0 : 1
