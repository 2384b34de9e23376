// How a resource server refuses: a status, a challenge (RFC 6750 §3, RFC 9449 §7.1) and a problem (RFC 9457).
import type { VerifyRefusal } from '../verifier/token-service.ts'

export type Scheme = 'Bearer' | 'DPoP'

type Refusal = Omit<VerifyRefusal, 'code'> & { readonly code: VerifyRefusal['code'] | 'unauthorized' }

const RETRY_AFTER_SECONDS = '2'
const TITLES = {
  401: 'A good token is needed',
  403: 'The token lacks a scope',
  503: 'Temporarily unavailable',
} as const

/** @param scope what the route wants */
export function refuse(refusal: Refusal, presented: Scheme, scope: string): Response {
  const { code, reason, ended_at } = refusal
  // That this server is not known to the service is no fault of whoever asks it.
  const isOurs = code === 'unavailable' || code === 'unauthorized_client'
  const status = isOurs ? 503 : code === 'insufficient_scope' ? 403 : 401
  const headers = new Headers({ 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' })
  if (isOurs) headers.set('Retry-After', RETRY_AFTER_SECONDS)
  else headers.set('WWW-Authenticate', challenge(code, presented, scope))
  const body = { type: `urn:latchkey:problem:${code}`, title: TITLES[status], status, code, reason, ended_at }
  return new Response(JSON.stringify(body), { status, headers })
}

function challenge(code: Refusal['code'], presented: Scheme, scope: string): string {
  if (code === 'unauthorized') return 'Bearer realm="latchkey"'
  // A bound token, whichever way it came.
  const scheme = code === 'invalid_dpop_proof' ? 'DPoP' : presented
  const isSaid = code === 'insufficient_scope' || (code === 'invalid_dpop_proof' && presented === 'DPoP')
  const parameters = [
    `error="${isSaid ? code : 'invalid_token'}"`,
    ...(code === 'insufficient_scope' ? [`scope="${scope}"`] : []),
    ...(scheme === 'DPoP' ? ['algs="ES256"'] : []),
  ]
  return `${scheme} ${parameters.join(', ')}`
}
