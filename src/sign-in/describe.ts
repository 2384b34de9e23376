// A device and a place in a few words, for mails and pages.
import type { Device, Place } from '../domain/session.ts'

export function describeDevice(device: Device): string | null {
  const software = [device.browser, device.os].filter(part => part !== null).join(' on ')
  return device.name ?? (software === '' ? null : software)
}

export function describePlace(place: Place): string | null {
  const words = [place.city, place.country].filter(part => part !== null).join(', ')
  return words === '' ? null : words
}
