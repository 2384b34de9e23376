// How a device and a place are named. Stored values come from anywhere: they are chosen here and escaped by JSX.
import type { Device, Place } from '../domain/session.ts'
import { texts } from './texts.ts'

/** The text, unless there is nothing in it to see. */
const visible = (text: string | null): string | null =>
  text !== null && /[\p{L}\p{N}\p{P}\p{S}]/u.test(text) ? text : null

const software = ({ browser, os }: Device): string | null => {
  const [seenBrowser, seenOs] = [visible(browser), visible(os)]
  return seenBrowser !== null && seenOs !== null
    ? texts.device.onSystem.replace('{browser}', () => seenBrowser).replace('{os}', () => seenOs)
    : (seenBrowser ?? seenOs)
}

/** The device's own name, else what runs on it, else what it is; and the rest of what is known. */
export function describeDevice(device: Device): { readonly title: string; readonly detail: string | null } {
  const name = visible(device.name)
  const runs = software(device)
  if (name !== null) return { title: name, detail: runs === name ? null : runs }
  return { title: runs ?? texts.device[device.kind], detail: null }
}

const regions = new Intl.DisplayNames([texts.language], { type: 'region', fallback: 'code' })

/** Codes of the platform that name no country. */
const SPECIAL_COUNTRIES: Readonly<Record<string, string | null>> = { T1: texts.place.tor, XX: null }

function countryName(code: string): string | null {
  if (Object.hasOwn(SPECIAL_COUNTRIES, code)) return SPECIAL_COUNTRIES[code] ?? null
  return /^[A-Z]{2}$/.test(code) ? (regions.of(code) ?? code) : code
}

export function describePlace({ city, country }: Place): string {
  const seen = visible(country)
  const parts = [visible(city), seen === null ? null : countryName(seen)].filter(part => part !== null)
  return parts.join(', ') || texts.place.unknown
}
