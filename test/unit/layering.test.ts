import { describe, expect, test } from 'vitest'
import { findBuiltSql, findStrayEffects, findUpwardImports } from './layering-rules.ts'
import { readSources } from './sources.ts'

const sources = readSources()
const onlyStore = new Map([...sources].filter(([path]) => path.startsWith('src/store/')))

describe('the sources', () => {
  test('are read', () => {
    expect(sources.size).toBeGreaterThan(40)
    expect(onlyStore.size).toBeGreaterThan(8)
  })

  test('import downwards only', () => expect(findUpwardImports(sources)).toEqual([]))

  test('CF-03 CF-07: have each effect in its own room, and read no copy of unknown age', () =>
    expect(findStrayEffects(sources)).toEqual([]))

  test('AP-01: put nothing but constant lists of columns into SQL', () =>
    expect(findBuiltSql(onlyStore)).toEqual([]))
})

// What finds nothing must be known to find something.
describe('the finder of upward imports', () => {
  const upward: [path: string, source: string][] = [
    ['src/domain/a.ts', "import { b } from '../store/b.ts'"],
    ['src/domain/a.ts', "import type { B } from '../store/b.ts'"],
    ['src/domain/a.ts', "import * as v from 'valibot'"],
    ['src/domain/a.ts', "import 'node:fs'"],
    ['src/domain/deep/a.ts', "export * from '../../tokens/b.ts'"],
    ['src/domain/a.ts', "export { b } from '../tokens/b.ts'"],
    ['src/domain/a.ts', "const b = await import('../tokens/b.ts')"],
    ['src/domain/a.ts', "type B = import('../tokens/b.ts').B"],
    ['src/store/a.ts', "import { b } from '../tokens/b.ts'"],
    ['src/user/a.ts', "import { b } from '../notify/b.ts'"],
    ['src/pages/a.tsx', "import { b } from '../mail/b.ts'"],
    ['src/tokens/a.ts', "import { b } from '../user/b.ts'"],
    ['src/oauth/a.ts', "import { b } from '../http/b.ts'"],
    ['src/http/a.tsx', "import { b } from '../app.ts'"],
    ['src/app.ts', "import { b } from './index.ts'"],
    ['src/config.ts', "import { b } from './store/b.ts'"],
    ['src/http/a.ts', "import { b } from '../cli/b.ts'"],
    ['src/index.ts', "import { b } from './cli/b.ts'"],
  ]
  test.each(upward)('finds it in %s: %s', (path, source) => {
    expect(findUpwardImports(new Map([[path, source]]))).toEqual([expect.stringMatching(`^${path} -> `)])
  })

  const fine: [path: string, source: string][] = [
    ['src/domain/a.ts', "import { b } from './b.ts'"],
    [
      'src/domain/a.ts',
      "// import { b } from '../store/b.ts'\nexport const text = `import { b } from '../store/b.ts'`",
    ],
    ['src/http/admin/a.ts', "import { b } from '../problem.ts'"],
    ['src/http/a.ts', "import { b } from '../domain/b.ts'\nimport { Hono } from 'hono'"],
    ['src/cli/a.ts', "import { b } from '../app.ts'"],
  ]
  test.each(fine)('leaves %s alone: %s', (path, source) => {
    expect(findUpwardImports(new Map([[path, source]]))).toEqual([])
  })

  test('asks for a floor when a room is new', () => {
    expect(() => findUpwardImports(new Map([['src/attic/a.ts', "import '../domain/b.ts'"]]))).toThrow('attic')
  })
})

