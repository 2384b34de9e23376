// The shape of the project as tables: which room may import which, and where each effect lives.
import { dottedName, importsOf, isNode, type Node, nodesOf, type Sources } from './sources.ts'

/** From the ground up. A room imports only from floors below its own, never from a neighbour on its floor. */
const FLOORS: readonly (readonly string[])[] = [
  ['domain'],
  ['log', 'config', 'once-per-env', 'sockets', 'verifier'],
  ['records', 'outbound'],
  // For resource servers: nothing of the service is in their bundle.
  ['resource'],
  ['store'],
  ['tokens'],
  ['user', 'waiting', 'notify', 'limits', 'mail', 'pages'],
  ['sign-in'],
  ['oauth'],
  ['http', 'rpc'],
  ['app', 'housekeeping'],
  ['index'],
  // Run by Node itself: it may use everything, and nothing of the Worker knows it.
  ['cli', 'example'],
]

/** Imports against the direction, as `file -> import`. */
export function findUpwardImports(sources: Sources): readonly string[] {
  return [...sources].flatMap(([path, source]) =>
    importsOf(path, source)
      .filter(target => !mayImport(roomOf(path), target))
      .map(target => `${path} -> ${target}`),
  )
}

function mayImport(room: string, target: string): boolean {
  if (!target.startsWith('src/')) return room !== 'domain'
  const other = roomOf(target)
  return other === room || floorOf(other) < floorOf(room)
}

const roomOf = (path: string): string => (path.split('/')[1] ?? '').replace(/\.tsx?$/, '')

function floorOf(room: string): number {
  const floor = FLOORS.findIndex(rooms => rooms.includes(room))
  if (floor < 0) throw new Error(`the room ${room} has no floor yet`)
  return floor
}

interface Effect {
  readonly name: string
  /** Rooms that may have it. */
  readonly rooms: readonly string[]
  readonly packages?: readonly string[]
  readonly isUse?: (node: Node, parent: Node | null) => boolean
}

const isMember = (node: Node, pattern: RegExp): boolean =>
  node.type === 'MemberExpression' && pattern.test(dottedName(node))

const isTextArgument = (node: Node): boolean => {
  const [argument] = node.arguments as readonly Node[]
  return (
    argument?.type === 'TemplateLiteral' ||
    (argument?.type === 'Literal' && typeof argument.value === 'string')
  )
}

/** The global itself: not a member of something else, not the name of a member, a parameter or an import. */
const isGlobal = (node: Node, parent: Node | null, name: string): boolean =>
  node.type === 'Identifier' &&
  node.name === name &&
  (parent?.type === 'CallExpression' || (parent?.type === 'MemberExpression' && parent.object === node))

const EFFECTS: readonly Effect[] = [
  { name: 'jose', rooms: ['tokens'], packages: ['jose'] },
  {
    name: 'WebCrypto',
    rooms: ['tokens'],
    isUse: node => isMember(node, /(^|\.)(crypto\.(subtle|getRandomValues|randomUUID))$/),
  },
  {
    // A session of D1 may be answered by a replica, and the platform's cache by anybody's copy.
    name: 'a copy of unknown age (CF-07)',
    rooms: [],
    isUse: node => isMember(node, /(^|\.)(withSession|caches\.(default|open))$/),
  },
  {
    name: 'SQL',
    rooms: ['store'],
    isUse: node =>
      node.type === 'CallExpression' &&
      /\.(prepare|exec)$/.test(dottedName(node.callee)) &&
      isTextArgument(node),
  },
  { name: 'SMTP', rooms: ['mail'], packages: ['cloudflare:sockets', 'worker-mailer'] },
  {
    name: 'fetch of the outside',
    // app.ts hands it to the transports and to `outbound`.
    // `resource` runs elsewhere: it asks the service.
    rooms: ['mail', 'outbound', 'app', 'resource', 'cli'],
    isUse: (node, parent) => isGlobal(node, parent, 'fetch') || isMember(node, /^(globalThis|self)\.fetch$/),
  },
  {
    name: 'console',
    rooms: ['log', 'cli'],
    isUse: (node, parent) => isGlobal(node, parent, 'console') || isMember(node, /^globalThis\.console$/),
  },
  { name: 'Math.random', rooms: [], isUse: node => isMember(node, /(^|\.)Math\.random$/) },
  // Records: AsyncLocalStorage, which workerd has.
  { name: 'Node', rooms: ['records', 'cli'], packages: ['node:'] },
]

/** Effects away from home, as `file:line name`. */
export function findStrayEffects(sources: Sources): readonly string[] {
  return [...sources].flatMap(([path, source]) => {
    const strays = EFFECTS.filter(effect => !effect.rooms.includes(roomOf(path)))
    const imports = importsOf(path, source)
    const imported = strays.filter(effect =>
      effect.packages?.some(name => imports.some(target => isOfPackage(target, name))),
    )
    const used = nodesOf(path, source).flatMap(({ node, parent }) =>
      strays
        .filter(effect => effect.isUse?.(node, parent))
        .map(effect => `${path}:${lineOf(source, node)} ${effect.name}`),
    )
    return [...imported.map(effect => `${path} imports ${effect.name}`), ...used]
  })
}

/** The package itself or a part of it; `node:` stands for all of Node's own. */
const isOfPackage = (target: string, name: string): boolean =>
  target === name || target.startsWith(name.endsWith(':') ? name : `${name}/`)

const lineOf = (source: string, node: Node): number => source.slice(0, node.start).split('\n').length

/** SQL with anything but upper-case constants of its own file put into it, as `file:line`. */
export function findBuiltSql(sources: Sources): readonly string[] {
  return [...sources].flatMap(([path, source]) => {
    const nodes = nodesOf(path, source)
    const constants = new Set(
      nodes
        .filter(({ node }) => node.type === 'VariableDeclarator' && isPlainText(node.init))
        .map(({ node }) => dottedName(node.id))
        .filter(name => /^[A-Z][A-Z_]*$/.test(name)),
    )
    const isSafe = (sql: unknown): boolean =>
      isPlainText(sql) ||
      (isNode(sql) &&
        sql.type === 'TemplateLiteral' &&
        (sql.expressions as readonly unknown[]).every(part => constants.has(dottedName(part))))
    return nodes
      .filter(
        ({ node }) => node.type === 'CallExpression' && /\.(prepare|exec)$/.test(dottedName(node.callee)),
      )
      .filter(({ node }) => !isSafe((node.arguments as readonly unknown[])[0]))
      .map(({ node }) => `${path}:${lineOf(source, node)}`)
  })
}

const isPlainText = (value: unknown): boolean =>
  isNode(value) &&
  ((value.type === 'Literal' && typeof value.value === 'string') ||
    (value.type === 'TemplateLiteral' && (value.expressions as readonly unknown[]).length === 0))
