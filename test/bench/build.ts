// The Workers of a measurement, bundled and minified by wrangler as for a deployment.
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { unstable_readConfig } from 'wrangler'
import { PROJECT } from '../../src/cli/settings.ts'
import { QUIET, WRANGLER } from '../../src/cli/wrangler.ts'

const run = promisify(execFile)

export const WORKERS = ['service', 'resource', 'floors', 'probe'] as const
export type WorkerName = (typeof WORKERS)[number]

export interface Bundle {
  readonly path: string
  readonly bytes: number
  readonly gzipBytes: number
}

const CONFIG = resolve(PROJECT, 'wrangler.toml')
/** All of them run as the service does. */
export const { compatibility_date, compatibility_flags } = unstable_readConfig({ config: CONFIG })

export type Bundles = Readonly<Record<WorkerName, Bundle>>

/** Into folders of their own in this one. */
export async function buildWorkers(directory: string): Promise<Bundles> {
  const built = await Promise.all(WORKERS.map(async name => [name, await build(name, directory)] as const))
  return Object.fromEntries(built) as Bundles
}

/** One of them. */
export async function build(name: WorkerName, directory: string): Promise<Bundle> {
  const outdir = join(directory, name)
  const config = name === 'service' ? CONFIG : describe(name, directory)
  await run(process.execPath, [WRANGLER, 'deploy', '--config', config, '--dry-run', '--outdir', outdir], {
    env: { ...process.env, ...QUIET },
  })
  const path = join(outdir, name === 'service' ? 'index.js' : `${name}.js`)
  const content = readFileSync(path)
  return { path, bytes: content.byteLength, gzipBytes: gzipSync(content, { level: 9 }).byteLength }
}

/** The service is as wrangler.toml has it; the others need no file of their own. */
function describe(name: WorkerName, directory: string): string {
  const path = join(directory, `${name}.json`)
  const main = join(import.meta.dirname, 'workers', `${name}.ts`)
  const config = { name, main, compatibility_date, compatibility_flags, minify: true, keep_names: false }
  writeFileSync(path, JSON.stringify(config))
  return path
}
