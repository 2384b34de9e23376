import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { unstable_splitSqlQuery } from 'wrangler'
import { planScript, STANDING } from './src/cli/schema/plan.ts'
import { readSchema } from './src/cli/schema/read-schema.ts'

const oxc = { jsx: { runtime: 'automatic', importSource: '#jsx' } } as const
const secret = () => randomBytes(32).toString('base64url')
const schema = readSchema()

const BUNDLED = [
  'hono',
  'hono/html',
  'hono/secure-headers',
  'jose',
  'valibot',
  // Of the tests.
  '@cfworker/json-schema',
  'standardwebhooks',
]

/** Files at a time. */
const LANES = 2
/**
 * Only what hangs is stopped; so it is where a test waits until something is true (`until`, `expect.poll`). How long work takes is
 * the machine's affair, which may have given most of its processor to others.
 */
const HUNG_AFTER = { testTimeout: 180_000, hookTimeout: 180_000 }
const ALONE = ['test/worker/**/*.alone.test.ts']

export default defineConfig({
  test: {
    silent: 'passed-only',
    projects: [
      // Pure rules, protocol checks, pages, layering: plain Node, milliseconds. No module keeps anything that could tell one
      // file of another, so they share what is loaded.
      {
        oxc,
        // The app can be made here, and its socket is of workerd.
        resolve: { alias: { 'cloudflare:sockets': resolve('test/unit/no-sockets.ts') } },
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.{ts,tsx}'],
          maxWorkers: LANES,
          isolate: false,
          ...HUNG_AFTER,
        },
      },
      // SQL, the object, HTTP: inside workerd, on real D1. Files share a runtime, one after the other: to start one costs more
      // than most files, and each begins on empty databases (test/worker/setup.ts). Those that judge whole tables or run
      // the cleaner are called *.alone.test.ts.
      onWorkerd('worker', { exclude: ALONE }),
      onWorkerd('worker-alone', { include: ALONE }),
      // The real thing, as `npm run dev` starts it: SMTP, HTTP, Chromium.
      {
        oxc,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/support/shared-instance.ts'],
          fileParallelism: false,
          expect: { poll: { timeout: 60_000 } },
          ...HUNG_AFTER,
        },
      },
    ],
  },
})

/** On three shards, so that nothing relies on there being one. */
function onWorkerd(name: string, files: { include?: string[]; exclude?: string[] }) {
  return {
    oxc,
    plugins: [
      cloudflareTest({
        wrangler: { configPath: './wrangler.toml' },
        miniflare: {
          // Tests deliver what was queued themselves.
          queueProducers: { EVENTS: 'unconsumed', ALARMS: 'unconsumed', DEAD_EVENTS: 'unconsumed' },
          d1Databases: { DB: 'shard-0', DB_1: 'shard-1', DB_2: 'shard-2' },
          bindings: {
            ISSUER: 'https://auth.test',
            SHARDS: 'DB,DB_1@341,DB_2@683',
            RATE_LIMITS: 'on',
            SEALING_SECRET: secret(),
            DIGEST_SECRET: secret(),
            ADMIN_TOKEN: secret(),
            TEST_SCHEMA: unstable_splitSqlQuery(schema.whole),
            TEST_SCHEMA_0: unstable_splitSqlQuery(readFileSync('test/schema-0.sql', 'utf8')),
            TEST_STANDING: unstable_splitSqlQuery(STANDING),
            TEST_ASSETS: readdirSync('src/static/pages'),
            TEST_UPGRADE: unstable_splitSqlQuery(planScript(0, schema)?.sql ?? ''),
          },
        },
      }),
    ],
    test: {
      name,
      // Each dependency as one file: every runtime loads them afresh.
      deps: { optimizer: { ssr: { enabled: true, include: BUNDLED } } },
      maxWorkers: LANES,
      isolate: false,
      include: ['test/worker/**/*.test.{ts,tsx}'],
      setupFiles: ['test/worker/setup.ts'],
      ...HUNG_AFTER,
      ...files,
    },
  }
}
