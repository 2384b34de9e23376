// Anti-forgery: where the request comes from, then a token that only a page of ours could carry.
import { isOneOf } from '../tokens/digest.ts'
import { randomSecret } from '../tokens/random.ts'
import type { LatchkeyContext } from './context.ts'
import { readCookie, writeCookie } from './cookies.ts'
import { Problem } from './problem.ts'

/** The token for this browser's pages; its cookie is set when there is none. */
export async function csrfToken(c: LatchkeyContext): Promise<string> {
  let nonce = readCookie(c, 'csrf')
  if (nonce === undefined || nonce.length !== 43) {
    nonce = randomSecret()
    writeCookie(c, 'csrf', nonce)
  }
  return c.get('parts').secrets.mac('csrf', nonce)
}

/** Throws `csrf_failed`. @param field the form's csrf_token; scripts send it as X-CSRF-Token instead */
export async function checkCsrf(c: LatchkeyContext, field?: string): Promise<void> {
  checkOrigin(c)
  const presented = field ?? c.req.header('X-CSRF-Token')
  const nonce = readCookie(c, 'csrf')
  const expected = nonce === undefined ? [] : await c.get('parts').secrets.macs('csrf', nonce)
  if (presented === undefined || !isOneOf(expected, presented)) {
    throw new Problem('csrf_failed', { detail: 'load the page again and send the form from there' })
  }
}

/** A cross-site request is refused whatever its token (Fetch Metadata; RFC 6454). */
export function checkOrigin(c: LatchkeyContext): void {
  const origin = c.req.header('Origin')
  const site = c.req.header('Sec-Fetch-Site')
  const isForeignSite = site !== undefined && site !== 'same-origin' && site !== 'none'
  const isForeignOrigin =
    origin !== undefined &&
    origin !== c.get('parts').config.issuer &&
    !(origin === 'null' && site === 'same-origin')
  if (isForeignSite || isForeignOrigin) throw new Problem('csrf_failed', { detail: 'sent from another site' })
}
