// Which sessions are on one device, as far as can be told. Good enough to show them together; trusted with nothing.
import type { Session } from './session.ts'

export interface OnDevice {
  readonly session: Session
  /** Of its sign-in (tokens/device-marks.ts): pairs of the traits' and the browser's. */
  readonly marks: readonly string[]
}

/**
 * Sessions with the same key are on one device: the same browser, or apps that call their device the same. An app that
 * says nothing stands alone: two phones must never look like one.
 *
 * @param all among which they are told apart
 */
export function deviceKeysAmong(all: readonly OnDevice[]): (each: OnDevice) => string {
  // While a secret is replaced a browser has a mark under each: what shares one is the same browser.
  const sameAs = new Map<string, string>()
  const oneOf = (mark: string): string => {
    const other = sameAs.get(mark)
    return other === undefined ? mark : oneOf(other)
  }
  for (const { marks } of all) {
    const [first, ...others] = browserMarks(marks).map(oneOf)
    for (const other of others) if (first !== undefined && other !== first) sameAs.set(other, first)
  }
  return ({ session, marks }) => {
    const [browser] = browserMarks(marks)
    if (browser !== undefined) return `browser ${oneOf(browser)}`
    const { name, kind, os } = session.device
    return name === null ? `session ${session.id}` : `named ${JSON.stringify([name, kind, os])}`
  }
}

/** The first of a pair twice says that there is no browser with a name. */
const browserMarks = (marks: readonly string[]): readonly string[] =>
  marks.filter((mark, index) => index % 2 === 1 && mark !== marks[index - 1])
