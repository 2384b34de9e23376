// Who may call: what has to be presented (OpenAPI's security requirements, one of a list), and the refusals that come
// with it.

type Requirement = Readonly<Record<string, readonly string[]>>

interface Demand {
  readonly security: (isChange: boolean) => readonly Requirement[]
  readonly refusals: readonly number[]
}

/** A token with or without a proof of possession: the scheme follows from the token. */
const token = (...scopes: string[]): readonly Requirement[] => [{ bearer: scopes }, { dpop: scopes }]

/** A form of a page is known by the CSRF token: in a header, or in the form itself as `csrf_token`. */
const byForm = (presented: Requirement): readonly Requirement[] => [{ ...presented, csrf: [] }, presented]

const CALLERS = {
  anyone: { security: () => [], refusals: [] },
  /** A user, by an app's token or by the browser session; a change from a browser needs the CSRF token. */
  user: {
    security: isChange => [...token('sessions'), { browser: [], ...(isChange ? { csrf: [] } : {}) }],
    refusals: [400, 401, 403],
  },
  /** Whoever visits a page. */
  visitor: { security: isChange => (isChange ? byForm({}) : []), refusals: [] },
  /** The browser that asked for the sign-in. */
  requesting_browser: { security: () => byForm({ sign_in: [] }), refusals: [] },
  /** A present user: the browser session, never a token. Most pages send on to the sign-in whoever has none. */
  browser: {
    security: isChange => (isChange ? byForm({ browser: [] }) : [{ browser: [] }]),
    refusals: [],
  },
  token_holder: { security: () => token(), refusals: [400, 401] },
  openid: { security: () => token('openid'), refusals: [400, 401, 403] },
  operator: { security: () => [{ operator: [] }], refusals: [401] },
  /** Basic, or in the form: a secret, an assertion, or the name alone of a public client. */
  client: { security: () => [{ client: [] }, {}], refusals: [400, 401, 429] },
  /** A client that has proved who it is, without a form. */
  resource_server: { security: () => [{ client: [] }], refusals: [400, 401, 429] },
  registrar: { security: () => [{ registration: [] }], refusals: [400, 401, 429] },
} as const satisfies Record<string, Demand>

export type Caller = keyof typeof CALLERS

export const demandOf = (caller: Caller): Demand => CALLERS[caller]

export const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  dpop: { type: 'http', scheme: 'dpop', description: 'RFC 9449' },
  browser: { type: 'apiKey', in: 'cookie', name: '__Host-session' },
  sign_in: { type: 'apiKey', in: 'cookie', name: '__Host-sign-in' },
  csrf: { type: 'apiKey', in: 'header', name: 'X-CSRF-Token' },
  operator: { type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN' },
  client: { type: 'http', scheme: 'basic', description: 'RFC 6749 §2.3.1' },
  registration: { type: 'http', scheme: 'bearer', description: 'RFC 7591 §3, RFC 7592 §2' },
} as const
