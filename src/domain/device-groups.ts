// Which sessions are on one device, as far as can be told. Good enough to show them together; trusted with nothing.
import type { Session } from './session.ts'

export interface OnDevice {
  readonly session: Session
  /** Of its sign-in (tokens/device-marks.ts): of the traits, then of the browser if it has a name. */
  readonly marks: readonly string[]
}

/**
 * Sessions with the same key are on one device: the same browser, or apps that call their device the same. An app that
 * says nothing stands alone: two phones must never look like one.
 */
export function deviceKey({ session, marks: [, browser] }: OnDevice): string {
  if (browser !== undefined) return `browser ${browser}`
  const { name, kind, os } = session.device
  return name === null ? `session ${session.id}` : `named ${JSON.stringify([name, kind, os])}`
}
