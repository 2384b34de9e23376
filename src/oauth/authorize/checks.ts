// The checks on an authorization request, in order. Each reads its own parameters, throws OAuthError, or adds
// what it has found. That the client and the redirect URI are right is known before the first of them.
import { type AuthorizationRequest, PROMPTS, type Prompt } from '../../domain/authorization.ts'
import type { Client } from '../../domain/client.ts'
import { utf8 } from '../../domain/encoding.ts'
import { AUTHORIZATION_REQUEST_MAX_BYTES } from '../../domain/limits.ts'
import type { Parts } from '../../sign-in/parts.ts'
import { readIdTokenHint } from '../../tokens/id-token.ts'
import { OAuthError } from '../errors.ts'
import { CODE_CHALLENGE } from '../proof-key.ts'
import { registeredScope, requireGrant } from '../registered.ts'
import { resolveAudience } from '../resource.ts'
import type { Sent } from './sent.ts'

export interface CheckContext {
  readonly parts: Pick<Parts, 'config' | 'keys' | 'shards'>
  readonly client: Client
  readonly isPushed: boolean
  readonly now: number
}

type Found = Partial<AuthorizationRequest>
export type Check = (sent: Sent, context: CheckContext) => Found | Promise<Found>

/** A SHA-256 thumbprint (RFC 7638). */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/

const eachOnce: Check = sent => {
  if (sent.isAnyRepeated) throw new OAuthError('invalid_request', 'a parameter is repeated')
  return {}
}

/** OpenID Connect Core §6: nothing is ever fetched. */
const noRequestObject: Check = sent => {
  if (sent.one('request') !== null) {
    throw new OAuthError('request_not_supported', 'request objects are not supported')
  }
  if (sent.one('request_uri') !== null) {
    throw new OAuthError('request_uri_not_supported', 'only pushed requests have a request_uri')
  }
  if (sent.one('registration') !== null) {
    throw new OAuthError('registration_not_supported', 'clients are registered beforehand')
  }
  return {}
}

const pushedWhereRequired: Check = (_, { client, isPushed }) => {
  if (client.require_pushed_authorization_requests && !isPushed) {
    throw new OAuthError('invalid_request', 'this client must push its requests')
  }
  return {}
}

const responseType: Check = sent => {
  const value = sent.one('response_type')
  if (value === null) throw new OAuthError('invalid_request', 'response_type is missing')
  if (value !== 'code') throw new OAuthError('unsupported_response_type', 'only code is supported')
  return {}
}

const grantIsRegistered: Check = (_, { client }) => {
  requireGrant(client, 'authorization_code')
  return {}
}

const proofKey: Check = sent => {
  if (sent.one('code_challenge_method') !== 'S256') {
    throw new OAuthError('invalid_request', 'code_challenge_method must be S256')
  }
  const codeChallenge = sent.one('code_challenge')
  if (codeChallenge === null || !CODE_CHALLENGE.test(codeChallenge)) {
    throw new OAuthError('invalid_request', 'code_challenge is missing or malformed')
  }
  return { codeChallenge }
}

const scope: Check = (sent, { client }) => ({
  scope: registeredScope(client, sent.one('scope') ?? undefined),
})

const resource: Check = async (sent, { parts, client }) => ({
  audience: await resolveAudience(parts, client, sent.one('resource') ?? undefined),
})

const prompt: Check = sent => {
  const prompts = (sent.one('prompt') ?? '').split(' ').filter(each => each !== '')
  if (!prompts.every(each => (PROMPTS as readonly string[]).includes(each))) {
    throw new OAuthError('invalid_request', 'prompt is not supported')
  }
  if (prompts.includes('none') && prompts.length > 1) {
    throw new OAuthError('invalid_request', 'prompt none stands alone')
  }
  return { prompts: prompts as Prompt[] }
}

const maxAge: Check = sent => {
  const value = sent.one('max_age')
  if (value === null) return { maxAge: null }
  if (!/^[0-9]{1,9}$/.test(value)) {
    throw new OAuthError('invalid_request', 'max_age is a whole number of seconds')
  }
  return { maxAge: Number(value) }
}

const hintAndNonce: Check = sent => ({ nonce: sent.one('nonce'), loginHint: sent.one('login_hint') })

/** One that cannot be read any more, or was another client's, names nobody. */
const hintedUser: Check = async (sent, { parts, client, now }) => {
  const token = sent.one('id_token_hint')
  const hint = token === null ? null : await readIdTokenHint(parts.keys, parts.config.issuer, token, now)
  return { hintedUserId: hint?.clientId === client.id ? hint.userId : null }
}

const boundKey: Check = sent => {
  const dpopJkt = sent.one('dpop_jkt')
  if (dpopJkt !== null && !THUMBPRINT.test(dpopJkt)) {
    throw new OAuthError('invalid_request', 'dpop_jkt is malformed')
  }
  return { dpopJkt }
}

export const CHECKS: readonly Check[] = [
  eachOnce,
  noRequestObject,
  pushedWhereRequired,
  responseType,
  grantIsRegistered,
  proofKey,
  scope,
  resource,
  prompt,
  maxAge,
  hintAndNonce,
  hintedUser,
  boundKey,
]

/** It travels through the browser, sealed. Throws `invalid_request`. */
export function refuseTooLong(request: AuthorizationRequest): void {
  if (utf8(JSON.stringify(request)).byteLength > AUTHORIZATION_REQUEST_MAX_BYTES) {
    throw new OAuthError('invalid_request', 'the request is too long')
  }
}
