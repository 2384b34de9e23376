// Refusals outside OAuth endpoints: problem details (RFC 9457), from one table of stable codes.

const PROBLEMS = {
  invalid_request: [400, 'The request is not valid'],
  invalid_email: [400, 'Not a single mail address'],
  invalid_client: [400, 'No such client'],
  invalid_redirect_uri: [400, 'The app asked to be answered at an address that is not its own'],
  invalid_request_uri: [400, 'This request is not valid or was used before'],
  authorization_over: [400, 'This request is over'],
  invalid_scope: [400, 'The client is not registered for this scope'],
  invalid_link: [400, 'The link is not valid'],
  link_expired: [400, 'The link has expired'],
  link_used: [400, 'The link or code was used before'],
  wrong_code: [400, 'The code is not right'],
  sign_in_ended: [400, 'This sign-in is over'],
  email_change_ended: [400, 'This change of address is over'],
  wrong_address: [400, 'Another address than that of this account'],
  same_address: [400, 'This is the address already'],
  address_taken: [409, 'Another account has this address'],
  recent_sign_in_required: [403, 'A recent sign-in is needed'],
  session_limit_reached: [403, 'No further session is allowed'],
  code_required: [403, 'This time the link is not enough: type the code from the same mail'],
  user_disabled: [403, 'This account is disabled'],
  wrong_browser: [403, 'The link was asked for in another browser'],
  csrf_failed: [403, 'The form did not come from this site'],
  unauthorized: [401, 'Signing in is needed'],
  invalid_token: [401, 'The token is not valid'],
  invalid_dpop_proof: [401, 'The proof of possession is not valid'],
  token_expired: [401, 'The token has expired'],
  token_rotated: [401, 'The token was replaced by a newer one'],
  session_replaced: [401, 'The session was replaced by a newer sign-in'],
  session_ended: [401, 'The session has ended'],
  insufficient_scope: [403, 'The token lacks a scope'],
  https_required: [403, 'Only https is served here'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  not_acceptable: [406, 'Not served in this form'],
  position_gone: [410, 'The feed does not go on from there: forget what rests on it'],
  conflict: [409, 'It exists already'],
  webhook_disabled: [409, 'The webhook is disabled'],
  key_gone: [409, 'This key is gone already'],
  built_in_client: [409, 'A built-in client cannot be changed'],
  body_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'Unsupported media type'],
  rate_limited: [429, 'Too many requests'],
  internal_error: [500, 'Something went wrong'],
  unavailable: [503, 'Temporarily unavailable'],
  misconfigured: [503, 'The service is not configured'],
} as const

export type ProblemCode = keyof typeof PROBLEMS
type ProblemStatus = (typeof PROBLEMS)[ProblemCode][0]

export interface ProblemExtras {
  /** May leave; repeats nothing of the request. */
  readonly detail?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Further members of the body. */
  readonly members?: Readonly<Record<string, unknown>>
}

export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly extras: ProblemExtras

  constructor(code: ProblemCode, extras: ProblemExtras = {}) {
    super(code)
    this.code = code
    this.extras = extras
  }

  get status(): ProblemStatus {
    return PROBLEMS[this.code][0]
  }

  get title(): string {
    return PROBLEMS[this.code][1]
  }

  body(requestId: string): Readonly<Record<string, unknown>> {
    return {
      type: `urn:latchkey:problem:${this.code}`,
      title: this.title,
      status: this.status,
      code: this.code,
      detail: this.extras.detail ?? this.title,
      request_id: requestId,
      ...this.extras.members,
    }
  }
}
