// The audience of an access token: one string (RFC 8707).
import type { Client } from '../domain/client.ts'
import type { Parts } from '../sign-in/parts.ts'
import { isRegisteredAudience } from '../store/clients.ts'
import { OAuthError } from './errors.ts'

/** The resource asked for, else the client's audience, else the issuer. Throws `invalid_target` for an unknown one. */
export async function resolveAudience(
  parts: Pick<Parts, 'config' | 'shards'>,
  client: Client,
  resource: string | undefined,
): Promise<string> {
  const own = client.audience ?? parts.config.issuer
  if (resource === undefined || resource === own || resource === parts.config.issuer) return resource ?? own
  if (await isRegisteredAudience(parts.shards.global, resource)) return resource
  throw new OAuthError('invalid_target', 'no such resource')
}

/** What was authorized for one resource is for that one. Throws `invalid_target`. */
export function refuseOtherResource(resource: string | undefined, audience: string): void {
  if (resource !== undefined && resource !== audience) {
    throw new OAuthError('invalid_target', 'it was authorized for another resource')
  }
}

/**
 * Of a refresh: the resource asked for, else what the session began with. A session that began for a resource of others
 * stays with it, beside the client's own audience and the issuer (RFC 8707 §2.2); one that named none may ask for any.
 * Throws `invalid_target`.
 */
export async function resolveNextAudience(
  parts: Pick<Parts, 'config' | 'shards'>,
  client: Client,
  granted: string,
  resource: string | undefined,
): Promise<string> {
  if (resource === undefined || resource === granted) return granted
  const audience = await resolveAudience(parts, client, resource)
  const own = [client.audience, parts.config.issuer]
  if (own.includes(granted) || own.includes(audience)) return audience
  throw new OAuthError('invalid_target', 'not the resource that the session began for')
}

/** An audience that is neither the issuer nor the client's own; null for those. */
export const foreignResource = (
  { config }: Pick<Parts, 'config'>,
  client: Client,
  audience: string,
): string | null => (audience === config.issuer || audience === client.audience ? null : audience)
