// What would be uploaded: the bundle of a dry run, and of which files it was made.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { QUIET, WRANGLER } from '../../src/cli/wrangler.ts'
import { runProgram } from './support/commands.ts'

/** Gzipped, as wrangler says it. An isolate is not begun before all of it is read. */
const MAX_KIB = 120

const directory = mkdtempSync(join(tmpdir(), 'latchkey-bundle-'))
let code = ''
let files: readonly string[] = []
let kib = Number.NaN

beforeAll(async () => {
  const meta = join(directory, 'meta.json')
  const args = ['deploy', '--dry-run', '--outdir', directory, '--metafile', meta]
  const ended = await runProgram(WRANGLER, args, QUIET)
  expect(ended).toMatchObject({ code: 0 })
  kib = Number(/gzip: ([\d.]+) KiB/.exec(ended.output)?.[1])
  code = readFileSync(join(directory, 'index.js'), 'utf8')
  files = Object.keys(JSON.parse(readFileSync(meta, 'utf8')).inputs)
})

afterAll(() => rmSync(directory, { recursive: true }))

/** Words of the tests, of the commands and of local instances. */
const HOOKS = [
  /\bvitest\b|cloudflare:test|expect\(/,
  /\bTEST_[A-Z]/,
  /\bNODE_ENV\b|\bprocess\.env\b/,
  /auth\.test|\.dev\.vars|maildev|demo-tablet|latchkey-leak/,
  /\bdebugger\b|\bimport\s*\(\s*["']node:/,
  /-----BEGIN|"kty":"EC","d":/,
]

describe('the production bundle', () => {
  test('AP-07: is made of the Worker’s own rooms and its dependencies: no file of tests, commands or tools', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
    const packages = Object.keys(dependencies).map(name => `node_modules/${name}/`)
    const foreign = files.filter(
      path =>
        !packages.some(prefix => path.startsWith(prefix)) &&
        (!path.startsWith('src/') || path.startsWith('src/cli/')),
    )
    expect(files.length).toBeGreaterThan(300)
    expect(foreign).toEqual([])
    for (const name of packages) expect(files.some(path => path.startsWith(name))).toBe(true)
  })

  test('AP-07: is small', () => {
    expect(
      kib,
      `${kib} KiB gzipped; what takes it: wrangler deploy --dry-run --metafile`,
    ).toBeLessThanOrEqual(MAX_KIB)
  })

  test('AP-07: says nothing of its routes that only the document needs', () => {
    const { paths } = JSON.parse(readFileSync('src/static/openapi.json', 'utf8'))
    const said = Object.values<Record<string, { summary: string }>>(paths).flatMap(
      Object.values<{ summary: string }>,
    )
    const summaries = said.map(({ summary }) => summary).filter(summary => summary.includes(' '))
    expect(summaries.length).toBeGreaterThan(50)
    expect(summaries.filter(summary => code.includes(summary))).toEqual([])
  })

  test('AP-07: has no hook for tests in it, and no word of a local instance', () => {
    expect(code.length).toBeGreaterThan(200_000)
    expect(HOOKS.filter(hook => hook.test(code)).map(hook => [hook, hook.exec(code)?.[0]])).toEqual([])
  })
})
