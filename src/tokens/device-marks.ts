// By what a device is known again: keyed digests, so that what is stored tells nothing by itself. The user is part of
// each: one browser or household has another mark for every account.
import { networkPrefix } from '../domain/network.ts'
import type { Device } from '../domain/session.ts'
import type { Secrets } from './secrets.ts'

/** 96 bits of the MAC: compared within one user's log, and never by whoever could try. */
const MARK_CHARS = 16

export interface Whence {
  readonly clientIp: string
  /** The browser's own name, from its cookie; null for apps. */
  readonly browserId: string | null
}

/**
 * Pairs, one for each secret that is accepted: a mark of what the device is and where, and one of the browser itself;
 * what has no name of its own has the first one twice.
 */
export async function deviceMarks(
  secrets: Pick<Secrets, 'macs'>,
  userId: string,
  { kind, os, browser, name }: Device,
  { clientIp, browserId }: Whence,
): Promise<readonly string[]> {
  const traits = ['traits', kind, os, browser, name, networkPrefix(clientIp)]
  const marksOf = async (subject: readonly unknown[]) =>
    (await secrets.macs('device-mark', JSON.stringify([userId, ...subject]))).map(mac =>
      mac.slice(0, MARK_CHARS),
    )
  const ofTraits = await marksOf(traits)
  const ofBrowser = browserId === null ? ofTraits : await marksOf(['browser', browserId])
  return ofTraits.flatMap((mark, index) => [mark, ofBrowser[index] ?? mark])
}
