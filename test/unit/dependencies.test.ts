// What is installed, and by whose leave: the lockfile against package.json and docs/dependencies.md. Asks no network.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

interface Locked {
  readonly version?: string
  readonly integrity?: string
  readonly license?: string
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly optional?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'))
const { '': root, ...rest } = json('package-lock.json').packages as Record<string, Locked>
const locked = Object.entries(rest)
const manifest = json('package.json') as Required<Pick<Locked, 'dependencies' | 'devDependencies'>>
const inventory = readFileSync('docs/dependencies.md', 'utf8')

const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
const inProduction = locked.filter(([, { dev, devOptional, optional }]) => !dev && !devOptional && !optional)

/** Nobody has to publish anything, and nobody has to be asked. */
const PERMISSIVE = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]

/** Copyleft of single files or of a library: tools on a developer's machine, of which nothing is distributed. */
const OF_TOOLS: readonly (readonly [name: RegExp, licence: RegExp])[] = [
  [/^axe-core$/, /^MPL-2\.0$/],
  [/^lightningcss(-|$)/, /^MPL-2\.0$/],
  [/^@img\/sharp-/, /\bLGPL-3\.0-or-later\b/],
]

const isPermissive = (licence: string): boolean => {
  const words = licence.replace(/[()]/g, '')
  const [every, some] = [words.split(' AND '), words.split(' OR ')]
  return words.includes(' OR ')
    ? some.some(each => PERMISSIVE.includes(each))
    : every.every(each => PERMISSIVE.includes(each))
}

describe('CF-03: dependencies', () => {
  test('CF-03: each is locked to one version and its digest, and those that we name to the version that we name', () => {
    expect(locked.length).toBeGreaterThan(100)
    const loose = locked.filter(
      ([, { version = '', integrity = '' }]) =>
        !/^\d+\.\d+\.\d+/.test(version) || !integrity.startsWith('sha512-'),
    )
    expect(loose.map(([path]) => path)).toEqual([])
    const named = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    for (const [name, version] of named)
      expect([name, rest[`node_modules/${name}`]?.version]).toEqual([name, version])
    expect([root?.dependencies, root?.devDependencies]).toEqual([
      manifest.dependencies,
      manifest.devDependencies,
    ])
  })

  test('CF-03: in production there is what the inventory says, in that version under that licence, and nothing that these bring', () => {
    const rows = [...inventory.matchAll(/^\| `([^`]+)` (\S+) \| ([^|]+) \|/gm)]
    const stated = rows.map(([, name, version, licence]) => [name, version, licence?.trim()])
    const found = inProduction.map(([path, { version, license }]) => [nameOf(path), version, license])
    expect(found.sort()).toEqual(stated.toSorted())
    expect(Object.fromEntries(stated.map(([name, version]) => [name, version]))).toEqual(
      manifest.dependencies,
    )
    for (const [, { dependencies }] of inProduction) expect(dependencies).toBeUndefined()
    for (const [name = '', , licence] of stated)
      expect(json(`node_modules/${name}/package.json`).license).toBe(licence)
  })

  test('CF-03: each tool is in the inventory', () => {
    const names = Object.keys(manifest.devDependencies)
    expect(names.filter(name => !inventory.includes(`\`${name}\``))).toEqual([])
  })

  test('CF-03: each may be used by anybody: permissive, or a tool that we know of', () => {
    const strict = locked
      .filter(([, { license = '' }]) => !isPermissive(license))
      .map(([path, { license = '' }]) => [nameOf(path), license] as const)
    const isKnown = (name: string, license: string) =>
      OF_TOOLS.some(([names, licences]) => names.test(name) && licences.test(license))
    expect(strict.filter(([name, license]) => !isKnown(name, license))).toEqual([])
    expect(inProduction.filter(([, { license = '' }]) => !isPermissive(license))).toEqual([])
    // What finds nothing must be known to find something.
    const verdicts = ['', 'UNLICENSED', 'GPL-3.0', 'MIT AND GPL-2.0', '(MPL-2.0 OR Apache-2.0)', 'MIT'].map(
      isPermissive,
    )
    expect(verdicts).toEqual([false, false, false, false, true, true])
  })
})
