// When a browser session's cookie comes from what cannot well be the browser that signed in (OWASP: binding a session to
// its client's traits; NIST SP 800-63B-4 §5.3).
import type { Device, Place } from './session.ts'

export interface Traits {
  readonly device: Pick<Device, 'browser' | 'os'>
  readonly place: Pick<Place, 'country'>
}

/** What the platform says where it does not know the country. */
const UNKNOWN_COUNTRY = 'XX'

/**
 * Another browser family or another system, and in another country. Either alone is ordinary: people travel and use VPNs,
 * browsers are updated and ask for the "desktop site". What is not known has not changed.
 */
export const isAbruptChange = (begun: Traits, now: Traits): boolean =>
  differ(countryOf(begun), countryOf(now)) &&
  (differ(begun.device.browser, now.device.browser) || differ(begun.device.os, now.device.os))

const differ = (a: string | null, b: string | null): boolean => a !== null && b !== null && a !== b

const countryOf = ({ place }: Traits): string | null =>
  place.country === UNKNOWN_COUNTRY ? null : place.country
