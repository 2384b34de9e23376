// The simulator that wrangler brings: it fits wrangler's workerd. The options are those of its documented predecessor.
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { PROJECT } from '../../src/cli/settings.ts'

/** What is used of it. */
export interface Simulator {
  readonly ready: Promise<URL>
  unsafeGetDirectURL(worker: string): Promise<URL>
  getD1Database(binding: string, worker: string): Promise<D1Database>
  dispose(): Promise<void>
}

export const { Miniflare, convertV4MiniflareOptions, Log, LogLevel } = createRequire(
  resolve(PROJECT, 'node_modules/wrangler/package.json'),
)('miniflare') as {
  readonly Miniflare: new (options: object) => Simulator
  readonly convertV4MiniflareOptions: (options: object) => object
  readonly Log: new (level: number) => object
  readonly LogLevel: { readonly NONE: number }
}

/** In the place of the pages' files: no page is measured. */
export const NO_ASSETS = { ASSETS: () => new Response(null, { status: 404 }) }
