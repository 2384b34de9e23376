// requireToken for Hono: the request goes on with a good token of this resource server, or is refused as RFC 6750 has it.
import { type Accepted, createBoundedVerifier, type TokenSource } from '../verifier/bounded-verifier.ts'
import { inTime } from '../verifier/in-time.ts'
import type { TokenClaims, TokenService, VerifyAnswer, VerifyRefusal } from '../verifier/token-service.ts'
import { refuse, type Scheme } from './refusal.ts'

/** A service that takes longer is out of reach. */
const PATIENCE_MS = 5_000

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
  /** Tokens that are remembered, about 1.5 KiB each (10,000 unless said otherwise). */
  readonly capacity?: number
  /** Milliseconds since the epoch. It need not agree with the service's. */
  readonly clock?: () => number
}

/** What is used of Hono's own: whoever has another copy or version than ours has other types. */
export interface TokenContext {
  readonly req: { readonly method: string; readonly url: string; header(name: string): string | undefined }
  // biome-ignore lint/suspicious/noExplicitAny: what is bound there is the application's to say
  readonly env: any
  readonly executionCtx: { waitUntil(work: Promise<unknown>): void }
  set(key: 'token', value: TokenVariables['token']): void
}

/** Middleware of an application that has declared TokenVariables. */
export type RequireToken = (
  demand?: TokenDemand,
) => (c: TokenContext, next: () => Promise<void>) => Promise<Response | undefined>

/**
 * One for all routes of a resource server, so that they share what is remembered.
 * @param serviceOf finds the token service of a request: a binding is part of its environment
 */
export function createRequireToken(
  serviceOf: (c: TokenContext) => TokenService,
  { capacity, clock = Date.now }: RequireTokenOptions = {},
): RequireToken {
  const verifier = createBoundedVerifier<TokenClaims>(capacity === undefined ? {} : { capacity })

  const askStrongly = async (service: TokenService, c: TokenContext, { scheme, text }: Presented) => {
    const proof = { text: c.req.header('DPoP') ?? '', method: c.req.method, uri: withoutQuery(c.req.url) }
    const demand = { mode: 'strong', ...(scheme === 'DPoP' ? { proof } : {}) } as const
    return asAccepted(await answerOf(service.verify(text, demand)))
  }

  const askBoundedly = async (service: TokenService, c: TokenContext, { text }: Presented, nowMs: number) => {
    const waitUntil = (work: Promise<unknown>) => keepAlive(c, work)
    return verifier.verify(text, { source: sourceOf(service, nowMs), nowMs, waitUntil })
  }

  return ({ scope = '', mode = 'bounded' } = {}) => {
    const wanted = scope === '' ? [] : scope.split(' ')
    return async function checkToken(c, next) {
      const presented = presentedToken(c.req.header('Authorization'))
      const nowMs = clock()
      const mayRecall = presented?.scheme === 'Bearer' && mode === 'bounded'
      const recalled = mayRecall ? verifier.recall(presented.text, nowMs) : null
      // What is remembered was looked at before it was.
      if (presented === null || (recalled === null && !TOKEN.test(presented.text))) {
        return refuse({ tag: 'refused', code: 'unauthorized' }, 'Bearer', scope)
      }
      const ask = mayRecall ? askBoundedly : askStrongly
      const answer =
        recalled ?? (await ask(foundIn(serviceOf, c), c, presented, nowMs).catch(() => UNAVAILABLE))
      if (answer.tag === 'refused') return refuse(answer, presented.scheme, scope)
      if (!hasScopes(answer.claims.scope, wanted)) return refuse(INSUFFICIENT, presented.scheme, scope)
      c.set('token', { claims: answer.claims, asOf: answer.asOf })
      await next()
    }
  }
}

/** Throws when it was not declared, which is no fault of the service or of whoever asks. */
function foundIn(serviceOf: (c: TokenContext) => TokenService | undefined, c: TokenContext): TokenService {
  const service = serviceOf(c)
  if (service === undefined) throw new Error('requireToken finds no token service: is its binding declared?')
  return service
}

interface Presented {
  readonly scheme: Scheme
  readonly text: string
}

/** From the header only (RFC 6750 §2.1, RFC 9449 §7.1). */
function presentedToken(header: string | undefined): Presented | null {
  const [, scheme, text] = /^(Bearer|DPoP) +(.*)$/i.exec(header ?? '') ?? []
  if (scheme === undefined || text === undefined) return null
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', text }
}

const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/

const hasScopes = (scope: string, wanted: readonly string[]): boolean => {
  const has = scope.split(' ')
  return wanted.every(each => has.includes(each))
}

const withoutQuery = (url: string): string => url.split(/[?#]/, 1)[0] ?? ''

const sourceOf = (service: TokenService, nowMs: number): TokenSource<TokenClaims, VerifyRefusal> => ({
  async verify(token) {
    const answer = await answerOf(service.verify(token, { remember: true }))
    if (answer.tag === 'refused') return answer
    const { claims, memory, as_of } = answer
    return {
      tag: 'accepted',
      // Every request that shows this token gets the same ones.
      claims: Object.freeze(claims),
      kid: kidOf(token),
      position: memory?.position ?? null,
      // How long is left is by the service's clock, when that is over by our own.
      until: memory === undefined ? 0 : nowMs / 1_000 + (memory.until - as_of),
    }
  },
  retirements: after => inTime(service.retirements(after), PATIENCE_MS),
})

/** Throws when there is none, or none that is as the types have it. */
async function answerOf(asked: Promise<VerifyAnswer>): Promise<VerifyAnswer> {
  const answer = await inTime(asked, PATIENCE_MS)
  const isGood = answer.tag === 'accepted' && typeof answer.claims.scope === 'string'
  if (!isGood && answer.tag !== 'refused') throw new Error('no answer')
  return answer
}

/** Of a token that was found good. */
function kidOf(token: string): string {
  const [header = ''] = token.split('.', 1)
  const { kid } = JSON.parse(atob(header.replaceAll('-', '+').replaceAll('_', '/'))) as { kid?: unknown }
  return String(kid)
}

const asAccepted = (answer: VerifyAnswer): Accepted<TokenClaims> | VerifyRefusal =>
  answer.tag === 'refused' ? answer : { ...answer, asOf: answer.as_of * 1_000 }

/** Outside of Workers nothing has to be kept alive. */
function keepAlive(c: TokenContext, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work)
  } catch {
    work.catch(() => {})
  }
}

const UNAVAILABLE: VerifyRefusal = { tag: 'refused', code: 'unavailable' }
const INSUFFICIENT: VerifyRefusal = { tag: 'refused', code: 'insufficient_scope' }
