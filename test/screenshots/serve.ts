// Serves pages to Chromium from memory, under the policy that the service sends with them.
import type { BrowserContext } from 'playwright-core'
import { ASSETS, pathOfAsset } from '../assets.ts'

export const ORIGIN = 'https://auth.test'
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/**
 * Each page at ORIGIN/<its name>. `complain` hears of whatever the browser complains about (a violation of the policy
 * among it), of dialogs, and of requests to another origin.
 */
export async function servePages(
  context: BrowserContext,
  pages: Readonly<Record<string, unknown>>,
  complain: (fault: string) => void,
): Promise<void> {
  context.on('console', message => complain(`console: ${message.text()}`))
  context.on('weberror', error => complain(`script: ${error.error()}`))
  context.on('dialog', dialog => {
    complain(`dialog: ${dialog.message()}`)
    return dialog.dismiss()
  })
  // Nobody answers: the page that waits is shown as it waits.
  await context.routeWebSocket('**/*', () => {})
  await context.route('**/*', async route => {
    const url = new URL(route.request().url())
    const asset = url.pathname.replace('/assets/', '')
    if (url.origin !== ORIGIN) {
      complain(`request to ${url.origin}`)
      return route.abort()
    }
    if (ASSETS.includes(asset)) return route.fulfill({ path: pathOfAsset(asset) })
    if (url.pathname === '/sign-in/check') return route.fulfill({ json: { state: 'pending' } })
    const headers = { 'content-security-policy': POLICY, 'content-type': 'text/html; charset=utf-8' }
    return route.fulfill({ headers, body: String(pages[url.pathname.slice(1)]) })
  })
}
