// Whoever has the two files that were published: they sign anything with the service's own key, and know every row.
import { createPrivateKey, randomBytes, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Row, Tables } from './local-database.ts'

export type Claims = Readonly<Record<string, unknown>>

export interface Thief {
  readonly kid: string
  readonly tables: Tables
  rows(table: string, filter?: Row): readonly Row[]
  /** A token with the leaked key's signature. A claim that is `undefined` is left out. */
  forge(typ: string, claims: Claims, header?: Claims): string
}

/** @param directory as `publish` wrote it */
export function createThief(directory: string): Thief {
  const read = (name: string) => JSON.parse(readFileSync(resolve(directory, name), 'utf8'))
  const jwk = read('private-key.jwk.json') as Record<string, unknown> & { kid: string }
  const tables = read('database.json') as Tables
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  return {
    kid: jwk.kid,
    tables,
    rows: (table, filter = {}) =>
      (tables[table] ?? []).filter(row =>
        Object.entries(filter).every(([name, value]) => row[name] === value),
      ),
    forge(typ, claims, header = {}) {
      const input = [{ alg: 'ES256', typ, kid: jwk.kid, ...header }, claims].map(encode).join('.')
      const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
      return `${input}.${signature.toString('base64url')}`
    },
  }
}

export const randomSecret = (): string => randomBytes(32).toString('base64url')

export const claimsOf = (token: string): Claims =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
