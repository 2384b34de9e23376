// What lies sealed for longer than the replacement of the sealing secret takes; what waits in the outbox, or for a sign-in, is gone before.
// All of it in the first database, and not more than operators have made.
import { all, run } from './d1.ts'

type Replace = (db: D1Database) => D1PreparedStatement

const REPLACE = {
  signing_key: db =>
    db.prepare('UPDATE signing_keys SET sealed_private_jwk = ?1 WHERE kid = ?2 AND sealed_private_jwk = ?3'),
  webhook: db => db.prepare('UPDATE webhooks SET sealed_secret = ?1 WHERE id = ?2 AND sealed_secret = ?3'),
  former_webhook: db =>
    db.prepare('UPDATE webhooks SET sealed_former_secret = ?1 WHERE id = ?2 AND sealed_former_secret = ?3'),
  chain_key: db =>
    db.prepare('UPDATE deployment_secrets SET sealed_chain_key = ?1 WHERE id = ?2 AND sealed_chain_key = ?3'),
} satisfies Readonly<Record<string, Replace>>

export type SealedPlace = keyof typeof REPLACE

export interface SealedValue {
  readonly place: SealedPlace
  readonly context: string
  readonly sealed: string
}

export const listSealed = (db: D1Database): Promise<SealedValue[]> =>
  all<SealedValue>(
    db.prepare(
      `SELECT 'signing_key' AS place, kid AS context, sealed_private_jwk AS sealed
         FROM signing_keys WHERE sealed_private_jwk IS NOT NULL
       UNION ALL SELECT 'webhook', id, sealed_secret FROM webhooks
       UNION ALL SELECT 'former_webhook', id, sealed_former_secret
         FROM webhooks WHERE sealed_former_secret IS NOT NULL
       UNION ALL SELECT 'chain_key', id, sealed_chain_key
         FROM deployment_secrets WHERE sealed_chain_key IS NOT NULL`,
    ),
  )

/** @returns false when it is another meanwhile */
export const replaceSealed = async (
  db: D1Database,
  { place, context, sealed }: SealedValue,
  resealed: string,
): Promise<boolean> => (await run(REPLACE[place](db).bind(resealed, context, sealed))) > 0
