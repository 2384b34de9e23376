// One class for every refusal of an OAuth endpoint; one table from code to status (RFC 6749 §5.2, RFC 6750 §3.1,
// RFC 8628 §3.5). The authorization endpoint sends the same codes to the redirect URI (RFC 6749 §4.1.2.1, OpenID Connect
// Core §3.1.2.6).

const STATUS = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  invalid_target: 400,
  access_denied: 400,
  authorization_pending: 400,
  slow_down: 400,
  expired_token: 400,
  unsupported_response_type: 400,
  request_not_supported: 400,
  request_uri_not_supported: 400,
  registration_not_supported: 400,
  login_required: 400,
  consent_required: 400,
  invalid_dpop_proof: 400,
  // RFC 7591 §3.2.2
  invalid_client_metadata: 400,
  invalid_redirect_uri: 400,
  invalid_token: 401,
} as const

export type OAuthErrorCode = keyof typeof STATUS

export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: OAuthErrorCode
  /** May leave: says what is wrong with the request and repeats none of it. */
  readonly description: string
  /** For the log. */
  readonly detail: string | null
  /** Latchkey's own stable code beside the RFC's. */
  readonly latchkeyCode: string | null
  /** The client whose secret was not the one that was shown. */
  readonly guessedClientId: string | null
  /** For `WWW-Authenticate`. */
  readonly challenge: string | null

  constructor(
    code: OAuthErrorCode,
    description: string,
    more: {
      detail?: string
      latchkeyCode?: string
      guessedClientId?: string | null
      challenge?: string
    } = {},
  ) {
    super(`${code}: ${more.detail ?? description}`)
    this.code = code
    this.description = description
    this.detail = more.detail ?? null
    this.latchkeyCode = more.latchkeyCode ?? null
    this.guessedClientId = more.guessedClientId ?? null
    this.challenge = more.challenge ?? null
  }

  get status(): 400 | 401 {
    return STATUS[this.code]
  }
}

/** All failed links, codes and refresh tokens look alike outside; the reason goes to the log. */
export const invalidGrant = (detail: string): OAuthError =>
  new OAuthError('invalid_grant', 'the link, code or refresh token is not valid', { detail })
