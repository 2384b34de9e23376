// Reads the project's own sources as syntax trees, so that comments, texts and pages cannot be mistaken for code.
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { parseAst } from 'vitest/node'

/** Path from `src/` on -> its text. */
export type Sources = ReadonlyMap<string, string>

export interface Node {
  readonly type: string
  readonly start: number
  readonly [member: string]: unknown
}

export function readSources(): Sources {
  const names = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .map(name => name.replaceAll('\\', '/'))
    .filter(name => /\.tsx?$/.test(name))
  return new Map(names.map(name => [`src/${name}`, readFileSync(`src/${name}`, 'utf8')]))
}

/** Every node of a file, with its parent. */
export function nodesOf(path: string, source: string): readonly { node: Node; parent: Node | null }[] {
  const found: { node: Node; parent: Node | null }[] = []
  const visit = (value: unknown, parent: Node | null): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, parent)
    else if (isNode(value)) {
      found.push({ node: value, parent })
      for (const member of Object.values(value)) visit(member, value)
    }
  }
  visit(parseAst(source, { lang: path.endsWith('.tsx') ? 'tsx' : 'ts' }, path), null)
  return found
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

const IMPORTING = [
  'ImportDeclaration',
  'ExportAllDeclaration',
  'ExportNamedDeclaration',
  'ImportExpression',
  'TSImportType',
]

/** What a file imports, types too: a path from `src/` on, or the name of a package. */
export function importsOf(path: string, source: string): readonly string[] {
  return nodesOf(path, source)
    .filter(({ node }) => IMPORTING.includes(node.type) && isNode(node.source))
    .map(({ node }) => {
      const specifier = String((node.source as Node).value)
      return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier
    })
}

/** `a.b` of a member expression, read through `?.`, `!` and `['b']`; the name of an identifier. */
export function dottedName(value: unknown): string {
  if (!isNode(value)) return '?'
  switch (value.type) {
    case 'Identifier':
      return String(value.name)
    case 'MemberExpression': {
      const property = value.property as Node
      const name = property.type === 'Literal' ? property.value : property.name
      return `${dottedName(value.object)}.${String(name)}`
    }
    case 'ChainExpression':
    case 'TSNonNullExpression':
    case 'TSAsExpression':
    case 'ParenthesizedExpression':
      return dottedName(value.expression)
    default:
      return '?'
  }
}
