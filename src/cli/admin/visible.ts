// Names and descriptions come from outside. Nothing in them may move the cursor, break a line, turn the text around or
// hide: such characters are shown as JSON would write them.
import { escapeCharacters, UNPRINTABLE } from '../../domain/encoding.ts'

const UNPRINTABLE_BETWEEN_LINES = /(?!\n)[\p{C}\u2028\u2029]/gu

/** A text for one place in a line; runs of blanks are one space, so that none looks like the end of a column. */
export const visible = (text: string): string =>
  text
    .replaceAll(UNPRINTABLE, escapeCharacters)
    .replaceAll(/\p{Zs}+/gu, ' ')
    .trim()

/** JSON, or lines of it: as long as it is that, its meaning stays the same. */
export const visibleJson = (text: string): string =>
  text.replaceAll(UNPRINTABLE_BETWEEN_LINES, escapeCharacters)
