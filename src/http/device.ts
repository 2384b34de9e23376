// From a User-Agent to a coarse device; the header itself is not kept.
import Bowser from 'bowser'
import type { Device } from '../domain/session.ts'

const USER_AGENT_MAX_CHARS = 512
const NAME_MAX_CHARS = 100
const KINDS: Readonly<Record<string, Device['kind']>> = {
  mobile: 'phone',
  tablet: 'tablet',
  desktop: 'desktop',
}

export function parseDevice(userAgent: string): Device {
  const parsed = Bowser.parse(userAgent.slice(0, USER_AGENT_MAX_CHARS) || '-')
  return {
    name: null,
    kind: KINDS[parsed.platform.type ?? ''] ?? 'other',
    os: short(parsed.os.name),
    browser: short(parsed.browser.name),
  }
}

/** What an app calls its device: any text, cut to a length; escaped where it is shown. */
export const deviceName = (name: string | undefined): string | null => short(name)

const short = (text: string | undefined): string | null =>
  text === undefined || text === '' ? null : [...text].slice(0, NAME_MAX_CHARS).join('')
