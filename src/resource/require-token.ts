// requireToken for Hono: the request goes on with a good token of this resource server, or is refused as RFC 6750 has it.
import type { Context, MiddlewareHandler } from 'hono'
import { type Accepted, createBoundedVerifier, type TokenSource } from '../verifier/bounded-verifier.ts'
import type { TokenClaims, TokenService, VerifyAnswer, VerifyRefusal } from '../verifier/token-service.ts'

export interface TokenDemand {
  /** Scopes, space-separated, all of which the token must have. */
  readonly scope?: string
  /** `bounded`: what has ended may be taken for live for a second. `strong`: the service is asked each time. */
  readonly mode?: 'bounded' | 'strong'
}

export interface TokenVariables {
  /** What the token says, and until when its retirement would be known. */
  readonly token: { readonly claims: TokenClaims; readonly asOf: number }
}

export interface RequireTokenOptions {
  /** Tokens that are remembered, about 2.5 KiB each. */
  readonly capacity?: number
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

export type RequireToken = (demand?: TokenDemand) => MiddlewareHandler<{ Variables: TokenVariables }>

/**
 * One for all routes of a resource server, so that they share what is remembered.
 * @param serviceOf finds the token service of a request: a binding is part of its environment
 */
export function createRequireToken(
  serviceOf: (c: Context) => TokenService,
  { capacity, clock = Date.now }: RequireTokenOptions = {},
): RequireToken {
  const verifier = createBoundedVerifier<TokenClaims>(capacity === undefined ? {} : { capacity })

  const check = (c: Context, token: string, nowMs: number): Promise<Accepted<TokenClaims> | VerifyRefusal> =>
    verifier.verify(token, { source: sourceOf(serviceOf(c)), nowMs, waitUntil: work => keepAlive(c, work) })

  const ask = async (c: Context, { scheme, text }: Presented, nowMs: number, mode: 'bounded' | 'strong') => {
    if (scheme === 'bearer' && mode === 'bounded') return check(c, text, nowMs)
    const proof = { text: c.req.header('DPoP') ?? '', method: c.req.method, uri: withoutQuery(c.req.url) }
    const demand = { mode: 'strong', ...(scheme === 'dpop' ? { proof } : {}) } as const
    return asAccepted(await serviceOf(c).verify(text, demand))
  }

  return ({ scope = '', mode = 'bounded' } = {}) => {
    const wanted = scope === '' ? [] : scope.split(' ')
    return async function checkToken(c, next) {
      const presented = presentedToken(c.req.header('Authorization'))
      if (presented === null) return refuse({ tag: 'refused', code: 'unauthorized' }, 'bearer', scope)
      const nowMs = clock()
      const isPlain = presented.scheme === 'bearer' && mode === 'bounded'
      const answer =
        (isPlain ? verifier.recall(presented.text, nowMs) : null) ??
        (await ask(c, presented, nowMs, mode).catch(() => UNAVAILABLE))
      if (answer.tag === 'refused') return refuse(answer, presented.scheme, scope)
      if (!hasScopes(answer.claims.scope, wanted)) return refuse(INSUFFICIENT, presented.scheme, scope)
      c.set('token', answer)
      await next()
    }
  }
}

interface Presented {
  readonly scheme: 'bearer' | 'dpop'
  readonly text: string
}

/** From the header only (RFC 6750 §2.1, RFC 9449 §7.1). */
function presentedToken(header: string | undefined): Presented | null {
  const [, scheme, text] = /^(Bearer|DPoP) +([A-Za-z0-9._~+/-]+=*)$/i.exec(header ?? '') ?? []
  if (scheme === undefined || text === undefined) return null
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'dpop' : 'bearer', text }
}

const hasScopes = (scope: string, wanted: readonly string[]): boolean =>
  wanted.length === 0 || wanted.every(each => scope.split(' ').includes(each))

const withoutQuery = (url: string): string => url.split(/[?#]/, 1)[0] ?? ''

const sourceOf = (service: TokenService): TokenSource<TokenClaims, VerifyRefusal> => ({
  async verify(token) {
    const answer = await service.verify(token, { remember: true })
    if (answer.tag === 'refused') return answer
    const { claims, memory } = answer
    return {
      tag: 'accepted',
      claims,
      kid: kidOf(token),
      position: memory?.position ?? null,
      until: memory?.until ?? 0,
    }
  },
  retirements: after => service.retirements(after),
})

/** Of a token that was found good. */
function kidOf(token: string): string {
  const [header = ''] = token.split('.', 1)
  const { kid } = JSON.parse(atob(header.replaceAll('-', '+').replaceAll('_', '/'))) as { kid?: unknown }
  return String(kid)
}

const asAccepted = (answer: VerifyAnswer): Accepted<TokenClaims> | VerifyRefusal =>
  answer.tag === 'refused' ? answer : { ...answer, asOf: answer.as_of * 1_000 }

/** Outside of Workers nothing has to be kept alive. */
function keepAlive(c: Context, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work)
  } catch {
    work.catch(() => {})
  }
}

type Refusal = Omit<VerifyRefusal, 'code'> & { readonly code: VerifyRefusal['code'] | 'unauthorized' }

const UNAVAILABLE: VerifyRefusal = { tag: 'refused', code: 'unavailable' }
const INSUFFICIENT: VerifyRefusal = { tag: 'refused', code: 'insufficient_scope' }

function refuse({ code, reason, ended_at }: Refusal, scheme: Presented['scheme'], scope: string): Response {
  // That this server is not known to the service is no fault of whoever asks it.
  const isOurs = code === 'unavailable' || code === 'unauthorized_client'
  const status = isOurs ? 503 : code === 'insufficient_scope' ? 403 : 401
  const headers = new Headers({ 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' })
  if (isOurs) headers.set('Retry-After', '2')
  else headers.set('WWW-Authenticate', challenge(code, scheme, scope))
  const body = { type: `urn:latchkey:problem:${code}`, title: TITLES[status], status, code, reason, ended_at }
  return new Response(JSON.stringify(body), { status, headers })
}

const TITLES = {
  401: 'A good token is needed',
  403: 'The token lacks a scope',
  503: 'Temporarily unavailable',
} as const

/** RFC 6750 §3, RFC 9449 §7.1 */
function challenge(code: Refusal['code'], scheme: Presented['scheme'], scope: string): string {
  const name = scheme === 'dpop' ? 'DPoP' : 'Bearer'
  if (code === 'unauthorized') return name
  const known = code === 'insufficient_scope' || code === 'invalid_dpop_proof' ? code : 'invalid_token'
  const wanted = code === 'insufficient_scope' ? `, scope="${scope}"` : ''
  return `${name} error="${known}"${wanted}`
}
