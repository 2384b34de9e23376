// Structured logs: one JSON object a line, event codes and ids only. The encoding keeps a value from forging a line.
import { jsonLine } from './domain/encoding.ts'

export type LogLevel = 'info' | 'warn' | 'error'

/** What may be logged: never a token, code, link, cookie, bucket, secret or mail address. */
export interface LogRecord {
  readonly event: string
  readonly request_id?: string
  readonly [field: string]: string | number | boolean | null | undefined
}

export function log(level: LogLevel, record: LogRecord): void {
  console[level](jsonLine({ level, at: new Date().toISOString(), ...record }))
}

/** All that is logged of an error: its text may hold what was sent or stored. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : 'unknown')
