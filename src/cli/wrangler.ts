// How the commands call wrangler, and the little that they read of wrangler.toml.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { PROJECT } from './settings.ts'

export const WRANGLER = resolve(PROJECT, 'node_modules/wrangler/bin/wrangler.js')

/** Nothing is asked, fetched or reported when wrangler only works on this machine. */
export const QUIET = {
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_WRITE_LOGS: 'false',
  NO_COLOR: '1',
}

export interface WorkerConfig {
  readonly vars: Readonly<Record<string, string>>
  readonly databases: readonly string[]
}

/** Reads the simple `name = "text"` lines of [vars] and [[d1_databases]]; all that this project's file needs. */
export function readWorkerConfig(path: string = resolve(PROJECT, 'wrangler.toml')): WorkerConfig {
  const vars: Record<string, string> = {}
  const databases: string[] = []
  let section = ''
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    section = /^\s*(\[\[?[\w.]+\]\]?)/.exec(line)?.[1] ?? section
    const [, name = '', value = ''] = /^\s*(\w+)\s*=\s*"([^"]*)"/.exec(line) ?? []
    if (section === '[vars]' && name !== '') vars[name] = value
    if (section === '[[d1_databases]]' && name === 'binding') databases.push(value)
  }
  return { vars, databases }
}
