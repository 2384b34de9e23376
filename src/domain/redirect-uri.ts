// Which URIs may be registered: https, a loopback IP, or a private scheme with a dot (RFC 8252 §7, OAuth 2.1 §2.3).

const LOOPBACK_IPS = ['127.0.0.1', '[::1]']
// No wildcard: it would stand for nothing, as hosts are compared and not matched.
const WEB_HOST = /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])$/
const PRIVATE_SCHEME = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:$/

/** Never a fragment, user info, white space or a scheme that a browser would run. */
export function isRedirectUri(value: string): boolean {
  if (!/^[\x21-\x7E]+$/.test(value) || value.includes('#') || value.includes('\\') || !URL.canParse(value))
    return false
  const url = new URL(value)
  if (url.username !== '' || url.password !== '') return false
  // Written as a browser writes it: `https:x.test` is a path to some readers, and `http://127.1` no loopback IP.
  if (/^https?:$/.test(url.protocol) && !value.startsWith(url.origin)) return false
  if (url.protocol === 'https:') return WEB_HOST.test(url.hostname)
  if (url.protocol === 'http:') return LOOPBACK_IPS.includes(url.hostname)
  return PRIVATE_SCHEME.test(url.protocol)
}

/** Where a mail's link may lead: as a redirect URI, but on this machine only where that is allowed. */
export const isLinkUri = (value: string, allowsLoopback: boolean): boolean =>
  isRedirectUri(value) && (allowsLoopback || !value.startsWith('http:'))

/** An origin that a browser would send: https, or http on this machine. */
export function isHttpsOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  if (url.origin !== value || !WEB_HOST.test(url.hostname)) return false
  return (
    url.protocol === 'https:' ||
    (url.protocol === 'http:' && [...LOOPBACK_IPS, 'localhost'].includes(url.hostname))
  )
}

/** Byte for byte; on a loopback IP any port will do (RFC 8252 §7.3). */
export const matchesRedirectUri = (presented: string, registered: string): boolean =>
  presented === registered ||
  (isRedirectUri(presented) && withoutLoopbackPort(presented) === withoutLoopbackPort(registered))

/** `http://127.0.0.1:3000/cb` -> `http://127.0.0.1/cb`; everything else stays as it is. */
const withoutLoopbackPort = (uri: string): string =>
  uri.replace(/^(http:\/\/(?:127\.0\.0\.1|\[::1\])):[1-9][0-9]{0,4}(?=[/?]|$)/, '$1')
