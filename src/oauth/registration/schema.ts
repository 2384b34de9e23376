// What an operator may register, with every URI checked (RFC 8252 §7, RFC 9700 §2.6).
import * as v from 'valibot'
import {
  CLIENT_AUTH_METHODS,
  defaultGrantTypes,
  GRANT_TYPES,
  MAGIC_LINK_GRANT,
  VALIDATION_MODES,
} from '../../domain/client.ts'
import { isChosenClientId } from '../../domain/ids.ts'
import {
  ACCESS_TOKEN_MAX_SECONDS,
  ACCESS_TOKEN_SECONDS,
  REFRESH_GRACE_MAX_SECONDS,
  REFRESH_GRACE_SECONDS,
  SCOPES_MAX_CHARS,
  URI_MAX_CHARS,
} from '../../domain/limits.ts'
import { isPlainJwks } from '../../domain/public-jwk.ts'
import { isHttpsOrigin, isLinkUri, isRedirectUri } from '../../domain/redirect-uri.ts'
import { DEFAULT_RULE } from '../../domain/rule.ts'
import { isScopeToken, joinScope } from '../../domain/scope.ts'
import { isTargetUri } from '../../domain/target-uri.ts'

const LIST_MAX = 50

const text = (maxChars: number) => v.pipe(v.string(), v.maxLength(maxChars))
const uri = v.pipe(text(URI_MAX_CHARS), v.check(isRedirectUri))
const uris = v.pipe(v.array(uri), v.maxLength(LIST_MAX))
const seconds = (min: number, max: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max))

/** Judged as it came, private members and all; what is kept are the members that say which key it is. */
const Jwks = v.pipe(
  v.object({ keys: v.array(v.record(v.string(), v.unknown())) }),
  v.check(set => isPlainJwks(set)),
  v.transform(({ keys }) => ({ keys: keys.map(knownMembers) })),
)
const JWK_MEMBERS = ['kid', 'kty', 'crv', 'x', 'y', 'alg', 'use', 'key_ops']
const knownMembers = (jwk: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => JWK_MEMBERS.includes(name)))

export const SessionRuleBody = v.object({
  limit: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000))),
  at_limit: v.picklist(['replace_oldest', 'replace_least_recent', 'refuse']),
})

const Scopes = v.pipe(
  v.array(v.pipe(text(100), v.check(isScopeToken))),
  v.maxLength(LIST_MAX),
  v.check(scopes => joinScope(scopes).length <= SCOPES_MAX_CHARS),
)

export const RegistrationFields = v.object({
  client_id: v.optional(v.pipe(v.string(), v.check(isChosenClientId))),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(300)),
  kind: v.picklist(['first_party', 'third_party']),
  type: v.picklist(['public', 'confidential']),
  redirect_uris: v.optional(uris, []),
  post_logout_redirect_uris: v.optional(uris, []),
  link_uri: v.nullish(uri, null),
  grant_types: v.optional(v.pipe(v.array(v.picklist(GRANT_TYPES)), v.maxLength(LIST_MAX))),
  scopes: Scopes,
  audience: v.nullish(v.pipe(text(URI_MAX_CHARS), v.check(isAbsoluteUri)), null),
  token_endpoint_auth_method: v.optional(v.picklist(CLIENT_AUTH_METHODS)),
  cors_origins: v.optional(
    v.pipe(v.array(v.pipe(text(URI_MAX_CHARS), v.check(isHttpsOrigin))), v.maxLength(LIST_MAX)),
    [],
  ),
  session_rule: v.optional(SessionRuleBody, DEFAULT_RULE),
  refresh_grace_seconds: v.optional(seconds(0, REFRESH_GRACE_MAX_SECONDS), REFRESH_GRACE_SECONDS),
  backchannel_logout_uri: v.nullish(text(URI_MAX_CHARS), null),
  jwks: v.nullish(Jwks, null),
  jwks_uri: v.nullish(text(URI_MAX_CHARS), null),
  dpop_bound_access_tokens: v.optional(v.boolean(), false),
  require_pushed_authorization_requests: v.optional(v.boolean(), false),
  access_token_seconds: v.optional(seconds(1, ACCESS_TOKEN_MAX_SECONDS), ACCESS_TOKEN_SECONDS),
  validation_mode: v.optional(v.picklist(VALIDATION_MODES), 'bounded'),
  strong_scopes: v.optional(Scopes, []),
})

/** What a change names; it is judged once more beside what stays. */
export const PatchFields = v.partial(v.object({ ...RegistrationFields.entries, client_id: v.string() }))

const Registration = v.pipe(
  RegistrationFields,
  v.transform(body => ({
    ...body,
    grant_types: [...new Set(body.grant_types ?? defaultGrantTypes(body.kind))],
    scopes: [...new Set(body.scopes)],
    token_endpoint_auth_method:
      body.token_endpoint_auth_method ??
      (body.type === 'public' ? ('none' as const) : ('client_secret_basic' as const)),
  })),
  v.forward(
    v.check(body => (body.type === 'public') === (body.token_endpoint_auth_method === 'none')),
    ['token_endpoint_auth_method'],
  ),
  // What anybody can claim to be has no name of its own to act in.
  v.forward(
    v.check(body => body.type === 'confidential' || !body.grant_types.includes('client_credentials')),
    ['grant_types'],
  ),
  // Keys are for `private_key_jwt`, which takes them from one place.
  v.forward(
    v.check(body => body.jwks_uri !== null || (body.jwks !== null) === provesByKey(body)),
    ['jwks'],
  ),
  v.forward(
    v.check(body => body.jwks_uri === null || (body.jwks === null && provesByKey(body))),
    ['jwks_uri'],
  ),
  // A third party never sees a user's mail link.
  v.forward(
    v.check(body => body.kind === 'first_party' || !body.grant_types.includes(MAGIC_LINK_GRANT)),
    ['grant_types'],
  ),
)

function provesByKey(body: { readonly token_endpoint_auth_method: string }): boolean {
  return body.token_endpoint_auth_method === 'private_key_jwt'
}

/** @param allowsLoopback whether `link_uri` and the places that are called may be on this machine */
export const clientBody = (allowsLoopback: boolean) => {
  const mayBe = (uri: string | null, isRight: typeof isLinkUri) =>
    uri === null || isRight(uri, allowsLoopback)
  return v.pipe(
    Registration,
    v.forward(
      v.check(body => mayBe(body.link_uri, isLinkUri)),
      ['link_uri'],
    ),
    v.forward(
      v.check(body => mayBe(body.jwks_uri, isTargetUri)),
      ['jwks_uri'],
    ),
    v.forward(
      v.check(body => mayBe(body.backchannel_logout_uri, isTargetUri)),
      ['backchannel_logout_uri'],
    ),
  )
}

/** As RFC 3986 writes one: it is no longer in a token than it is here. */
function isAbsoluteUri(value: string): boolean {
  return URL.canParse(value) && /^[!$-[\]-~]+$/.test(value)
}
