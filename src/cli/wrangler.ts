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
  readonly accountId: string | null
  readonly vars: Readonly<Record<string, string>>
  /** Names of bindings. */
  readonly databases: readonly string[]
  readonly mailBindings: readonly string[]
  /** Names of queues. */
  readonly queues: { readonly producers: readonly string[]; readonly consumers: readonly string[] }
}

/** Reads the simple `name = "text"` and `name = 1` lines of the file; all that this project's needs. */
export function readWorkerConfig(path: string = resolve(PROJECT, 'wrangler.toml')): WorkerConfig {
  const vars: Record<string, string> = {}
  const databases: string[] = []
  const mailBindings: string[] = []
  const producers: string[] = []
  const consumers: string[] = []
  let accountId: string | null = null
  let section = ''
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    section = /^\s*(\[\[?[\w.]+\]\]?)/.exec(line)?.[1] ?? section
    const [, name = '', text, literal, number] =
      /^\s*(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(\d+))/.exec(line) ?? []
    const value = text ?? literal ?? number ?? ''
    if (section === '' && name === 'account_id') accountId = value
    if (section === '[vars]' && name !== '') vars[name] = value
    if (section === '[[d1_databases]]' && name === 'binding') databases.push(value)
    if (section === '[[send_email]]' && name === 'name') mailBindings.push(value)
    if (section === '[[queues.producers]]' && name === 'queue') producers.push(value)
    if (section === '[[queues.consumers]]' && name === 'queue') consumers.push(value)
  }
  return { accountId, vars, databases, mailBindings, queues: { producers, consumers } }
}
