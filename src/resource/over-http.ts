// The token service over HTTP, for servers that are no Workers: introspection and the feed, as a confidential client.
import type { FeedAnswer } from '../verifier/bounded-verifier.ts'
import { type FeedPosition, parsePosition, positionText } from '../verifier/feed-position.ts'
import type {
  TokenClaims,
  TokenService,
  VerifyAnswer,
  VerifyRefusal,
  VerifyRefusalCode,
} from '../verifier/token-service.ts'

const TIMEOUT_MS = 5_000

export interface HttpServiceOptions {
  /** `https://…`, without a path. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly fetch?: typeof fetch
}

/** Bound tokens are refused: their proof is judged where it can be used up, over a service binding. */
export function overHttp({
  issuer,
  clientId,
  clientSecret,
  fetch: send = fetch,
}: HttpServiceOptions): TokenService {
  const encode = (text: string) => encodeURIComponent(text).replaceAll('%20', '+')
  const authorization = `Basic ${btoa(`${encode(clientId)}:${encode(clientSecret)}`)}`
  const ask = (path: string, init: RequestInit = {}) =>
    send(`${issuer}${path}`, {
      ...init,
      headers: { Authorization: authorization },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })

  return {
    async verify(token, { audience, scope = '', mode = 'bounded', remember = false } = {}) {
      const form = { token, ...(remember ? { remember: 'true' } : { mode }) }
      const answer = await read(
        ask('/oauth2/introspect', { method: 'POST', body: new URLSearchParams(form) }),
      )
      if (answer === null) return refusal('unavailable')
      if (answer.status === 401) return refusal('unauthorized_client')
      const accepted = answer.status === 200 ? acceptance(answer.body) : refusal('unavailable')
      if (accepted.tag === 'refused') return accepted
      const { claims } = accepted
      if (claims.cnf !== undefined) return refusal('invalid_dpop_proof')
      if (audience !== undefined && claims.aud !== audience) return refusal('invalid_token')
      const has = claims.scope.split(' ')
      const isAllowed = scope === '' || scope.split(' ').every(each => has.includes(each))
      return isAllowed ? accepted : refusal('insufficient_scope')
    },

    async retirements(after: FeedPosition): Promise<FeedAnswer | null> {
      const answer = await read(ask(`/v1/retirements?after=${positionText(after)}`))
      if (answer?.status === 410) return null
      const { retired, kids, position } = answer?.status === 200 ? answer.body : {}
      const next = typeof position === 'string' ? parsePosition(position) : null
      if (next?.feed !== after.feed || !areTexts(retired) || !areTexts(kids)) throw new Error('no feed')
      return { retired, kids, seq: next.seq }
    },
  }
}

type Members = Readonly<Record<string, unknown>>

/** null when nobody answered, or not in JSON. */
async function read(asked: Promise<Response>): Promise<{ status: number; body: Members } | null> {
  try {
    const response = await asked
    return { status: response.status, body: (await response.json()) as Members }
  } catch {
    return null
  }
}

const refusal = (code: VerifyRefusalCode): VerifyRefusal => ({ tag: 'refused', code })

const areTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(each => typeof each === 'string')

/** What is not as it should be is no acceptance. */
function acceptance({ active, as_of, position, remember_until, ...said }: Members): VerifyAnswer {
  if (active !== true) return refusal(active === false ? 'invalid_token' : 'unavailable')
  const texts = [said.iss, said.sub, said.aud, said.client_id, said.scope, said.jti]
  const times = [said.iat, said.exp, as_of]
  if (!areTexts(texts) || !times.every(Number.isFinite)) return refusal('unavailable')
  const { token_type: _, ...claims } = said
  const accepted = {
    tag: 'accepted',
    claims: claims as unknown as TokenClaims,
    as_of: Number(as_of),
  } as const
  const at = typeof position === 'string' ? parsePosition(position) : null
  if (at === null || !Number.isFinite(remember_until)) return accepted
  return { ...accepted, memory: { position: at, until: Number(remember_until) } }
}
