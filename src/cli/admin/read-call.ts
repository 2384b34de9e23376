// From what was typed to a request, by the table.
import { readFileSync } from 'node:fs'
import { WrongUse } from '../command.ts'
import { type AdminCommand, argumentsOf, type Option, type Reading } from './commands.ts'
import type { Json } from './table.ts'

export interface Call {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly body: Json | null
  /** To be answered with yes first; null when it may be done at once. */
  readonly question: string | null
}

export type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>

/** Throws WrongUse, which says everything that is wrong at once. */
export function readCall(command: AdminCommand, values: Values, typed: readonly string[]): Call {
  const problems: string[] = []
  const names = argumentsOf(command)
  if (typed.length > names.length) problems.push(`${typed.length - names.length} arguments too many.`)
  const given = new Map(names.map((name, index) => [name, typed[index] ?? '']))
  for (const [name, text] of given) {
    // A dot segment would lead to another path.
    if (/^\.{0,2}$/.test(text)) problems.push(`${name.toUpperCase()} is missing.`)
  }

  const query = new URLSearchParams()
  const body: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(command.options ?? {})) {
    const text = values[name]
    if (text === undefined) {
      if (option.isRequired) problems.push(`--${name} is missing.`)
      continue
    }
    const value = READINGS[option.reads](text as string)
    if (value === undefined) problems.push(`--${name} takes ${DEMANDS[option.reads]}.`)
    else if (option.in === 'query') query.set(option.field, String(value))
    else put(body, option.field, value)
  }
  const takesBody = Object.values(command.options ?? {}).some(option => option.in === 'body')
  if (command.method === 'PATCH' && Object.keys(body).length === 0) problems.push('Nothing is to be changed.')
  if (problems.length > 0) throw new WrongUse(problems.join('\n'))

  const { asks } = command
  const isAsked = asks !== undefined && (asks.when === undefined || values[asks.when] !== undefined)
  const search = query.size === 0 ? '' : `?${query}`
  return {
    method: command.method,
    path: fill(command.path, name => encodeURIComponent(given.get(name) ?? '')) + search,
    body: takesBody ? body : null,
    question: isAsked ? fill(asks.question, name => given.get(name) ?? '') : null,
  }
}

/** As parseArgs wants to know it. */
export const optionsOf = (command: AdminCommand) =>
  Object.fromEntries(
    Object.entries(command.options ?? {}).map(([name, { reads }]: [string, Option]) => [
      name,
      { type: 'string' as const, multiple: reads === 'list' },
    ]),
  )

type Read = (text: string) => unknown

const readNumber: Read = text => (/^\d{1,15}$/.test(text) ? Number(text) : undefined)
const orNone =
  (read: Read): Read =>
  text =>
    text === 'none' ? null : read(text)

/** undefined for what cannot be read. */
const READINGS: Readonly<Record<Reading, Read>> = {
  text: text => text,
  'text or none': orNone(text => text),
  number: readNumber,
  'number or none': orNone(readNumber),
  'on or off': text => (text === 'on' ? true : text === 'off' ? false : undefined),
  list: texts => texts,
  'JSON file': readJsonFile,
}

const DEMANDS: Readonly<Record<Reading, string>> = {
  text: 'a text',
  'text or none': 'a text, or none',
  number: 'a whole number',
  'number or none': 'a whole number, or none',
  'on or off': 'on or off',
  list: 'texts',
  'JSON file': 'a file with JSON in it',
}

function readJsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

const fill = (template: string, textOf: (name: string) => string): string =>
  template.replaceAll(/\{([^}]+)\}/g, (_, name: string) => textOf(name))

function put(record: Record<string, unknown>, path: string, value: unknown): void {
  const [name = '', ...rest] = path.split('.')
  if (rest.length === 0) {
    record[name] = value
    return
  }
  record[name] ??= {}
  put(record[name] as Record<string, unknown>, rest.join('.'), value)
}
