// From a User-Agent to a coarse device, in words of ours alone: the header itself is not kept, and none of its words
// reach a page or a mail.
import type { Device } from '../domain/session.ts'

const USER_AGENT_MAX_CHARS = 512
const NAME_MAX_CHARS = 100

/** The first sign that is found says what it is. */
type Signs<What> = readonly (readonly [what: What, sign: RegExp])[]

/** A browser also names those that it wants to be taken for: the ones that others name come last. */
const BROWSERS: Signs<string> = [
  ['Microsoft Edge', /Edg(e|A|iOS)?\//],
  ['Opera', /Opera|OP(R|T|X|iOS)\//],
  ['Samsung Internet', /SamsungBrowser/],
  ['Vivaldi', /Vivaldi/],
  ['Yandex Browser', /YaBrowser/],
  ['DuckDuckGo', /DuckDuckGo|Ddg\//],
  ['Amazon Silk', /Silk\//],
  ['Xiaomi Browser', /MiuiBrowser/],
  ['Huawei Browser', /HuaweiBrowser/],
  ['UC Browser', /UC ?Browser/],
  ['Google app', /GSA\//],
  ['WeChat', /MicroMessenger/],
  ['Instagram', /Instagram/],
  ['Facebook', /FBA[NV]/],
  ['Electron', /Electron/],
  ['Internet Explorer', /MSIE|Trident/],
  ['Firefox', /Firefox|FxiOS/],
  ['Chrome', /Chrom(e|ium)|CriOS/],
  ['Safari', /Safari|(iPhone|iPad).*AppleWebKit/],
]

const SYSTEMS: Signs<string> = [
  ['Windows', /Windows/],
  ['iOS', /iPhone|iPad|iPod|FxiOS/],
  ['macOS', /Macintosh/],
  ['Android', /Android/],
  ['Chrome OS', /CrOS/],
  ['webOS', /Web0S/],
  ['Tizen', /Tizen/],
  ['Linux', /Linux/],
]

const KINDS: Signs<Device['kind']> = [
  ['other', /\bTV\b|SmartTV|Web0S/],
  // Firefox of an iPad asks as one of a Mac would.
  ['tablet', /iPad|Macintosh.* FxiOS/],
  ['phone', /iPhone|iPod|Mobile|Opera Mini/],
  ['tablet', /Android/],
  ['desktop', /Windows|Macintosh|Linux|X11/],
]

const readSigns = <What>(signs: Signs<What>, text: string): What | null =>
  signs.find(([, sign]) => sign.test(text))?.[0] ?? null

export function parseDevice(userAgent: string): Device {
  const text = userAgent.slice(0, USER_AGENT_MAX_CHARS)
  return {
    name: null,
    kind: readSigns(KINDS, text) ?? 'other',
    os: readSigns(SYSTEMS, text),
    browser: readSigns(BROWSERS, text),
  }
}

/** What an app calls its device: any text, cut to a length; escaped where it is shown. */
export const deviceName = (name: string | undefined): string | null =>
  name === undefined || name === '' ? null : [...name].slice(0, NAME_MAX_CHARS).join('')
