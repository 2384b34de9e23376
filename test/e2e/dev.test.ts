// The commands, on the real thing: what `npm run dev` starts, keeps and leaves behind.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findCode } from '../../src/cli/mailbox.ts'
import { runCommand } from './support/commands.ts'
import { makeStateOfVersion0 } from './support/old-state.ts'
import { occupy } from './support/ports.ts'
import { processesOf } from './support/processes.ts'
import { removeState, type Service, startService } from './support/service.ts'

let one: Service
let two: Service

beforeAll(async () => {
  const old = await makeStateOfVersion0()
  // At once, and on a fresh checkout with no .dev.vars: both must agree on the secrets.
  ;[one, two] = await Promise.all([startService({ on: old }), startService({ throughNpm: true })])
})

afterAll(async () => {
  for (const service of [one, two].filter(Boolean)) {
    if (processesOf(service.stateDir).length > 0) await service.stop().catch(() => null)
    removeState(service)
  }
})

function findMailServer(service: Service) {
  const found = processesOf(service.stateDir).find(({ command }) => command.includes('bin/maildev'))
  if (found === undefined) throw new Error('no mail server is running')
  return found
}

const health = async (service: Service) => (await fetch(`${service.origin}/health`)).status

describe('two instances side by side', () => {
  test('are both healthy, on localhost and on 127.0.0.1', async () => {
    expect(await health(one)).toBe(200)
    expect(await health(two)).toBe(200)
    expect((await fetch(`http://127.0.0.1:${one.ports.service}/health`)).status).toBe(200)
  })

  test('keep their people apart', async () => {
    const device = one.device('demo', 'Phone')
    expect((await device.signIn('apart@dev.test')).status).toBe(200)
    const search = '/admin/v1/users?email=apart@dev.test'
    expect(await (await one.admin(search)).json()).toMatchObject({ users: [{ email: 'apart@dev.test' }] })
    expect(await (await two.admin(search)).json()).toEqual({ users: [] })
  })

  test('have the demo clients', async () => {
    const { clients } = (await (await two.admin('/admin/v1/clients')).json()) as { clients: object[] }
    expect(clients).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ client_id: 'demo', kind: 'first_party' }),
        expect.objectContaining({ client_id: 'demo-tablet', kind: 'first_party' }),
        expect.objectContaining({ client_id: 'demo-app', kind: 'third_party' }),
      ]),
    )
  })
})

describe('npm run dev', () => {
  test('brings the databases of an earlier version up to date, and says so', () => {
    expect(one.output()).toContain('[dev] database DB: upgrade 1: ')
    expect(two.output()).toContain('[dev] database DB: new')
  })

  test('names the port that is taken and the variable to set', async () => {
    const taken = await runCommand('dev', [], { ...one.env, PORT: '1', MAIL_WEB_PORT: '2' })
    expect(taken.code).toBe(1)
    expect(taken.output).toContain(`Port ${one.ports.smtp} is in use`)
    expect(taken.output).toContain('set MAIL_SMTP_PORT')
  })

  test('says what is wrong with a setting', async () => {
    const wrong = await runCommand('dev', [], { ...one.env, PORT: 'eighty', RATE_LIMITS: 'maybe' })
    expect(wrong).toMatchObject({
      code: 1,
      output: expect.stringMatching(/PORT must .*\n.*RATE_LIMITS must/),
    })
  })

  test('brings a mail server back that died, and the mail asked for meanwhile arrives', async () => {
    const { pid } = findMailServer(two)
    process.kill(pid, 'SIGKILL')
    const holder = await occupy(two.ports.smtp)
    const asked = await fetch(`${two.origin}/v1/sign-ins`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_id: 'demo',
        email: 'patient@dev.test',
        code_challenge: 'A'.repeat(43),
        code_challenge_method: 'S256',
      }),
    })
    expect(asked.status).toBe(202)
    await holder.free()
    expect(findCode(await two.mailbox('patient@dev.test'))).not.toBeNull()
    expect(two.output()).toContain('the mail server is back')
  })

  test('stops everything at Ctrl-C, and leaves no process', async () => {
    expect(await two.stop('SIGINT')).toBe(0)
    expect(processesOf(two.stateDir)).toEqual([])
  })

  test('killed outright, leaves no process either, and what it acknowledged is there after a restart', async () => {
    const device = one.device('demo', 'Phone')
    expect((await device.signIn('lasting@dev.test')).status).toBe(200)
    await one.stop('SIGKILL')
    await expect.poll(() => processesOf(one.stateDir)).toEqual([])
    one = await startService({ on: one })
    expect(one.output()).not.toContain('database DB')
    expect((await device.request('GET', '/ping/whoami')).status).toBe(200)
    expect(findCode(await one.mailbox('lasting@dev.test'))).not.toBeNull()
  })
})
