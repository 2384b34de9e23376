// By what a device is known again: keyed digests, so that what is stored tells nothing by itself. The user is part of
// each: one browser or household has another mark for every account.
import { networkPrefix } from '../domain/network.ts'
import type { Device } from '../domain/session.ts'
import type { Secrets } from './secrets.ts'

/** 96 bits of the MAC: compared within one user's log, and never by whoever could try. */
const MARK_CHARS = 16

export interface Whence {
  readonly device: Device
  readonly clientIp: string
  /** The browser's own name, from its cookie; null for apps. */
  readonly browserId: string | null
}

/** One mark of what the device is and where, and one of the browser itself, if it has a name. */
export async function deviceMarks(
  secrets: Pick<Secrets, 'mac'>,
  userId: string,
  { device, clientIp, browserId }: Whence,
): Promise<readonly string[]> {
  const { kind, os, browser, name } = device
  const traits = ['traits', kind, os, browser, name, networkPrefix(clientIp)]
  const subjects = browserId === null ? [traits] : [traits, ['browser', browserId]]
  return Promise.all(
    subjects.map(async subject =>
      (await secrets.mac('device-mark', JSON.stringify([userId, ...subject]))).slice(0, MARK_CHARS),
    ),
  )
}
