// A real browser with an empty profile, watched: whatever it complains about, or asks of another origin, is kept.
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function startChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? PATHS.find(existsSync)
  if (executablePath === undefined) throw new Error('install Chromium, or set CHROMIUM_PATH')
  return chromium.launch({ executablePath, args: ARGS })
}

export interface Person {
  readonly context: BrowserContext
  readonly page: Page
  /** Console errors, page errors, CSP violations and requests to other origins. */
  readonly complaints: string[]
}

export const PHONE = { width: 390, height: 844 }
export const DESKTOP = { width: 1280, height: 800 }

export async function openPerson(
  browser: Browser,
  origin: string,
  options: { script?: boolean; viewport?: { width: number; height: number }; userAgent?: string } = {},
): Promise<Person> {
  const context = await browser.newContext({
    baseURL: origin,
    javaScriptEnabled: options.script ?? true,
    viewport: options.viewport ?? PHONE,
    ...(options.userAgent === undefined ? {} : { userAgent: options.userAgent }),
  })
  context.setDefaultTimeout(60_000)
  const complaints: string[] = []
  context.on('weberror', error => complaints.push(String(error.error())))
  context.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  context.on('request', request => {
    if (!request.url().startsWith(`${origin}/`)) complaints.push(`to another origin: ${request.url()}`)
  })
  return { context, page: await context.newPage(), complaints }
}
