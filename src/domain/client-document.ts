// A client id that is the address of the client's own metadata (draft-ietf-oauth-client-id-metadata-document §3).
import { isTargetUri } from './target-uri.ts'

/** It is stored with every session and sealed into every refresh token. */
export const CLIENT_DOCUMENT_URL_MAX_CHARS = 256

/**
 * Written as it is fetched, so that one client has one id: no dot segments, no other notation. A path of its own, and no
 * query, behind which a host might show what somebody else has put there.
 */
export function isClientDocumentUrl(value: string, allowsLoopback: boolean): boolean {
  if (
    value.length > CLIENT_DOCUMENT_URL_MAX_CHARS ||
    value.includes('?') ||
    !isTargetUri(value, allowsLoopback)
  )
    return false
  const url = new URL(value)
  return url.href === value && url.pathname !== '/'
}

/** Who can answer for such a client: its own origin, or an app on the user's device (§8.1). */
export function isOwnRedirectUri(redirectUri: unknown, documentUrl: string): boolean {
  if (typeof redirectUri !== 'string' || !URL.canParse(redirectUri)) return false
  const { origin } = new URL(redirectUri)
  return origin === new URL(documentUrl).origin || /^http:\/\/(?:127\.0\.0\.1|\[::1\])(?::|$)/.test(origin)
}
