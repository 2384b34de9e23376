// The operator's command line: its table against the routes that there are, and what a terminal is shown.
import fc from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createApp, realPorts } from '../../src/app.ts'
import { COMMANDS } from '../../src/cli/admin/commands.ts'
import { helpOf, helpOfAll, helpOfNoun, NOUNS } from '../../src/cli/admin/help.ts'
import { findInstance } from '../../src/cli/admin/instance.ts'
import { readCall, type Values } from '../../src/cli/admin/read-call.ts'
import { runCall } from '../../src/cli/admin/run-call.ts'
import { renderRecord, renderTable } from '../../src/cli/admin/table.ts'
import { visible, visibleJson } from '../../src/cli/admin/visible.ts'
import { describeRoutes } from '../../src/http/openapi/document.ts'
import { RegistrationFields } from '../../src/oauth/registration/schema.ts'

interface Described {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[]
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: { readonly properties: object } }>>
  }
}
const { paths } = describeRoutes(createApp(realPorts).routes) as unknown as {
  paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
}
const withoutNames = (path: string): string => path.replaceAll(/\{[^}]+\}/g, '{}')
const routes = new Map(
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, each]) => [`${method.toUpperCase()} ${withoutNames(path)}`, each]),
  ),
)

const commandOf = (noun: string, verb: string) => {
  const found = COMMANDS.find(each => each.noun === noun && each.verb === verb)
  if (found === undefined) throw new Error(`no ${noun} ${verb}`)
  return found
}
const call = (noun: string, verb: string, values: Values = {}, ...typed: string[]) =>
  readCall(commandOf(noun, verb), values, typed)

describe('the table of commands', () => {
  test.each(COMMANDS.map(each => [`${each.noun} ${each.verb}`, each] as const))(
    '%s: is a route that there is, with what it takes, and has help on every level',
    (_, command) => {
      const route = routes.get(`${command.method} ${withoutNames(command.path)}`)
      expect(route).toBeDefined()
      const { parameters = [], requestBody } = route ?? {}
      const query = parameters.filter(each => each.in === 'query').map(({ name }) => name)
      const members = Object.keys(Object.values(requestBody?.content ?? {})[0]?.schema.properties ?? {})
      for (const option of Object.values(command.options ?? {})) {
        expect(option.in === 'query' ? query : members).toContain(option.field.split('.')[0])
      }
      const help = helpOf(command)
      for (const text of [command.summary, ...Object.keys(command.options ?? {}).map(name => `--${name} `)]) {
        expect(help).toContain(text)
      }
      expect(helpOfNoun(command.noun)).toContain(command.summary)
      expect(helpOfAll()).toContain(command.noun)
    },
  )

  test('has all that operators may do', () => {
    const known = COMMANDS.map(({ method, path }) => `${method} ${withoutNames(path)}`)
    const offered = [...routes.keys()].filter(route => route.includes(' /admin/v1/'))
    expect(offered.filter(route => !known.includes(route))).toEqual([])
  })

  test('has every noun that operators think in', () => {
    const nouns = ['clients', 'users', 'sessions', 'keys', 'alarms', 'webhooks', 'events']
    expect(nouns.filter(noun => !NOUNS.includes(noun))).toEqual([])
    expect(call('sessions', 'list', {}, 'u_1').path).toBe('/admin/v1/users/u_1/sessions')
    expect(call('sessions', 'revoke', {}, 'u_1')).toMatchObject({
      path: '/admin/v1/users/u_1/revoke-sessions',
      question: expect.stringContaining('the user u_1'),
    })
    expect(call('sessions', 'revoke-client', {}, 'demo')).toMatchObject({
      path: '/admin/v1/clients/demo/revoke-sessions',
      question: expect.stringContaining('the client demo'),
    })
  })

  test.each(['create', 'update'])(
    'clients %s: takes all that can be registered, and nothing is left to curl',
    verb => {
      const fields = Object.values(commandOf('clients', verb).options ?? {}).map(
        ({ field }) => field.split('.')[0],
      )
      expect(Object.keys(RegistrationFields.entries).filter(name => !fields.includes(name))).toEqual(
        verb === 'create' ? [] : ['client_id', 'kind', 'type'],
      )
    },
  )

  test('asks before whatever takes something away', () => {
    const unasked = COMMANDS.filter(({ asks }) => asks === undefined).map(
      each => `${each.method} ${each.verb}`,
    )
    expect(unasked.filter(each => /DELETE|revoke|disable|rotate/.test(each))).toEqual([])
  })
})

