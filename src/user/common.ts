// What all users' objects of an isolate have in common. An object seldom lives for more than a change: what each made anew,
// it would make for that change, and ask the first database again whose client it is.
import { acceptedSecrets } from '../config.ts'
import type { Client } from '../domain/client.ts'
import { oncePerEnv } from '../once-per-env.ts'
import { createClientCache } from '../store/client-cache.ts'
import { findClient } from '../store/clients.ts'
import { createShards, parseShardMap, type Shards } from '../store/shards.ts'
import { createSecrets, type Secrets } from '../tokens/secrets.ts'

export interface Common {
  readonly shards: Shards
  /** Of the deployment's keys objects use one: a log is chained by its one writer. */
  readonly secrets: Secrets
  readonly findClient: (id: string, now: number) => Promise<Client | null>
}

/** Throws when SHARDS names what is no database. */
export const commonOf = oncePerEnv((env: Env): Common => {
  const bindings = env as unknown as Record<string, unknown>
  const { SEALING_SECRET, DIGEST_SECRET } = acceptedSecrets(bindings)
  const shards = createShards(parseShardMap(env.SHARDS, bindings))
  return {
    shards,
    secrets: createSecrets(SEALING_SECRET, DIGEST_SECRET),
    findClient: createClientCache(id => findClient(shards.global, id)).find,
  }
})
