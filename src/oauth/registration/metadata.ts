// Client metadata under the RFC's names (RFC 7591 §2): what a client says of itself, judged as an operator's
// registration is. What it may not set, and what nobody knows, is ignored.
import * as v from 'valibot'
import type { Client, ClientAuthMethod, ClientRegistration, GrantType } from '../../domain/client.ts'
import { joinScope, splitScope } from '../../domain/scope.ts'
import type { ClientKind } from '../../domain/session.ts'
import { OAuthError } from '../errors.ts'
import { clientBody } from './schema.ts'

/** What a client may be, and ask for, that nobody vouches for. */
export const UNVOUCHED = {
  kind: 'third_party',
  scopes: ['openid', 'email'],
  grants: ['authorization_code', 'refresh_token'],
  usualGrants: ['authorization_code'],
} as const
const SCOPE_MAX_CHARS = 1_000
/** One line, that does not turn the text around it: it is shown on pages and in mails. */
const NAME = /^[^\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u

export const Metadata = v.object({
  client_name: v.optional(v.pipe(v.string(), v.regex(NAME))),
  redirect_uris: v.pipe(v.array(v.unknown()), v.minLength(1)),
  post_logout_redirect_uris: v.optional(v.unknown()),
  token_endpoint_auth_method: v.optional(v.string()),
  // Others may be asked for: what is registered stands in the answer (RFC 7591 §2).
  grant_types: v.optional(v.array(v.string())),
  response_types: v.optional(v.pipe(v.array(v.string()), v.includes('code')), ['code']),
  scope: v.optional(v.pipe(v.string(), v.maxLength(SCOPE_MAX_CHARS))),
  jwks: v.optional(v.unknown()),
  jwks_uri: v.optional(v.unknown()),
  backchannel_logout_uri: v.optional(v.unknown()),
  dpop_bound_access_tokens: v.optional(v.unknown()),
  require_pushed_authorization_requests: v.optional(v.unknown()),
})

/** A JSON object, whatever it holds: which fields are known, and what they may be, is a matter of metadata. */
export const AnyObject = v.custom<Readonly<Record<string, unknown>>>(
  value => typeof value === 'object' && value !== null && !Array.isArray(value),
)

export interface MetadataDefaults {
  readonly name: string
  readonly authMethod: ClientAuthMethod
  readonly kind: ClientKind
  /** Those beyond are left out; all of them when none is named. */
  readonly scopes: readonly string[]
  /** Those beyond are left out. */
  readonly grants: readonly GrantType[]
  /** When none is named. */
  readonly usualGrants: readonly GrantType[]
  readonly allowsLoopback: boolean
}

/** Throws `invalid_redirect_uri` or `invalid_client_metadata`. */
export function parseMetadata(sent: unknown, defaults: MetadataDefaults): ClientRegistration {
  const members = check(AnyObject, sent)
  const metadata = check(Metadata, withoutNulls(members))
  const { client_name, response_types: _, scope, ...rest } = metadata
  const method = metadata.token_endpoint_auth_method ?? defaults.authMethod
  const scopes = defaults.scopes.filter(each => scope === undefined || splitScope(scope).includes(each))
  const named = metadata.grant_types ?? defaults.usualGrants
  const grants = defaults.grants.filter(each => named.includes(each))
  if (grants.length === 0) throw new OAuthError('invalid_client_metadata', 'not acceptable: grant_types')
  const { client_id: __, ...registration } = check(clientBody(defaults.allowsLoopback), {
    ...rest,
    name: client_name ?? defaults.name,
    kind: defaults.kind,
    grant_types: grants,
    type: method === 'none' ? 'public' : 'confidential',
    token_endpoint_auth_method: method,
    scopes,
  })
  return registration
}

const texts = v.array(v.string())
const optionalText = v.optional(v.string())

export const MetadataView = v.object({
  client_name: v.string(),
  redirect_uris: texts,
  post_logout_redirect_uris: texts,
  token_endpoint_auth_method: v.string(),
  grant_types: texts,
  response_types: texts,
  scope: v.string(),
  dpop_bound_access_tokens: v.boolean(),
  require_pushed_authorization_requests: v.boolean(),
  jwks: v.optional(v.unknown()),
  jwks_uri: optionalText,
  backchannel_logout_uri: optionalText,
})

/** A client's registration as it may see it itself (RFC 7591 §3.2.1). */
export function metadataView(client: Client): Readonly<Record<string, unknown>> {
  const { jwks, jwks_uri, backchannel_logout_uri } = client
  return {
    client_name: client.name,
    redirect_uris: client.redirect_uris,
    post_logout_redirect_uris: client.post_logout_redirect_uris,
    token_endpoint_auth_method: client.token_endpoint_auth_method,
    grant_types: client.grant_types,
    response_types: ['code'],
    scope: joinScope(client.scopes),
    dpop_bound_access_tokens: client.dpop_bound_access_tokens,
    require_pushed_authorization_requests: client.require_pushed_authorization_requests,
    ...withoutNulls({ jwks, jwks_uri, backchannel_logout_uri }),
  }
}

function check<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, value)
  if (parsed.success) return parsed.output
  const fields = new Set(parsed.issues.map(({ path }) => String(path?.[0].key ?? 'the body')))
  if (fields.has('redirect_uris')) {
    throw new OAuthError('invalid_redirect_uri', 'redirect_uris are missing or not acceptable')
  }
  const named = [...fields].map(field => RFC_NAMES[field] ?? field).join(', ')
  throw new OAuthError('invalid_client_metadata', `not acceptable: ${named}`)
}

/** Fields whose name here is another. */
const RFC_NAMES: Readonly<Record<string, string>> = {
  name: 'client_name',
  scopes: 'scope',
  type: 'token_endpoint_auth_method',
}

/** A member that is null counts as left out (RFC 7592 §2.2). */
const withoutNulls = (members: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(members).filter(([, member]) => member !== null))