describe('what was typed', () => {
  test('becomes a request: arguments into the path, options into query and body', () => {
    expect(call('clients', 'show', {}, 'a/b?c')).toEqual({
      method: 'GET',
      path: '/admin/v1/clients/a%2Fb%3Fc',
      body: null,
      question: null,
    })
    expect(call('users', 'find', { email: 'a+b@c.test' }).path).toBe('/admin/v1/users?email=a%2Bb%40c.test')
    const values = {
      limit: 'none',
      'at-limit': 'refuse',
      'dpop-bound': 'on',
      scope: ['a', 'b'],
      'refresh-grace': '0',
    }
    expect(call('clients', 'update', values, 'c').body).toEqual({
      session_rule: { limit: null, at_limit: 'refuse' },
      dpop_bound_access_tokens: true,
      scopes: ['a', 'b'],
      refresh_grace_seconds: 0,
    })
  })

  test('is asked about when it takes something away, and an ordinary rotation is not', () => {
    expect(call('clients', 'delete', {}, 'demo').question).toContain('Delete the client demo')
    expect(call('keys', 'rotate')).toMatchObject({ body: {}, question: null })
    expect(call('keys', 'rotate', { emergency: 'k' })).toMatchObject({ body: { emergency: 'k' } })
    expect(call('keys', 'rotate', { emergency: 'k' }).question).not.toBeNull()
  })

  const wrong: [why: string, attempt: () => unknown, message: RegExp][] = [
    ['a missing argument', () => call('clients', 'show'), /CLIENT_ID is missing/],
    ['a dot segment', () => call('users', 'delete', {}, '..'), /USER_ID is missing/],
    ['one argument more', () => call('alarms', 'list', {}, 'x'), /too many/],
    ['a missing option', () => call('users', 'find'), /--email is missing/],
    ['no number', () => call('users', 'events', { before: '-1' }, 'u'), /--before takes a whole number/],
    ['neither on nor off', () => call('clients', 'update', { 'require-par': '1' }, 'c'), /on or off/],
    ['a file that is not there', () => call('clients', 'update', { jwks: '/nowhere' }, 'c'), /JSON/],
    ['a change of nothing', () => call('webhooks', 'update', {}, 'w'), /Nothing/],
  ]
  test.each(wrong)('%s is wrong usage', (_, attempt, message) => expect(attempt).toThrow(message))

  test('the token never goes to plain http, nor from one instance to another', () => {
    const env = { ADMIN_TOKEN: 't'.repeat(32) }
    expect(findInstance('https://a.test/', undefined, env)).toEqual({
      origin: 'https://a.test',
      token: env.ADMIN_TOKEN,
    })
    expect(() => findInstance('http://a.test', undefined, env)).toThrow('https')
    expect(() => findInstance('https://a.test/path', undefined, env)).toThrow('origin')
    expect(() => findInstance('https://u:p@a.test', undefined, env)).toThrow('origin')
    expect(() => findInstance('https://a.test', undefined, {})).toThrow('ADMIN_TOKEN')
    expect(() => findInstance('https://a.test', undefined, { ADMIN_TOKEN: 'a\nb' })).toThrow('one line')
  })
})

