// How a device and its place are named, from whatever of them is known.
import type { Child, FC } from 'hono/jsx'
import type { Device, Place } from '../domain/session.ts'
import { Fill } from './fill.tsx'
import { Given, visible } from './given.tsx'
import { texts } from './texts.ts'

function software(device: Device): Child | null {
  const browser = visible(device.browser)
  const os = visible(device.os)
  if (browser !== null && os !== null)
    return (
      <Fill
        text={texts.deviceName.onSystem}
        values={{ browser: <Given text={browser} />, os: <Given text={os} /> }}
      />
    )
  const known = browser ?? os
  return known === null ? null : <Given text={known} />
}

/** The device's own name, else what runs on it, else what it is. */
export const DeviceName: FC<{ readonly device: Device }> = ({ device }) => {
  const name = visible(device.name)
  return <>{name === null ? (software(device) ?? texts.deviceName[device.kind]) : <Given text={name} />}</>
}

const regions = new Intl.DisplayNames([texts.language], { type: 'region', fallback: 'code' })

/** Codes of the platform that name no country. */
const SPECIAL_COUNTRIES: Readonly<Record<string, string | null>> = { T1: texts.place.tor, XX: null }

export function countryName(code: string | null): string | null {
  if (code === null || visible(code) === null) return null
  if (Object.hasOwn(SPECIAL_COUNTRIES, code)) return SPECIAL_COUNTRIES[code] ?? null
  return /^[A-Z]{2}$/.test(code) ? (regions.of(code) ?? code) : code
}

/** What runs on the device, where its name does not say so already. */
export const DeviceSoftware: FC<{ readonly device: Device }> = ({ device }) => {
  const runs = visible(device.name) === null ? null : software(device)
  return runs === null ? null : <p>{runs}</p>
}

export const PlaceName: FC<{ readonly place: Place }> = ({ place }) => {
  const where = [visible(place.city), countryName(place.country)].filter(part => part !== null)
  return (
    <>
      {where.length === 0 && texts.place.unknown}
      {where.map((part, at) => (
        <>
          {at > 0 && ', '}
          <Given text={part} />
        </>
      ))}
    </>
  )
}

/** What runs on the device, where its name does not say so already, and where it is. */
export const DeviceDetail: FC<{ readonly device: Device; readonly place: Place }> = ({ device, place }) => {
  const runs = visible(device.name) === null ? null : software(device)
  return (
    <>
      {runs !== null && <>{runs} · </>}
      <PlaceName place={place} />
    </>
  )
}
