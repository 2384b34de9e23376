// The parameters of an authorization request as they were sent: an empty one counts as absent (RFC 6749 §3.1).
import { OAuthError } from '../errors.ts'

/** Of an authorization request: those that count, and those that are refused by name. */
export const AUTHORIZATION_PARAMETERS = [
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'state',
  'scope',
  'resource',
  'code_challenge',
  'code_challenge_method',
  'nonce',
  'prompt',
  'max_age',
  'login_hint',
  'id_token_hint',
  'dpop_jkt',
  'request_uri',
  'request',
  'registration',
] as const

/** Of a request to sign out (OpenID Connect RP-Initiated Logout 1.0 §2). */
export const LOGOUT_PARAMETERS = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state'] as const

type Name = (typeof AUTHORIZATION_PARAMETERS | typeof LOGOUT_PARAMETERS)[number] | 'csrf_token'

export interface Sent {
  /** null when absent. Throws `invalid_request` when it was sent more than once. */
  readonly one: (name: Name) => string | null
  /** null when absent or repeated. */
  readonly single: (name: Name) => string | null
  readonly isRepeated: (name: Name) => boolean
  readonly isAnyRepeated: boolean
}

/** Anybody may send thousands: they are walked through once. */
export function readSent(parameters: URLSearchParams): Sent {
  /** null for what was sent more than once. */
  const values = new Map<string, string | null>()
  for (const [name, value] of parameters) values.set(name, values.has(name) ? null : value)
  const isRepeated = (name: string) => values.get(name) === null
  const single = (name: string) => values.get(name) || null
  return {
    one(name) {
      if (isRepeated(name)) throw new OAuthError('invalid_request', 'a parameter is repeated')
      return single(name)
    },
    single,
    isRepeated,
    isAnyRepeated: values.size < parameters.size,
  }
}
