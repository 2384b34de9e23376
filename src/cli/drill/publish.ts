// What a thief of everything would have: the private signing key and the whole database, in two files.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { SigningKeyRow } from '../../store/signing-keys.ts'
import { createSecrets } from '../../tokens/secrets.ts'
import { unsealKey } from '../../tokens/signing-key.ts'
import { readSecrets } from '../secrets-file.ts'
import { DEV_VARS, UsageError } from '../settings.ts'
import { readLocalTables, type Tables } from './local-database.ts'

/** @returns the paths of the files it wrote */
export async function publish(stateDir: string, directory: string): Promise<string[]> {
  const tables = readLocalTables(stateDir)
  const key = await unsealActiveKey(tables)
  mkdirSync(directory, { recursive: true })
  return [write(directory, 'private-key.jwk.json', key), write(directory, 'database.json', tables)]
}

async function unsealActiveKey(tables: Tables): Promise<object> {
  const keys = (tables.signing_keys ?? []) as unknown as SigningKeyRow[]
  const active = keys.find(key => key.state === 'active')
  if (active === undefined) {
    throw new UsageError('There is no signing key yet: it is made for the first token. Sign in once.')
  }
  const { SEALING_SECRET, DIGEST_SECRET } = readSecrets(DEV_VARS)
  const jwk = await unsealKey(createSecrets([SEALING_SECRET], [DIGEST_SECRET]), active)
  return { ...jwk, kid: active.kid, alg: 'ES256', use: 'sig' }
}

function write(directory: string, name: string, content: object): string {
  const path = resolve(directory, name)
  const ownerOnly = 0o600
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { mode: ownerOnly })
  // The mode above counts for a new file only.
  chmodSync(path, ownerOnly)
  return path
}
