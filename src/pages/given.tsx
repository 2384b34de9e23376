// Text from outside (names of devices, apps, places): isolated, so that its direction stays its own, and of a length
// and height that leave room for everything else. JSX escapes it.
import type { FC } from 'hono/jsx'

const GIVEN_MAX_CHARS = 80
const MARKS_PER_LETTER_MAX = 4
const excessMarks = new RegExp(`(\\p{M}{${MARKS_PER_LETTER_MAX}})\\p{M}+`, 'gu')

/** The text, unless there is nothing in it to see. */
export const visible = (text: string | null): string | null =>
  text !== null && /[\p{L}\p{N}\p{P}\p{S}]/u.test(text) ? text : null

export function shorten(text: string): string {
  const characters = [...text.replace(excessMarks, '$1')]
  return characters.length <= GIVEN_MAX_CHARS
    ? characters.join('')
    : `${characters.slice(0, GIVEN_MAX_CHARS - 1).join('')}…`
}

interface GivenProps {
  readonly text: string
  /** What to say if there is nothing to see. */
  readonly otherwise?: string
}

export const Given: FC<GivenProps> = ({ text, otherwise = '' }) => (
  <bdi>{shorten(visible(text) ?? otherwise)}</bdi>
)
