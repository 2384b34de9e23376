// Where Latchkey itself may send requests: https on the public internet, whatever notation the host is written in.
// What a name stands for is not known here: that is judged when sending.
import { isPublicIpv4, isPublicIpv6 } from './ip-address.ts'

const LOOPBACK_ORIGIN = /^http:\/\/(?:127\.0\.0\.1|\[::1\])(?::[0-9]+)?$/
/** URL leaves out 443 itself. */
const PORTS = ['', '8443']
const AFTER_ORIGIN = /^(?::443)?(?:[/?]|$)/
const IPV4 = /^[0-9.]+$/
/** Two labels at least: a single one is a name of the own network. No trailing dot, which is the same name again. */
const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/

/**
 * Top labels that are answered by one's own machine or network, or by nobody's (RFC 6761, RFC 6762, RFC 7686, RFC 8375,
 * RFC 9476, ICANN's .internal, and what routers and companies use). `.test`, `.example` and `.invalid` lead nowhere.
 */
const OWN_NETWORK = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'mail',
  'arpa',
  'onion',
  'alt',
]

/** @param allowsLoopback whether `http://127.0.0.1:*` and `http://[::1]:*` are targets as well */
export function isTargetUri(value: string, allowsLoopback: boolean): boolean {
  if (!/^[\x21-\x7E]+$/.test(value) || /[#\\]/.test(value) || !URL.canParse(value)) return false
  const url = new URL(value)
  // Written as it is read: no user info, no other notation of a host, no scheme in capitals.
  if (!value.startsWith(url.origin) || !AFTER_ORIGIN.test(value.slice(url.origin.length))) return false
  if (LOOPBACK_ORIGIN.test(url.origin)) return allowsLoopback
  return url.protocol === 'https:' && PORTS.includes(url.port) && isPublicHost(url.hostname)
}

function isPublicHost(host: string): boolean {
  if (host.startsWith('[')) return isPublicIpv6(host.slice(1, -1))
  if (IPV4.test(host)) return isPublicIpv4(host)
  return host.length <= 253 && NAME.test(host) && !OWN_NETWORK.includes(host.split('.').at(-1) ?? '')
}
