// The inventory of keys and secrets (docs/keys.md) against the code: what one has and the other has not.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { dottedName, importsOf, isNode, nodesOf, readSources, type Sources } from './sources.ts'

const sources = readSources()
const textOf = (path: string): string => sources.get(path) ?? readFileSync(path, 'utf8')

/** The rows of each table, by what stands in its first column. */
const rows = new Map(
  [...readFileSync('docs/keys.md', 'utf8').matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map(
    ([, id = '', rest = '']) => [id, rest.split(' | ')] as const,
  ),
)
const listed = (pattern: RegExp): string[] => [...rows.keys()].filter(id => pattern.test(id)).sort()

/** The members of `export type Name = | 'a' | 'b'`. */
function membersOf(path: string, name: string): string[] {
  const union = new RegExp(`export type ${name} =((?:\\s*\\|\\s*'[^']+')+)`).exec(textOf(path))?.[1] ?? ''
  return [...union.matchAll(/'([^']+)'/g)].map(([, member = '']) => member)
}

/** Settings that are secrets, by their names. */
const settings = (): string[] =>
  [
    ...textOf('src/config.ts').matchAll(/^ {2}([A-Z_]+): /gm),
    ...(/^required = \[(.+)\]$/m.exec(textOf('wrangler.toml'))?.[1] ?? '').matchAll(/"(\w+)"/g),
  ]
    .map(([, name = '']) => name)
    .filter(name => /_(?:SECRET|TOKEN|PASSWORD|KEY)(?:_OTHER)?$/.test(name))

/** What an info or prefix of ours begins with, wherever it is written. */
function labels(from: Sources): string[] {
  const some = [...from].filter(([, source]) => source.includes('latchkey/'))
  return some.flatMap(([path, source]) =>
    nodesOf(path, source).flatMap(({ node }) => {
      const [quasi] = (node.type === 'TemplateLiteral' ? node.quasis : []) as { value: { cooked: string } }[]
      const text = node.type === 'Literal' ? node.value : quasi?.value.cooked
      return typeof text === 'string' && text.startsWith('latchkey/') ? [text] : []
    }),
  )
}

const columns = (): string[] => {
  const tables = textOf('schema.sql').matchAll(/CREATE TABLE IF NOT EXISTS (\w+) \(\n(.*?)\n\)/gs)
  return [...tables].flatMap(([, table, body = '']) =>
    [...body.matchAll(/^ {2}([a-z_]+) [A-Z]/gm)]
      .map(([, column = '']) => column)
      .filter(column => /secret|digest|sealed|commitment|jwk|salt|password|token/.test(column))
      .filter(column => !column.endsWith('_until'))
      .map(column => `${table}.${column}`),
  )
}

/** Calls of WebCrypto, and what is taken from jose, by file. */
function operations(from: Sources): Map<string, string> {
  const found = new Map<string, string>()
  for (const [path, source] of from) {
    if (!/subtle|'jose'/.test(source)) continue
    const names = nodesOf(path, source).flatMap(({ node }) => {
      if (node.type === 'MemberExpression')
        return /(?:^|\.)crypto\.subtle\.(\w+)$/.exec(dottedName(node))?.[1] ?? []
      if (node.type !== 'ImportDeclaration' || !isNode(node.source) || node.source.value !== 'jose') return []
      const specifiers = node.specifiers as { importKind?: string; local: { name: string } }[]
      return node.importKind === 'type'
        ? []
        : specifiers.filter(each => each.importKind !== 'type').map(each => each.local.name)
    })
    if (names.length > 0) found.set(path, [...new Set(names)].sort().join(', '))
  }
  return found
}

const unique = (names: readonly string[]): string[] => [...new Set(names)].sort()

describe('KY-05: the inventory names', () => {
  test('every secret among the settings, and no other', () => {
    expect(listed(/^[A-Z_]+$/)).toEqual(unique(settings()))
  })

  test('every purpose for which a key is derived or a digest made, and no other', () => {
    const seals = membersOf('src/tokens/secrets.ts', 'SealPurpose').map(purpose => `seal/${purpose}`)
    const macs = membersOf('src/tokens/secrets.ts', 'MacPurpose').map(purpose => `mac/${purpose}`)
    const digests = membersOf('src/tokens/digest.ts', 'DigestPurpose').map(purpose => `digest/${purpose}`)
    for (const each of [seals, macs, digests]) expect(each.length).toBeGreaterThan(5)
    expect(listed(/^(?:seal|mac|digest)\//)).toEqual(unique([...seals, ...macs, ...digests]))
  })

  test('every other label under which a key is derived', () => {
    const families = ['latchkey/', 'latchkey/mac/', 'latchkey/seal/']
    expect(unique(labels(sources))).toEqual([...families, ...listed(/^latchkey\//)].sort())
  })

  test('every column of a secret or of what stands for one, and no other', () => {
    expect(listed(/^[a-z_]+\.[a-z_]+$/)).toEqual(unique(columns()))
  })

  test('every place where the code has a key in hand, with what it does there', () => {
    const known = listed(/^src\//).map(path => [path, rows.get(path)?.[0]] as const)
    expect(known).toEqual([...operations(sources)].sort())
    expect([...sources].filter(([path, source]) => importsOf(path, source).includes('jose')).length).toBe(3)
  })

  test('what for, how, where, whose, and how it is replaced', () => {
    for (const [id, cells] of rows) expect([id, cells.filter(cell => cell.trim() === '')]).toEqual([id, []])
    for (const id of [...listed(/^[A-Z_]+$/), ...listed(/^[a-z_]+\.[a-z_]+$/)]) {
      expect([id, rows.get(id)]).toEqual([id, expect.objectContaining({ length: 5 })])
    }
  })
})
