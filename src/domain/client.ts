// A client: an app, as an operator registered it.
import { ACCESS_TOKEN_SECONDS, REFRESH_GRACE_SECONDS } from './limits.ts'
import type { SessionRule } from './rule.ts'
import type { ClientKind } from './session.ts'

export const MAGIC_LINK_GRANT = 'urn:latchkey:grant-type:magic-link'
/** RFC 8628 §3.4 */
export const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
export const GRANT_TYPES = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  DEVICE_CODE_GRANT,
  MAGIC_LINK_GRANT,
] as const
export type GrantType = (typeof GRANT_TYPES)[number]

/** A client registers one of these and uses no other. */
export const CLIENT_AUTH_METHODS = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
] as const
export type ClientAuthMethod = (typeof CLIENT_AUTH_METHODS)[number]

/** How a resource server has tokens checked: strongly each time, or within the declared bound. */
export const VALIDATION_MODES = ['bounded', 'strong'] as const
export type ValidationMode = (typeof VALIDATION_MODES)[number]

export interface ClientRegistration {
  readonly name: string
  readonly kind: ClientKind
  readonly type: 'public' | 'confidential'
  readonly redirect_uris: readonly string[]
  readonly post_logout_redirect_uris: readonly string[]
  readonly link_uri: string | null
  readonly grant_types: readonly GrantType[]
  readonly scopes: readonly string[]
  readonly audience: string | null
  readonly token_endpoint_auth_method: ClientAuthMethod
  /** Public keys of `private_key_jwt`: these, or those at `jwks_uri` (RFC 7591 §2). */
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] } | null
  readonly jwks_uri: string | null
  /** OpenID Connect Back-Channel Logout 1.0 §2.2 */
  readonly backchannel_logout_uri: string | null
  /** RFC 9449 §5.2 */
  readonly dpop_bound_access_tokens: boolean
  /** RFC 9126 §6 */
  readonly require_pushed_authorization_requests: boolean
  readonly cors_origins: readonly string[]
  readonly session_rule: SessionRule
  readonly refresh_grace_seconds: number
  readonly access_token_seconds: number
  /** Of a resource server: of all tokens that it asks about, and of those with one of the scopes, always strongly. */
  readonly validation_mode: ValidationMode
  readonly strong_scopes: readonly string[]
}

export interface Client extends ClientRegistration {
  readonly id: string
  readonly secretDigest: string | null
  readonly formerSecret: FormerSecret | null
  readonly createdAt: number
}

/** The one before the last rotation. */
export interface FormerSecret {
  readonly digest: string
  /** Seconds; until then it opens as well. */
  readonly until: number
}

/** The built-in client whose sessions are browser sessions. It is no OAuth client: it has no grant. */
export const ACCOUNT_CLIENT: Client = {
  id: 'account',
  secretDigest: null,
  formerSecret: null,
  createdAt: 0,
  name: 'Latchkey',
  kind: 'first_party',
  type: 'public',
  redirect_uris: [],
  post_logout_redirect_uris: [],
  link_uri: null,
  grant_types: [],
  scopes: [],
  audience: null,
  token_endpoint_auth_method: 'none',
  jwks: null,
  jwks_uri: null,
  backchannel_logout_uri: null,
  dpop_bound_access_tokens: false,
  require_pushed_authorization_requests: false,
  cors_origins: [],
  session_rule: { limit: null, at_limit: 'replace_least_recent' },
  refresh_grace_seconds: REFRESH_GRACE_SECONDS,
  access_token_seconds: ACCESS_TOKEN_SECONDS,
  validation_mode: 'bounded',
  strong_scopes: [],
}

export function defaultGrantTypes(kind: ClientKind): readonly GrantType[] {
  const everyone = ['authorization_code', 'refresh_token'] as const
  return kind === 'first_party' ? [...everyone, MAGIC_LINK_GRANT] : everyone
}

/** Digests of what opens now. */
export const secretDigestsOf = (
  { secretDigest, formerSecret }: Pick<Client, 'secretDigest' | 'formerSecret'>,
  now: number,
): readonly string[] => [
  ...(secretDigest === null ? [] : [secretDigest]),
  ...(formerSecret !== null && now < formerSecret.until ? [formerSecret.digest] : []),
]

/** What is public or has keys has no secret. */
export const usesSecret = (client: Pick<ClientRegistration, 'token_endpoint_auth_method'>): boolean =>
  client.token_endpoint_auth_method.startsWith('client_secret_')
