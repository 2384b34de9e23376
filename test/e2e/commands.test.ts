// The commands against a running instance, and the walk of the README, typed as it stands there.
import { createPublicKey } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { findCode } from '../../src/cli/mailbox.ts'
import { readSecret } from '../../src/cli/secrets-file.ts'
import { DEV_VARS } from '../../src/cli/settings.ts'
import { runCommand } from './support/commands.ts'
import { createConsumer } from './support/consumer.ts'
import { type Example, startExample } from './support/example.ts'
import { processesOf } from './support/processes.ts'
import { removeState, type Service, startService } from './support/service.ts'
import { openShell, type Shell } from './support/shell.ts'

let service: Service
let shell: Shell
let pidsBefore: readonly number[]
let example: Promise<Example>

const pids = () => processesOf(service.stateDir).map(({ pid }) => pid)

beforeAll(async () => {
  service = await startService()
  pidsBefore = pids()
  example = startExample(service)
  // A failure is told when it is waited for.
  example.catch(() => undefined)
  shell = openShell()
})

afterAll(async () => {
  shell?.close()
  await example?.then(each => each.stop()).catch(() => null)
  await service?.stop()
  if (service) removeState(service)
})

const TABLES = [...readFileSync('schema.sql', 'utf8').matchAll(/^CREATE TABLE IF NOT EXISTS (\w+)/gm)].map(
  match => match[1],
)

const blocks = [...readFileSync('README.md', 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)].map(match =>
  String(match[1]),
)

test('the README: the walk with curl does what it says', async () => {
  const told: string[] = []
  await example
  for (const block of blocks) {
    // A person looks into the mailbox when the mail is there.
    if (block.includes('/email')) await service.mailbox('ann@example.test', mail => findCode(mail) !== null)
    told.push(
      await shell.type(
        block
          .replaceAll(':8787', `:${service.ports.service}`)
          .replaceAll(':8788', `:${service.ports.notes}`)
          .replaceAll(':1080', `:${service.ports.mailbox}`),
      ),
    )
  }
  const [, , whoami, sessions, , , replaced, refreshed, ended, alarms] = told
  expect(whoami).toContain('"authenticated":true')
  expect(sessions).toContain('First phone')
  expect(replaced).toContain('session_replaced')
  expect(refreshed).toContain('token_rotated')
  expect(ended).toMatch(/"revoked":0.*204.*session_ended/s)
  expect(alarms).toBe('{"alarms":[]}')
  const [notes, notesEnded] = told.slice(-2)
  expect(notes).toMatch(/"owner":"u_.*"as_of":".*\n201$/s)
  // Strongly, and a second later boundedly.
  expect(notesEnded?.match(/"code":"session_ended","reason":"signed_out"/g)).toHaveLength(2)
})

describe('resource servers', () => {
  test('npm run example: Ctrl-C leaves nothing, and the service runs on', async () => {
    expect(await (await example).stop()).toBe(0)
    expect(pids().filter(pid => !pidsBefore.includes(pid))).toEqual([])
    expect((await fetch(`${service.origin}/health`)).status).toBe(200)
    await expect(fetch(`http://127.0.0.1:${service.ports.notes}/notes`)).rejects.toThrow()
  })

  test('npm run example: says what is missing', async () => {
    const [alone, port] = await Promise.all([
      runCommand('example', [], { ...service.env, PORT: '1' }),
      runCommand('example', [], { ...service.env, NOTES_PORT: 'http' }),
    ])
    expect(alone).toMatchObject({ code: 1, output: expect.stringContaining('npm run dev') })
    expect(port).toMatchObject({ code: 1, output: expect.stringContaining('NOTES_PORT') })
  })

  test('EB-11: latchkey/resource in a project of somebody else, on Node: its types, and what has ended is refused', async () => {
    const registration = {
      ...{ client_id: 'consumer', name: 'Consumer', kind: 'first_party', type: 'confidential', scopes: [] },
      audience: 'https://consumer.example',
    }
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify(registration)
    const device = service.device('demo', 'Phone')
    const [consumer, made] = await Promise.all([
      createConsumer(),
      service.admin('/admin/v1/clients', { method: 'POST', headers, body }),
      device.signIn('consumer@dev.test'),
    ])
    onTestFinished(consumer.remove)
    const { client_secret: SECRET } = (await made.json()) as { client_secret: string }
    await device.exchange({
      ...{ grant_type: 'refresh_token', refresh_token: device.refreshToken },
      resource: registration.audience,
    })
    const [nodeNext, bundler, ran] = await Promise.all([
      consumer.checkTypes('NodeNext'),
      consumer.checkTypes('Bundler'),
      consumer.run({ ISSUER: service.origin, SECRET, TOKEN: device.accessToken }),
    ])
    expect([nodeNext, bundler]).toEqual(Array(2).fill({ code: 0, output: '' }))
    expect(ran.output).toMatch(
      /^GET \/ 401 \nGET \/ 200 u_\S+\nPOST \/ 200 \d+\S*\nGET \/admin 403 \nPOST \/ 401 \nGET \/ 401 \n$/,
    )
  })
})

describe('npm run demo', () => {
  test('tells the story to its end', async () => {
    const demo = await runCommand('demo', [], service.env)
    expect(demo.output).toContain('session_replaced')
    expect(demo.output).toContain('session_ended')
    expect(demo.code).toBe(0)
  })

  test('says what to do when nothing is running', async () => {
    const demo = await runCommand('demo', [], { ...service.env, PORT: '1' })
    expect(demo).toMatchObject({ code: 1, output: expect.stringContaining('npm run dev') })
  })
})

