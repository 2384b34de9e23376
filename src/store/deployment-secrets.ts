// The secrets of the deployment as its isolates have found them in their settings. In the first database. A row says
// nothing about a secret, and stays: what a former one has chained is checked by the key that is kept of it, sealed.
import type { DeploymentSecret, SeenSecret } from '../domain/deployment-secrets.ts'
import { batch, run } from './d1.ts'

export interface DeploymentSecretRow extends SeenSecret {
  readonly sealed_chain_key: string | null
}

export interface InSettings {
  readonly name: DeploymentSecret
  readonly inUse: string
  readonly other: string | undefined
}

/**
 * Notes what is new, and answers with all there have ever been. For a while after a change isolates with either settings
 * note what they find; in the end the one that is in use is the one that came last.
 *
 * @param found ids
 */
export async function noteDeploymentSecrets(
  db: D1Database,
  found: readonly InSettings[],
  now: number,
): Promise<readonly DeploymentSecretRow[]> {
  const results = await batch(db, [
    ...found.map(({ name, inUse }) =>
      db
        .prepare(
          `INSERT INTO deployment_secrets (name, id, accepted_from, used_from) VALUES (?1, ?2, ?3, ?3)
           ON CONFLICT (name, id) DO UPDATE SET used_from = excluded.used_from WHERE used_from IS NULL
             OR used_from <= (SELECT max(used_from) FROM deployment_secrets WHERE name = ?1 AND id <> ?2)`,
        )
        .bind(name, inUse, now),
    ),
    ...found
      .filter(({ other }) => other !== undefined)
      .map(({ name, other }) =>
        db
          .prepare(
            `INSERT INTO deployment_secrets (name, id, accepted_from) VALUES (?, ?, ?)
             ON CONFLICT (name, id) DO NOTHING`,
          )
          .bind(name, other, now),
      ),
    selectDeploymentSecrets(db),
  ])
  return (results.at(-1)?.results ?? []) as unknown as DeploymentSecretRow[]
}

export const selectDeploymentSecrets = (db: D1Database) =>
  db.prepare(
    'SELECT name, id, accepted_from, used_from, sealed_chain_key FROM deployment_secrets ORDER BY name, id',
  )

/** Of a digest secret, once. */
export const keepChainKey = (db: D1Database, id: string, sealed: string): Promise<number> =>
  run(
    db
      .prepare(
        `UPDATE deployment_secrets SET sealed_chain_key = ?
         WHERE name = 'DIGEST_SECRET' AND id = ? AND sealed_chain_key IS NULL`,
      )
      .bind(sealed, id),
  )
