// A device and a place in a few words, for mails.
import type { Device, Place } from '../domain/session.ts'
import { countryName } from '../pages/device-text.tsx'
import { visible } from '../pages/given.tsx'

/** What runs on it, then what it is called, in quotes: that anybody may choose. Empty if nothing is known. */
export function describeDevice({ browser, os, name }: Device): string {
  const software = listed([browser, os], ' on ')
  return listed([software, visible(name) && `“${name}”`], ', ')
}

/** Empty if nothing is known. */
export const describePlace = ({ city, country }: Place): string => listed([city, countryName(country)], ', ')

const listed = (parts: readonly (string | null)[], separator: string): string =>
  parts.filter(part => part).join(separator)
