// A project of somebody else that depends on this one: latchkey/resource as it is built, from outside.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROJECT } from '../../../src/cli/settings.ts'
import { type Ended, runProgram } from './commands.ts'

const TSC = join(PROJECT, 'node_modules/typescript/bin/tsc')

const APP = `
import { Hono } from 'hono'
import { createRequireToken, overHttp, type TokenService, type TokenVariables } from 'latchkey/resource'

const { ISSUER: issuer = '', SECRET: clientSecret = '', TOKEN = '' } = process.env
const service = overHttp({ issuer, clientId: 'consumer', clientSecret, audience: 'https://consumer.example' })
const requireToken = createRequireToken(() => service)
const onWorkers = createRequireToken(c => c.env.AUTH)

const app = new Hono<{ Variables: TokenVariables }>()
app.get('/', requireToken(), c => c.text(c.var.token.claims.sub satisfies string))
app.post('/', requireToken({ mode: 'strong', scope: 'openid' }), c => c.text(String(c.var.token.asOf satisfies number)))
app.get('/admin', requireToken({ scope: 'admin' }), c => c.text(''))

const worker = new Hono<{ Bindings: { readonly AUTH: TokenService }; Variables: TokenVariables }>()
worker.use(onWorkers())
worker.get('/', onWorkers(), c => c.text(c.var.token.claims.client_id))
// @ts-expect-error: there is no such claim
worker.get('/other', onWorkers(), c => c.text(c.var.token.claims.password))

const headers = { authorization: \`Bearer \${TOKEN}\` }
const ask = async (path: string, init: RequestInit = {}) => {
  const response = await app.request(path, init)
  console.log(init.method ?? 'GET', path, response.status, response.status === 200 ? await response.text() : '')
}
await ask('/')
await ask('/', { headers })
await ask('/', { headers, method: 'POST' })
await ask('/admin', { headers })
await fetch(\`\${issuer}/oauth2/logout\`, { method: 'POST', headers })
await ask('/', { headers, method: 'POST' })
for (const until = Date.now() + 1_000; Date.now() < until; ) await new Promise(resolve => setTimeout(resolve, 50))
await ask('/', { headers })
`

export interface Consumer {
  /** Its types, as a compiler resolves them in this way. */
  checkTypes(module: 'NodeNext' | 'Bundler'): Promise<Ended>
  /** Shows a token to its API, ends the session, and shows it again. */
  run(env: { ISSUER: string; SECRET: string; TOKEN: string }): Promise<Ended>
  remove(): void
}

/** Builds the package first. */
export async function createConsumer(): Promise<Consumer> {
  const built = await runProgram(TSC, ['-p', 'tsconfig.package.json'], {})
  if (built.code !== 0) throw new Error(built.output)
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-consumer-'))
  const at = (path: string) => join(folder, path)
  mkdirSync(at('node_modules/@types'), { recursive: true })
  symlinkSync(PROJECT, at('node_modules/latchkey'))
  const modules = join(PROJECT, 'node_modules')
  for (const name of ['@types/node', 'undici-types'])
    symlinkSync(join(modules, name), at(`node_modules/${name}`))
  // Of another version: the compiler takes two copies of one version for the same.
  cpSync(join(modules, 'hono'), at('node_modules/hono'), { recursive: true })
  const manifest = at('node_modules/hono/package.json')
  const hono = JSON.parse(readFileSync(manifest, 'utf8'))
  writeFileSync(manifest, JSON.stringify({ ...hono, version: '4.0.0' }))
  writeFileSync(at('package.json'), '{"type": "module"}')
  writeFileSync(at('app.ts'), APP)
  const options = { target: 'ES2024', strict: true, noEmit: true, types: ['node'], skipLibCheck: false }
  return {
    checkTypes(module) {
      const resolution = module === 'Bundler' ? { module: 'ESNext', moduleResolution: module } : { module }
      const path = at(`${module}.json`)
      writeFileSync(
        path,
        JSON.stringify({ compilerOptions: { ...options, ...resolution }, files: ['app.ts'] }),
      )
      return runProgram(TSC, ['-p', path], {})
    },
    run: env => runProgram(at('app.ts'), [], env),
    remove: () => rmSync(folder, { recursive: true }),
  }
}
