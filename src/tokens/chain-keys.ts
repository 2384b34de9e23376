// The keys under which an entry of a log may have been chained: those of the digest secrets that are accepted, and those of
// former ones, of which nothing else is kept. A former key is good for entries of its own time: with it alone nobody
// writes what is younger, and what is older stands before entries that it cannot chain.
import { type Accepted, usedUntil } from '../domain/deployment-secrets.ts'
import { parseBase64url } from '../domain/encoding.ts'
import { all } from '../store/d1.ts'
import { type DeploymentSecretRow, selectDeploymentSecrets } from '../store/deployment-secrets.ts'
import { secretId } from './secret-id.ts'
import { deriveMacKey, importMacKey, macWith, type Secrets } from './secrets.ts'

/** The MACs that an entry of this time (seconds) may have. */
export type ChainMacs = (text: string, at: number) => Promise<readonly string[]>

interface ChainKey {
  readonly key: CryptoKey
  /** Seconds. */
  readonly until: number
}

/** Throws StorageUnavailable. */
export async function loadChain(
  db: D1Database,
  secrets: Pick<Secrets, 'unseal'>,
  accepted: Accepted,
): Promise<ChainMacs> {
  const rows = await all<DeploymentSecretRow>(selectDeploymentSecrets(db))
  const ofDigests = rows.filter(({ name }) => name === 'DIGEST_SECRET')
  const keys = [
    ...(await Promise.all(accepted.map(secret => acceptedKey(ofDigests, secret ?? '')))),
    ...(await formerKeys(ofDigests, secrets)),
  ]
  return (text, at) =>
    Promise.all(keys.filter(({ until }) => at <= until).map(({ key }) => macWith(key, text)))
}

async function acceptedKey(rows: readonly DeploymentSecretRow[], secret: string): Promise<ChainKey> {
  const id = await secretId('DIGEST_SECRET', secret)
  return { key: await importMacKey(await deriveMacKey(secret, 'event-chain')), until: usedUntil(rows, id) }
}

async function formerKeys(
  rows: readonly DeploymentSecretRow[],
  secrets: Pick<Secrets, 'unseal'>,
): Promise<readonly ChainKey[]> {
  const keys: ChainKey[] = []
  for (const { id, sealed_chain_key: sealed } of rows) {
    const text = sealed === null ? null : await secrets.unseal('chain-key', id, sealed)
    const bytes = text === null ? null : parseBase64url(text)
    if (bytes !== null) keys.push({ key: await importMacKey(bytes), until: usedUntil(rows, id) })
  }
  return keys
}