describe('npm run drill:key-leak', () => {
  test('publishes the signing key and every row of a running instance', async () => {
    const device = service.device('demo', 'Phone')
    await device.signIn('leaked@dev.test')
    const directory = join(mkdtempSync(join(tmpdir(), 'latchkey-leak-')), 'new')
    expect(await runCommand('drill-key-leak', ['--publish-only', directory], service.env)).toMatchObject({
      code: 0,
    })

    const read = (name: string) => JSON.parse(readFileSync(join(directory, name), 'utf8'))
    const { d, ...publicPart } = read('private-key.jwk.json')
    const { keys } = (await (await fetch(`${service.origin}/.well-known/jwks.json`)).json()) as {
      keys: object[]
    }
    expect(keys).toContainEqual(publicPart)
    const isPair = createPublicKey({ key: { ...publicPart, d }, format: 'jwk' }).export({ format: 'jwk' })
    expect(isPair).toMatchObject({ x: publicPart.x, y: publicPart.y })

    const tables = read('database.json')
    expect(tables.users).toContainEqual(expect.objectContaining({ email: 'leaked@dev.test' }))
    expect(Object.keys(tables)).toEqual(expect.arrayContaining(TABLES))
    expect(statSync(join(directory, 'private-key.jwk.json')).mode & 0o777).toBe(0o600)
    rmSync(directory, { recursive: true })
  })

  test('EB-05: nothing that key and database are forged into is accepted, it is counted, and nobody is signed out', async () => {
    const drill = await runCommand('drill-key-leak', [], service.env)
    expect(drill).toMatchObject({ code: 0, output: expect.stringContaining('All of it held') })
    const [, folder = ''] = /^ {3}(\/.+)\/private-key\.jwk\.json$/m.exec(drill.output) ?? []
    expect(folder).not.toBe('')
    expect(existsSync(folder)).toBe(false)
  })
})

test('npm run drill:stolen-phone: the phone is worth nothing at once, and nothing else is lost', async () => {
  const drill = await runCommand('drill-stolen-phone', [], service.env)
  expect(drill).toMatchObject({ code: 0, output: expect.stringContaining('All of it held') })
})

test('CF-01: npm run smoke: all of it holds at a running instance, where none runs nothing does, and no token is shown', async () => {
  const ADMIN_TOKEN = 'a-token-of-no-instance-0123456789'
  const [local, nobody] = await Promise.all([
    runCommand('smoke', [], service.env),
    runCommand('smoke', ['--url', 'http://localhost:1'], { ...service.env, ADMIN_TOKEN }),
  ])
  expect(local).toMatchObject({ code: 0, output: expect.stringMatching(/ yes .*operators’ API opens/) })
  expect(local.output).not.toMatch(/ NO /)
  expect(local.output).not.toContain(readSecret(DEV_VARS, 'ADMIN_TOKEN'))
  expect(nobody).toMatchObject({ code: 1, output: expect.stringContaining('NO   every database answers') })
  expect(nobody.output).not.toMatch(/ yes | a-token-of/)
})

describe('npm run admin', () => {
  const admin = (line: string, ...more: string[]) =>
    runCommand('admin', [...line.split(' '), ...more], service.env)

  test('LG-03: shows what there is, makes, finds and ends, and prints a secret once', async () => {
    const registration =
      '--kind third_party --type confidential --scope openid --redirect-uri https://a.test/'
    const [list, made, signedIn] = await Promise.all([
      admin('clients list'),
      admin(`clients create --client-id of-admin ${registration} --name`, 'a\u001b[2Jb\u202e'),
      service.device('demo', 'Phone').signIn('ops@dev.test'),
    ])
    expect(list).toMatchObject({ code: 0, output: expect.stringMatching(/^demo-app +Demo/m) })
    expect(made.output).toMatch(/^client_secret +\S{43}$/m)
    expect(made.output).toContain('not shown again')

    const user = String(signedIn.body.user_id)
    const [shown, found, sessions, log, checked] = await Promise.all([
      admin('clients show of-admin'),
      admin('users find --email ops@dev.test --json'),
      admin(`sessions list ${user}`),
      admin('events export --since 2020-01-01T00:00:00Z'),
      admin(`users log-check ${user}`),
    ])
    expect(shown.output).toMatch(/^name +a\\u001b\[2Jb\\u202e$/m)
    expect(shown.output).not.toContain('client_secret  ')
    expect(JSON.parse(found.output)).toMatchObject({ users: [{ id: user, email: 'ops@dev.test' }] })
    expect(sessions.output).toMatch(/demo +Phone/)
    expect(checked).toMatchObject({ code: 0, output: expect.stringMatching(/^chained_from +1$/m) })
    const entries = log.output.trim().split('\n')
    expect(entries.map(line => JSON.parse(line).user_id)).toContain(user)

    const [revoked, deleted] = await Promise.all([
      admin(`sessions revoke ${user} --yes`),
      admin('clients delete of-admin --yes'),
    ])
    expect(revoked).toMatchObject({ code: 0, output: 'revoked  1\n' })
    expect(deleted).toMatchObject({ code: 0, output: 'Done.\n' })
  })

  test('tells refusals in words with exit code 1, and wrong usage with 2', async () => {
    const [refused, unasked, unknown, help] = await Promise.all([
      admin('clients show nobody'),
      admin('clients delete demo'),
      admin('clients paint'),
      admin('clients create --help'),
    ])
    const words = expect.stringMatching(/^Refused \(404\)\. Not found\nrequest req_/)
    expect(refused).toMatchObject({ code: 1, output: words })
    expect(unasked).toMatchObject({ code: 2, output: expect.stringContaining('--yes') })
    expect(unknown).toMatchObject({ code: 2, output: expect.stringContaining('rotate-secret CLIENT_ID') })
    expect(help).toMatchObject({ code: 0, output: expect.stringContaining('--redirect-uri') })
  })
})
