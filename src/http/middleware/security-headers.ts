// Headers on every answer, errors included.
import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { LatchkeyEnv } from '../context.ts'

/** @param isHttps whether the issuer is https: HSTS is sent then, and only then */
export function securityHeaders(isHttps: (env: Env) => boolean): MiddlewareHandler<LatchkeyEnv> {
  const withHsts = headers('max-age=63072000; includeSubDomains')
  const withoutHsts = headers(false)
  return async function addSecurityHeaders(c, next) {
    await (isHttps(c.env) ? withHsts : withoutHsts)(c, next)
    const target = c.get('formTarget')
    if (target !== undefined)
      c.header(CSP, c.res.headers.get(CSP)?.replace(FORM_ACTION, `${FORM_ACTION} ${target}`))
  }
}

const CSP = 'Content-Security-Policy'
const FORM_ACTION = "form-action 'self'"

const headers = (hsts: string | false): MiddlewareHandler =>
  secureHeaders({
    strictTransportSecurity: hsts,
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      scriptSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: 'no-referrer',
    xContentTypeOptions: 'nosniff',
    xFrameOptions: 'DENY',
    crossOriginOpenerPolicy: 'same-origin',
    crossOriginResourcePolicy: 'same-origin',
    permissionsPolicy: { camera: [], geolocation: [], microphone: [] },
  })