describe('the finder of stray effects', () => {
  const strays: [effect: string, path: string, source: string][] = [
    ['jose', 'src/http/a.ts', "import { SignJWT } from 'jose'"],
    ['jose', 'src/http/a.ts', "import { x } from 'jose/errors'"],
    ['WebCrypto', 'src/http/a.ts', 'crypto.subtle.digest(a, b)'],
    ['WebCrypto', 'src/http/a.ts', 'globalThis.crypto.subtle.digest(a, b)'],
    ['WebCrypto', 'src/http/a.ts', "crypto['subtle'].digest(a, b)"],
    ['WebCrypto', 'src/user/a.ts', 'crypto.getRandomValues(a)'],
    ['SQL', 'src/user/a.ts', "db.prepare('SELECT 1')"],
    ['SQL', 'src/user/a.ts', 'this.env.DB.prepare(`SELECT 1`)'],
    ['SQL', 'src/user/a.ts', "ctx.storage.sql.exec('SELECT 1')"],
    ['CF-07', 'src/store/a.ts', "db.withSession('first-unconstrained').prepare('SELECT 1')"],
    ['CF-07', 'src/http/a.ts', 'await caches.default.match(request)'],
    ['SMTP', 'src/http/a.ts', "import { connect } from 'cloudflare:sockets'"],
    ['SMTP', 'src/notify/a.ts', "import { WorkerMailer } from 'worker-mailer'"],
    ['fetch of the outside', 'src/http/a.ts', "await fetch('https://x.test')"],
    ['fetch of the outside', 'src/http/a.ts', 'const get = globalThis.fetch'],
    ['fetch of the outside', 'src/oauth/a.ts', 'run(fetch)'],
    ['console', 'src/http/a.ts', "console.log('x')"],
    ['console', 'src/domain/a.ts', "console?.['log']('x')"],
    ['Math.random', 'src/tokens/a.ts', 'Math.random()'],
    ['Math.random', 'src/cli/a.ts', 'const random = Math.random'],
    ['Node', 'src/http/a.ts', "import { createHash } from 'node:crypto'"],
  ]
  test.each(strays)('finds %s in %s: %s', (effect, path, source) => {
    expect(findStrayEffects(new Map([[path, source]]))).toEqual([expect.stringContaining(effect)])
  })

  const fine: [path: string, source: string][] = [
    ['src/tokens/a.ts', "import { SignJWT } from 'jose'\ncrypto.subtle.digest(a, b)"],
    ['src/store/a.ts', "db.prepare('SELECT 1')"],
    ['src/http/a.ts', "// fetch(x) console.log(x)\nconst script = `fetch('/x')`"],
    ['src/http/a.ts', 'await env.ASSETS.fetch(request); outbox.prepare(message); /x/.exec(text)'],
    ['src/index.ts', 'export default { fetch: app.fetch, async scheduled() {} }'],
    ['src/user/a.ts', 'class A { async fetch(request: Request) { return answer(request) } }'],
    ['src/mail/a.ts', "await fetch('https://x.test')"],
    ['src/log.ts', "console.log('x')"],
  ]
  test.each(fine)('leaves %s alone: %s', (path, source) => {
    expect(findStrayEffects(new Map([[path, source]]))).toEqual([])
  })
})

describe('AP-01: the finder of built SQL', () => {
  const built = [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a source to judge
    'db.prepare(`SELECT ${id} FROM x`)',
    "db.prepare('SELECT * FROM x WHERE id = ' + id)",
    'db.prepare(sql)',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a source to judge
    'const COLUMNS = given; db.prepare(`SELECT ${COLUMNS} FROM x`)',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a source to judge
    "const columns = 'a, b'; db.prepare(`SELECT ${columns} FROM x`)",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a source to judge
    "const COLUMNS = 'a'; db.prepare(`SELECT ${COLUMNS} FROM x WHERE a = '${a}'`)",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a source to judge
    'db.prepare(tag`SELECT ${a}`)',
  ]
  test.each(built)('AP-01: finds %s', source => {
    expect(findBuiltSql(new Map([['src/store/a.ts', source]]))).toEqual(['src/store/a.ts:1'])
  })

  test('AP-01: leaves constant lists of columns alone', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a source to judge
    const source = "const COLUMNS = 'a, b'\ndb.prepare(`SELECT ${COLUMNS} FROM x`)\ndb.prepare('SELECT 1')"
    expect(findBuiltSql(new Map([['src/store/a.ts', source]]))).toEqual([])
  })
})
