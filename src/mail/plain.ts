// Names that strangers chose, made harmless for a mail.

const SHOWN_MAX_CHARS = 60

/** One line of at most 60 visible characters: no controls, no bidi overrides, no line breaks. */
export function plain(text: string): string {
  const visible = text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim()
  const characters = [...visible]
  if (characters.length <= SHOWN_MAX_CHARS) return visible
  return `${characters
    .slice(0, SHOWN_MAX_CHARS - 1)
    .join('')
    .trimEnd()}…`
}

/** Plain, and nothing that a mail program would turn into a link: anyone may name a device, for anyone's mailbox. */
export const plainWithoutLinks = (text: string): string =>
  plain(text.replace(/[:/\\@]+/g, ' ').replace(/\.(?=\p{L})/gu, ' '))