describe('LG-06: a log that is not proven to be what was written', () => {
  const intact = { intact: true, entries: 7, chained_from: 1, first_broken_seq: null, head: null }
  const run = (answer: object, asJson: boolean) => {
    vi.spyOn(globalThis, 'fetch').mockResolvedValue(Response.json(answer))
    const shown = vi.spyOn(console, 'log').mockReturnValue()
    onTestFinished(() => void vi.restoreAllMocks())
    const done = runCall(
      commandOf('users', 'log-check'),
      call('users', 'log-check', {}, 'u_1'),
      { origin: 'http://a.test', token: 't' },
      asJson,
    )
    return { done, shown }
  }

  test.each([
    ['changed', { intact: false, first_broken_seq: 4 }, /entry 4 is missing, changed/],
    [
      'without the digests of its first entries',
      { intact: false, chained_from: 5 },
      /before 5: .*an upgrade/,
    ],
    ['without any digest', { intact: false, chained_from: null }, /no entry has .*an upgrade/],
    ['said to be neither', { intact: null }, /is this Latchkey/],
  ])('%s: shown all the same, and the command fails', async (_, changes, why) => {
    for (const asJson of [false, true]) {
      const { done, shown } = run({ ...intact, ...changes }, asJson)
      await expect(done).rejects.toThrow(why)
      expect(shown).toHaveBeenLastCalledWith(expect.stringMatching(asJson ? /"intact":/ : /^intact /))
    }
  })

  test('and one that is does not fail; --help says so', async () => {
    await run(intact, true).done
    expect(helpOf(commandOf('users', 'log-check'))).toContain('exit code 1')
  })
})

describe('LG-03: what a terminal is shown', () => {
  const HOSTILE = [
    '\u001b[2J\u001b[31mred', // escape sequences
    '\u009b31m', // the same in one character
    'a\r\nu_forged  admin', // another row
    'a\u2028b\u2029c',
    '\u202egnirts\u2066\u200f', // turned around
    'a\u200bb\u00adc\ufeffd\u{e0041}', // hidden
    '\u0007\u0000\u007f\ud800',
    'a    b\u00a0\u00a0\u3000c', // another column
  ]

  test.each(HOSTILE)('%j neither acts nor adds a line or a column', text => {
    const table = renderTable([{ id: 'x', name: text, last: 'y' }], ['id', 'name', 'last'])
    expect(table.split('\n').map(line => line.split(/ {2,}/).length)).toEqual([3, 3])
    expect(table.replaceAll('\n', '')).not.toMatch(/[\p{C}\u2028\u2029]/u)
    const record = renderRecord({ [text]: text, nested: { a: [text, 1] } })
    expect(record.split('\n')).toHaveLength(2)
    expect(record.replaceAll('\n', '')).not.toMatch(/[\p{C}\u2028\u2029]/u)
  })

  test('holds for any text, and JSON stays the same value', () => {
    const texts = fc.uint16Array({ maxLength: 40 }).map(units => String.fromCharCode(...units))
    fc.assert(
      fc.property(texts, text => {
        expect(visible(text)).not.toMatch(/[\p{C}\u2028\u2029]| {2}/u)
        const json = visibleJson(`${JSON.stringify({ text }, null, 1)}\n{}`)
        expect(json.replaceAll('\n', '')).not.toMatch(/[\p{C}\u2028\u2029]/u)
        expect(JSON.parse(json.slice(0, -2))).toEqual({ text })
      }),
      { numRuns: 50 },
    )
  })

  test('columns stand under each other; long texts are cut, ids never', () => {
    const long = 'w'.repeat(90)
    const rows = [
      { id: long, name: '日本', n: 1 },
      { id: 'a', name: null, n: 0 },
      { id: 'b', name: long, n: { a: 1 } },
    ]
    const lines = renderTable(rows, ['id', 'name', 'n']).split('\n')
    expect(lines[1]).toContain(`${long}  日本  `)
    expect(lines[2]).toMatch(/^a +– +0$/)
    expect(lines[3]).toMatch(/ w{47}… {2}\{"a":1\}$/)
    expect(new Set([lines[0], lines[2]].map(line => line?.search(/[n0]$/i))).size).toBe(1)
    expect(renderTable([], ['id'])).toBe('None.')
  })
})
