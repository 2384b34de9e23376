// Structured logs: one JSON object a line, event codes and ids only. JSON encoding keeps a value from forging a line.

export type LogLevel = 'info' | 'warn' | 'error'

/** What may be logged: never a token, code, link, cookie, bucket, secret or mail address. */
export interface LogRecord {
  readonly event: string
  readonly request_id?: string
  readonly [field: string]: string | number | boolean | null | undefined
}

export function log(level: LogLevel, record: LogRecord): void {
  const line = JSON.stringify({ level, at: new Date().toISOString(), ...record })
  console[level](line.replaceAll(UNPRINTABLE, escapeCharacter))
}

/** All that is logged of an error: its text may hold what was sent or stored. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : 'unknown')

/** JSON escapes the C0 controls; these too could move a terminal's cursor or break a viewer's line. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029]/g

const escapeCharacter = (character: string): string =>
  `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
