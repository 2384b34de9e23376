// One strict reading of a mail address, and one canonical form for look-up, limits and uniqueness.

export interface EmailAddress {
  /** For look-up: local part and domain in lower case, domain as A-label. Tags and dots are kept. */
  readonly canonical: string
  /** For delivery: as typed, but for the domain's A-label. */
  readonly deliverTo: string
}

// Refused before the address is trimmed: trimming would take them away.
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\uFEFF]/u
const ADDRESS_MAX_OCTETS = 254
const LOCAL_MAX_OCTETS = 64
// RFC 5322 dot-atom. ASCII only: lower-casing other scripts would let two mailboxes fall together
// (U+212A KELVIN SIGN becomes k), and one of them belongs to somebody else.
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const DOMAIN_TYPED = /^[\p{L}\p{N}\p{M}.-]+$/u
const IS_ASCII = /^[A-Za-z0-9.-]+$/
const DOMAIN_ASCII = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/

/** One mailbox, or null: lists, comments, quotes, control characters and addresses over 254 octets are refused. */
export function parseEmailAddress(input: string): EmailAddress | null {
  if (CONTROL.test(input)) return null
  const typed = input.trim()
  const at = typed.indexOf('@')
  if (at < 1 || at !== typed.lastIndexOf('@')) return null
  const local = typed.slice(0, at)
  const typedDomain = typed.slice(at + 1)
  if (local.length > LOCAL_MAX_OCTETS || !LOCAL_PART.test(local)) return null
  const domain = toAsciiDomain(typedDomain)
  if (domain === null) return null
  // Asking whether it is equal in lower case would keep a KELVIN SIGN, which no mail server takes.
  const deliverTo = `${local}@${IS_ASCII.test(typedDomain) ? typedDomain : domain}`
  if (deliverTo.length > ADDRESS_MAX_OCTETS) return null
  return { canonical: `${local.toLowerCase()}@${domain}`, deliverTo }
}

/** For somebody who need not learn the whole of it: `a…@example.com`. */
export function maskAddress(canonical: string): string {
  const at = canonical.lastIndexOf('@')
  return `${canonical.slice(0, 1)}…${canonical.slice(at)}`
}

/** A-label form by the URL standard's domain-to-ASCII (UTS #46). */
function toAsciiDomain(domain: string): string | null {
  if (domain.length > 253 || !DOMAIN_TYPED.test(domain)) return null
  try {
    const ascii = new URL(`https://${domain}`).hostname
    return DOMAIN_ASCII.test(ascii) ? ascii : null
  } catch {
    return null
  }
}
