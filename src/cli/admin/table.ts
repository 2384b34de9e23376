// Answers as people read them: a list as a table, one thing as a line for each member.
import { visible } from './visible.ts'

export type Json = Readonly<Record<string, unknown>>

const CELL_MAX = 48
const BETWEEN = '  '
const NOTHING = '–'

/** Ids are there to be copied, and never cut. */
const isId = (column: string): boolean => /(?:^|[_.])(?:id|kid)$/.test(column)

/** @param columns members of the rows, nested ones with a dot */
export function renderTable(rows: readonly Json[], columns: readonly string[]): string {
  if (rows.length === 0) return 'None.'
  const cells = rows.map(row =>
    columns.map(column => {
      const text = cellOf(memberOf(row, column))
      return isId(column) ? text : cut(text)
    }),
  )
  const lines = [columns.map(column => column.toUpperCase()), ...cells]
  const widths = columns.map((_, index) => Math.max(...lines.map(line => widthOf(line[index] ?? ''))))
  return lines
    .map(line =>
      line
        .map((text, index) => text + ' '.repeat((widths[index] ?? 0) - widthOf(text)))
        .join(BETWEEN)
        .trimEnd(),
    )
    .join('\n')
}

/** One thing, and below it, as tables, the lists of things that it has. */
export function renderWhole(whole: Json): string {
  const lists = Object.entries(whole).filter((entry): entry is [string, Json[]] => isListOfThings(entry[1]))
  const rest = Object.fromEntries(Object.entries(whole).filter(([, value]) => !isListOfThings(value)))
  const tables = lists.map(([name, rows]) => {
    const columns = Object.keys(rows[0] ?? {})
    return `${visible(name).toUpperCase()}\n${renderTable(rows, columns)}`
  })
  return [renderRecord(rest), ...tables].join('\n\n')
}

const isListOfThings = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(each => typeof each === 'object' && each !== null)

export function renderRecord(record: Json): string {
  const members = flatten(record)
  const width = Math.max(0, ...members.map(([name]) => widthOf(name)))
  return members
    .map(([name, text]) => `${name}${' '.repeat(width - widthOf(name))}${BETWEEN}${text}`)
    .join('\n')
}

const flatten = (record: Json, prefix = ''): [name: string, text: string][] =>
  Object.entries(record).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
      ? flatten(value as Json, `${prefix}${name}.`)
      : [[visible(prefix + name), cellOf(value)]],
  )

const memberOf = (row: Json, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (value as Json | null | undefined)?.[name], row)

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return NOTHING
  if (Array.isArray(value)) {
    return value.length === 0 ? NOTHING : visible(value.map(each => textOf(each)).join(', '))
  }
  return visible(textOf(value)) || NOTHING
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
const graphemesOf = (text: string): string[] => [...segmenter.segment(text)].map(({ segment }) => segment)

const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u

/** In columns of a terminal. */
const widthOf = (text: string): number =>
  graphemesOf(text).reduce((width, each) => width + (WIDE.test(each) ? 2 : 1), 0)

function cut(text: string): string {
  if (widthOf(text) <= CELL_MAX) return text
  let kept = ''
  for (const each of graphemesOf(text)) {
    if (widthOf(kept + each) >= CELL_MAX) break
    kept += each
  }
  return `${kept.trimEnd()}…`
}
