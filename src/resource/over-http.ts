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
  /** `https://…`: where the service is. */
  readonly issuer: string
  /** Of this resource server, a confidential client. */
  readonly clientId: string
  readonly clientSecret: string
  /** What `aud` must be (RFC 9068 §4), unless a call says otherwise: the client's own tokens may be for others. */
  readonly audience: string
  readonly fetch?: typeof fetch
}

/** Bound tokens are refused: their proof is judged where it can be used up, over a service binding. */
export function overHttp({
  issuer,
  clientId,
  clientSecret,
  audience: ownAudience,
  fetch: send = fetch,
}: HttpServiceOptions): TokenService {
  const { origin } = new URL(issuer)
  const authorization = `Basic ${btoa(`${formEncode(clientId)}:${formEncode(clientSecret)}`)}`
  const ask = (path: string, init: RequestInit = {}) =>
    read(() =>
      send(`${origin}${path}`, {
        ...init,
        headers: { Authorization: authorization },
        // Nobody but the service gets to see the secret; Workers do not know `error`.
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }),
    )

  return {
    async verify(token, { audience = ownAudience, scope = '', mode = 'bounded', remember, proof } = {}) {
      const form = { token, ...(remember ? { remember: 'true' } : { mode }) }
      const { status, body } = await ask('/oauth2/introspect', {
        method: 'POST',
        body: new URLSearchParams(form),
      })
      if (status === 401) return refusal('unauthorized_client')
      const answer = status === 200 ? answerOf(body) : refusal('unavailable')
      if (answer.tag === 'refused') return answer
      const { claims } = answer
      if (claims.cnf !== undefined || proof !== undefined) return refusal('invalid_dpop_proof')
      if (claims.aud !== audience) return refusal('invalid_token')
      const has = claims.scope.split(' ')
      const isAllowed = scope === '' || scope.split(' ').every(each => has.includes(each))
      return isAllowed ? answer : refusal('insufficient_scope')
    },

    async retirements(after: FeedPosition): Promise<FeedAnswer | null> {
      const { status, body } = await ask(`/v1/retirements?after=${positionText(after)}`)
      if (status === 410) return null
      const { retired, kids, position } = status === 200 ? body : {}
      const next = typeof position === 'string' ? parsePosition(position) : null
      const isFeed = next?.feed === after.feed && next.seq >= after.seq && areTexts(retired) && areTexts(kids)
      if (!isFeed) throw new Error('no feed')
      return { retired, kids, seq: next.seq }
    },
  }
}

/** RFC 6749 §2.3.1 */
const formEncode = (text: string): string => new URLSearchParams([[text, '']]).toString().slice(0, -1)

type Members = Readonly<Record<string, unknown>>

/** Status 0 when nobody answered; no members when it was not a JSON object. */
async function read(ask: () => Promise<Response>): Promise<{ status: number; body: Members }> {
  try {
    const response = await ask()
    const body: unknown = await response.json().catch(() => null)
    return { status: response.status, body: typeof body === 'object' && body !== null ? { ...body } : {} }
  } catch {
    return { status: 0, body: {} }
  }
}

const refusal = (code: VerifyRefusalCode): VerifyRefusal => ({ tag: 'refused', code })

const isText = (value: unknown): value is string => typeof value === 'string'
const areTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText)
const isTime = (value: unknown): value is number => Number.isFinite(value)

/** What is not as it should be is no acceptance. */
function answerOf({ active, token_type, as_of, position, remember_until, ...said }: Members): VerifyAnswer {
  // What has no type is a refresh token of this client's own.
  if (active === false || (active === true && token_type === undefined)) return refusal('invalid_token')
  const claims = claimsOf(said)
  if (active !== true || claims === null || !isTime(as_of)) return refusal('unavailable')
  const isBound = token_type === 'DPoP' && claims.cnf !== undefined
  const isBearer = token_type === 'Bearer' && claims.cnf === undefined
  if (!isBound && !isBearer) return refusal('unavailable')
  const at = isText(position) ? parsePosition(position) : null
  const memory = at !== null && isTime(remember_until) ? { position: at, until: remember_until } : null
  return { tag: 'accepted', claims, as_of, ...(memory && { memory }) }
}

function claimsOf({
  iss,
  sub,
  aud,
  client_id,
  scope,
  jti,
  iat,
  exp,
  sid,
  auth_time,
  cnf,
}: Members): TokenClaims | null {
  const areGood =
    areTexts([iss, sub, aud, client_id, scope, jti]) &&
    [iat, exp].every(isTime) &&
    (sid === undefined || isText(sid)) &&
    (auth_time === undefined || isTime(auth_time)) &&
    (cnf === undefined || isText((cnf as Members | null)?.jkt))
  if (!areGood) return null
  const claims = { iss, sub, aud, client_id, scope, iat, exp, jti, sid, auth_time, cnf }
  // Without the members that it does not have.
  return JSON.parse(JSON.stringify(claims)) as TokenClaims
}
