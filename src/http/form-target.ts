// Browsers hold the whole chain of redirects after a form to the page's `form-action`. A form that ends in a client's
// redirect URI needs that as a source, and nothing wider.
import { pendingOfPath } from '../oauth/authorize/pending.ts'
import type { LatchkeyContext } from './context.ts'

/** For a page whose form signs in: where it goes on to may be a client that waits for its answer. */
export async function allowFormTarget(c: LatchkeyContext, continueTo: string | null): Promise<void> {
  const pending = await pendingOfPath(c.var.parts, continueTo, c.var.facts.now)
  if (pending !== null) c.set('formTarget', formTargetOf(pending.request.redirectUri))
}

/** The CSP source of a redirect URI: its origin, or its scheme where CSP knows no narrower form. */
export function formTargetOf(redirectUri: string): string {
  const { protocol, origin, hostname } = new URL(redirectUri)
  const isHost = (protocol === 'https:' || protocol === 'http:') && !hostname.startsWith('[')
  return isHost ? origin : protocol
}
