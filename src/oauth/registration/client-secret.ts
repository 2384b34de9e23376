// A client's secret: made here, shown once, kept as a digest.
import { type Client, usesSecret } from '../../domain/client.ts'
import { digest } from '../../tokens/digest.ts'
import { randomSecret } from '../../tokens/random.ts'

export interface Secretive {
  readonly client: Client
  /** Set when it is new, and never to be had again. */
  readonly secret: string | null
}

/** A secret for a client that needs one and has none; none for one that needs none. */
export async function withSecret(client: Client): Promise<Secretive> {
  if (!usesSecret(client))
    return { client: { ...client, secretDigest: null, formerSecret: null }, secret: null }
  return client.secretDigest === null ? withNewSecret(client, null) : { client, secret: null }
}

/** @param formerUntil seconds: how long the secret until now opens beside the new one; null for no longer */
export async function withNewSecret(
  client: Client,
  formerUntil: number | null,
): Promise<Secretive & { readonly secret: string }> {
  const secret = randomSecret()
  const { secretDigest: former } = client
  const formerSecret = former === null || formerUntil === null ? null : { digest: former, until: formerUntil }
  return {
    client: { ...client, secretDigest: await digest('client-secret', secret), formerSecret },
    secret,
  }
}
