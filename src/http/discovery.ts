// Metadata for clients (RFC 8414, OpenID Connect Discovery 1.0): both documents are one, and it is made from what is
// served. An endpoint is listed when the router has it, a grant when the token endpoint does.
import * as v from 'valibot'
import { operation } from '#operation'
import { PROMPTS, RESPONSE_MODES } from '../domain/authorization.ts'
import { CLIENT_AUTH_METHODS } from '../domain/client.ts'
import { DISCOVERY_CACHE_SECONDS } from '../domain/limits.ts'
import { BUILT_IN_SCOPES } from '../domain/scope.ts'
import { SERVED_GRANT_TYPES } from '../oauth/token-endpoint.ts'
import { ASSERTION_ALGS } from '../tokens/client-assertion.ts'
import { DPOP_ALGS } from '../tokens/dpop-proof.ts'
import { ALG } from '../tokens/signing-key.ts'
import type { LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'

type Metadata = Readonly<Record<string, string | boolean | readonly string[]>>

/** What each endpoint adds to the metadata, once it is there: its own address as the first name, and what it can. */
const OFFERS: readonly (readonly [path: string, endpoint: string, metadata: Metadata])[] = [
  [
    '/oauth2/authorize',
    'authorization_endpoint',
    {
      response_types_supported: ['code'],
      response_modes_supported: RESPONSE_MODES,
      prompt_values_supported: PROMPTS,
      authorization_response_iss_parameter_supported: true,
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
    },
  ],
  [
    '/oauth2/token',
    'token_endpoint',
    {
      grant_types_supported: SERVED_GRANT_TYPES,
      token_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
      token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGS,
      code_challenge_methods_supported: ['S256'],
      scopes_supported: BUILT_IN_SCOPES,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [ALG],
      dpop_signing_alg_values_supported: DPOP_ALGS,
    },
  ],
  ['/.well-known/jwks.json', 'jwks_uri', {}],
  [
    '/oauth2/userinfo',
    'userinfo_endpoint',
    {
      claims_supported: [
        'iss',
        'sub',
        'aud',
        'exp',
        'iat',
        'auth_time',
        'amr',
        'sid',
        'email',
        'email_verified',
      ],
    },
  ],
  [
    '/oauth2/revoke',
    'revocation_endpoint',
    {
      revocation_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
      revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGS,
    },
  ],
  [
    '/oauth2/introspect',
    'introspection_endpoint',
    // Confidential clients only.
    {
      introspection_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS.filter(method => method !== 'none'),
      introspection_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGS,
    },
  ],
  ['/oauth2/par', 'pushed_authorization_request_endpoint', {}],
  ['/oauth2/device_authorization', 'device_authorization_endpoint', {}],
  ['/oauth2/register', 'registration_endpoint', {}],
  [
    '/oauth2/end-session',
    'end_session_endpoint',
    { backchannel_logout_supported: true, backchannel_logout_session_supported: true },
  ],
]

const MetadataBody = v.record(v.string(), v.union([v.string(), v.boolean(), v.array(v.string())]))

/** Made once the other routes stand. */
export function discovery(app: Hono<LatchkeyEnv>): Hono<LatchkeyEnv> {
  const served = new Set(app.routes.filter(({ method }) => method !== 'ALL').map(({ path }) => path))
  const offers = OFFERS.filter(([path]) => served.has(path))
  const routes = new Hono<LatchkeyEnv>()
  for (const name of ['openid-configuration', 'oauth-authorization-server']) {
    routes.get(
      `/.well-known/${name}`,
      operation({ summary: 'Metadata', by: 'anyone', answers: { 200: MetadataBody } }),
      c => {
        const { issuer, clientDocuments } = c.var.parts.config
        const metadata: Metadata[] = offers.map(([path, endpoint, more]) => ({
          [endpoint]: `${issuer}${path}`,
          ...more,
        }))
        if (clientDocuments) metadata.push({ client_id_metadata_document_supported: true })
        c.header('Cache-Control', `public, max-age=${DISCOVERY_CACHE_SECONDS}`)
        return c.json(Object.assign({ issuer }, ...metadata))
      },
    )
  }
  return routes
}
