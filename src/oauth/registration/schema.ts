// What an operator may register, with every URI checked (RFC 8252 §7, RFC 9700 §2.6).
import * as z from 'zod'
import { defaultGrantTypes, GRANT_TYPES, MAGIC_LINK_GRANT } from '../../domain/client.ts'
import { isChosenClientId } from '../../domain/ids.ts'
import {
  ACCESS_TOKEN_MAX_SECONDS,
  ACCESS_TOKEN_SECONDS,
  REFRESH_GRACE_MAX_SECONDS,
  REFRESH_GRACE_SECONDS,
} from '../../domain/limits.ts'
import { isPlainJwks } from '../../domain/public-jwk.ts'
import { isHttpsOrigin, isLinkUri, isRedirectUri } from '../../domain/redirect-uri.ts'
import { DEFAULT_RULE } from '../../domain/rule.ts'
import { isScopeToken } from '../../domain/scope.ts'
import { isTargetUri } from '../../domain/target-uri.ts'
import { SERVED_AUTH_METHODS } from '../client-authentication.ts'

const LIST_MAX = 50
const URI_MAX_CHARS = 2_048

const uri = z.string().max(URI_MAX_CHARS).refine(isRedirectUri)
const uris = z.array(uri).max(LIST_MAX)

/** Judged as it came, private members and all; what is kept are the members that say which key it is. */
const Jwk = z.record(z.string(), z.unknown())
const JWK_MEMBERS = ['kid', 'kty', 'crv', 'x', 'y', 'alg', 'use', 'key_ops']
const knownMembers = (jwk: z.output<typeof Jwk>) =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => JWK_MEMBERS.includes(name)))

export const SessionRuleBody = z.object({
  limit: z.number().int().min(1).max(1_000).nullable(),
  at_limit: z.enum(['replace_oldest', 'replace_least_recent', 'refuse']),
})

const Registration = z
  .object({
    client_id: z.string().refine(isChosenClientId).optional(),
    name: z.string().min(1).max(300),
    kind: z.enum(['first_party', 'third_party']),
    type: z.enum(['public', 'confidential']),
    redirect_uris: uris.default([]),
    post_logout_redirect_uris: uris.default([]),
    link_uri: uri.nullable().default(null),
    grant_types: z.array(z.enum(GRANT_TYPES)).max(LIST_MAX).optional(),
    scopes: z.array(z.string().max(100).refine(isScopeToken)).max(LIST_MAX),
    audience: z.string().max(URI_MAX_CHARS).refine(isAbsoluteUri).nullable().default(null),
    token_endpoint_auth_method: z.enum(SERVED_AUTH_METHODS).optional(),
    cors_origins: z.array(z.string().max(URI_MAX_CHARS).refine(isHttpsOrigin)).max(LIST_MAX).default([]),
    session_rule: SessionRuleBody.default(DEFAULT_RULE),
    refresh_grace_seconds: z
      .number()
      .int()
      .min(0)
      .max(REFRESH_GRACE_MAX_SECONDS)
      .default(REFRESH_GRACE_SECONDS),
    jwks: z
      .looseObject({ keys: z.array(Jwk) })
      .refine(isPlainJwks)
      .transform(({ keys }) => ({ keys: keys.map(knownMembers) }))
      .nullable()
      .default(null),
    jwks_uri: z.string().max(URI_MAX_CHARS).nullable().default(null),
    backchannel_logout_uri: z.string().max(URI_MAX_CHARS).nullable().default(null),
    dpop_bound_access_tokens: z.boolean().default(false),
    require_pushed_authorization_requests: z.boolean().default(false),
    access_token_seconds: z.number().int().min(1).max(ACCESS_TOKEN_MAX_SECONDS).default(ACCESS_TOKEN_SECONDS),
  })
  .transform(body => ({
    ...body,
    grant_types: [...new Set(body.grant_types ?? defaultGrantTypes(body.kind))],
    scopes: [...new Set(body.scopes)],
    token_endpoint_auth_method:
      body.token_endpoint_auth_method ??
      (body.type === 'public' ? ('none' as const) : ('client_secret_basic' as const)),
  }))
  .superRefine((body, context) => {
    const wrong = (path: string) => context.addIssue({ code: 'custom', path: [path], message: 'invalid' })
    if ((body.type === 'public') !== (body.token_endpoint_auth_method === 'none'))
      wrong('token_endpoint_auth_method')
    // What anybody can claim to be has no name of its own to act in.
    if (body.type === 'public' && body.grant_types.includes('client_credentials')) wrong('grant_types')
    // Keys are for `private_key_jwt`, which takes them from one place.
    const places = [body.jwks, body.jwks_uri].filter(place => place !== null).length
    if (places !== (body.token_endpoint_auth_method === 'private_key_jwt' ? 1 : 0))
      wrong(body.jwks_uri === null ? 'jwks' : 'jwks_uri')
    // A third party never sees a user's mail link.
    if (body.kind === 'third_party' && body.grant_types.includes(MAGIC_LINK_GRANT)) wrong('grant_types')
  })

/** @param allowsLoopback whether `link_uri` and the places that are called may be on this machine */
export const clientBody = (allowsLoopback: boolean) =>
  Registration.superRefine((body, context) => {
    const check = (path: 'link_uri' | 'jwks_uri' | 'backchannel_logout_uri', isRight: typeof isLinkUri) => {
      const uri = body[path]
      if (uri !== null && !isRight(uri, allowsLoopback))
        context.addIssue({ code: 'custom', path: [path], message: 'invalid' })
    }
    check('link_uri', isLinkUri)
    check('jwks_uri', isTargetUri)
    check('backchannel_logout_uri', isTargetUri)
  })

function isAbsoluteUri(value: string): boolean {
  return URL.canParse(value) && !value.includes('#')
}
