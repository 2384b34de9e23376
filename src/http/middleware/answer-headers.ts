// Headers on every answer, errors included. On the answer that stands: one that a handler made by itself takes no header from
// before, and `c.header` would make another one of it each time.
import type { MiddlewareHandler } from 'hono'
import { randomId } from '../../tokens/random.ts'
import type { LatchkeyEnv } from '../context.ts'

const FORM_ACTION = "form-action 'self'"

/** The policy of a page; `formTarget` is where its form may lead besides. */
const policy = (formTarget: string | undefined): string =>
  [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    formTarget === undefined ? FORM_ACTION : `${FORM_ACTION} ${formTarget}`,
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

/** Of every answer that no form leads away from. */
const USUAL_POLICY = policy(undefined)

const HEADERS = Object.entries({
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
})

/** @param isHttps whether the issuer is https: HSTS is sent then, and only then */
export function answerHeaders(isHttps: (env: Env) => boolean): MiddlewareHandler<LatchkeyEnv> {
  return async function setAnswerHeaders(c, next) {
    // The id under which the logs of this answer are found. Ours, not the caller's: it cannot be chosen.
    const id = randomId('req')
    c.set('requestId', id)
    await next()
    const { headers } = c.res
    headers.set('X-Request-Id', id)
    for (const [name, value] of HEADERS) headers.set(name, value)
    const formTarget = c.get('formTarget')
    headers.set('Content-Security-Policy', formTarget === undefined ? USUAL_POLICY : policy(formTarget))
    if (isHttps(c.env)) headers.set('Strict-Transport-Security', 'max-age=63072000; includeSubDomains')
    // Nothing personal or secret is kept by a cache; the few public answers say so themselves.
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store')
  }
}
