// Clients that register themselves (RFC 7591) and manage their registration (RFC 7592).
import * as v from 'valibot'
import { operation } from '#operation'
import { type Client, type ClientRegistration, secretDigestsOf } from '../domain/client.ts'
import { OAuthError } from '../oauth/errors.ts'
import { withSecret } from '../oauth/registration/client-secret.ts'
import { readInitialAccessToken } from '../oauth/registration/initial-access-token.ts'
import {
  AnyObject,
  Metadata,
  MetadataView,
  metadataView,
  parseMetadata,
  UNVOUCHED,
} from '../oauth/registration/metadata.ts'
import { identify, record } from '../records/record.ts'
import { deleteClient } from '../sign-in/delete-client.ts'
import { changeClient } from '../store/clients.ts'
import { findSelfRegistered, insertSelfRegistered } from '../store/self-registered.ts'
import { digest, digestsEqual, isOneOf } from '../tokens/digest.ts'
import { randomId, randomSecret } from '../tokens/random.ts'
import { presentedToken } from './bearer.ts'
import { readJson } from './body.ts'
import type { LatchkeyContext, LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'
import { Count } from './openapi/fields.ts'
import { checkRegistrationLimit } from './rate-limit.ts'

export const register = new Hono<LatchkeyEnv>()

const PATH = '/oauth2/register'

const text = v.string()
const Information = v.pipe(
  v.object({
    ...MetadataView.entries,
    client_id: text,
    client_id_issued_at: Count,
    client_secret: v.optional(text),
    client_secret_expires_at: v.optional(Count),
    registration_access_token: text,
    registration_client_uri: text,
  }),
  v.title('ClientInformation'),
)
const Replacement = v.object({ ...Metadata.entries, client_id: text, client_secret: v.optional(text) })

register.post(
  PATH,
  operation({
    summary: 'Registers a client by an initial access token',
    by: 'registrar',
    json: Metadata,
    answers: { 201: Information },
  }),
  async c => {
    const { parts, facts } = c.var
    await checkRegistrationLimit(c)
    const initialTokenId = await readInitialAccessToken(parts, requireToken(c), facts.now)
    if (initialTokenId === null) throw invalidToken()
    const id = randomId('c')
    const registration = parseMetadata(await readJson(c, v.unknown()), defaultsOf(c, id))
    const { client, secret } = await withSecret({
      ...registration,
      id,
      secretDigest: null,
      formerSecret: null,
      createdAt: facts.now,
    })
    const accessToken = randomSecret()
    const accessTokenDigest = await digest('registration-access-token', accessToken)
    const db = parts.shards.global
    if (!(await insertSelfRegistered(db, { client, accessTokenDigest }, initialTokenId, facts.now))) {
      throw invalidToken()
    }
    record('client.registered', { client_id: id })
    return c.json(information(c, client, accessToken, secret), 201)
  },
)

register.get(
  `${PATH}/:id`,
  operation({ summary: 'A client’s own registration', by: 'registrar', answers: { 200: Information } }),
  async c => {
    const { client, accessToken } = await requireRegistered(c)
    return c.json(information(c, client, accessToken, null))
  },
)

/** Replaces what the client may say of itself; what an operator has set stays. */
register.put(
  `${PATH}/:id`,
  operation({
    summary: 'Replaces a client’s own registration',
    by: 'registrar',
    json: Replacement,
    answers: { 200: Information },
  }),
  async c => {
    const { parts } = c.var
    const { client, accessToken } = await requireRegistered(c)
    const body = await readJson(c, AnyObject)
    await checkIdentity(body, client, c.var.facts.now)
    const changed = await changeClient(parts.shards.global, client.id, async current => {
      const metadata = parseMetadata(body, { ...defaultsOf(c, client.id), ...ceilingOf(current) })
      return withSecret({ ...current, ...metadata, ...operatorsFields(current, metadata) })
    })
    if (changed === null) throw invalidToken()
    parts.forgetClient(client.id)
    record('client.changed')
    return c.json(information(c, changed.client, accessToken, changed.secret))
  },
)

register.delete(
  `${PATH}/:id`,
  operation({ summary: 'Ends a client’s own registration', by: 'registrar', answers: { 204: null } }),
  async c => {
    const { client } = await requireRegistered(c)
    await deleteClient(c.var.parts, client.id, c.var.facts.now)
    record('client.deleted')
    return c.body(null, 204)
  },
)

/** The RFC's default method, and a name that says nothing (RFC 7591 §2). */
const defaultsOf = (c: LatchkeyContext, id: string) =>
  ({
    ...UNVOUCHED,
    name: id,
    authMethod: 'client_secret_basic',
    allowsLoopback: c.var.parts.config.loopbackTargets,
  }) as const

/** Who took a scope or grant away is not known: what a client has lost or given up it does not get back by itself. */
const ceilingOf = ({ kind, scopes, grant_types }: Client) => ({
  kind,
  scopes,
  grants: grant_types,
  usualGrants: grant_types,
})

/** Nor does it take back a demand on itself. */
const operatorsFields = (client: Client, sent: ClientRegistration) =>
  ({
    kind: client.kind,
    link_uri: client.link_uri,
    audience: client.audience,
    cors_origins: client.cors_origins,
    session_rule: client.session_rule,
    refresh_grace_seconds: client.refresh_grace_seconds,
    access_token_seconds: client.access_token_seconds,
    validation_mode: client.validation_mode,
    strong_scopes: client.strong_scopes,
    dpop_bound_access_tokens: client.dpop_bound_access_tokens || sent.dpop_bound_access_tokens,
    require_pushed_authorization_requests:
      client.require_pushed_authorization_requests || sent.require_pushed_authorization_requests,
  }) satisfies Partial<ClientRegistration>

/** RFC 7591 §3.2.1, RFC 7592 §3. The secret is shown once; the token that manages is known to whoever presents it. */
const information = (c: LatchkeyContext, client: Client, accessToken: string, secret: string | null) => ({
  client_id: client.id,
  client_id_issued_at: client.createdAt,
  ...(secret === null ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
  registration_access_token: accessToken,
  registration_client_uri: `${c.var.parts.config.issuer}${PATH}/${client.id}`,
  ...metadataView(client),
})

/** The client of the path, to whoever holds its own token; all else looks alike (RFC 7592 §2). */
async function requireRegistered(c: LatchkeyContext): Promise<{ client: Client; accessToken: string }> {
  await checkRegistrationLimit(c)
  const accessToken = requireToken(c)
  const found = await findSelfRegistered(c.var.parts.shards.global, c.req.param('id') ?? '')
  const presented = await digest('registration-access-token', accessToken)
  if (found === null || !digestsEqual(found.accessTokenDigest, presented)) throw invalidToken()
  const { id } = found.client
  identify({ actor: 'client', actor_id: id, client_id: id })
  return { client: found.client, accessToken }
}

const ONLY_ANSWERED = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
]

/** RFC 7592 §2.2: it names itself, and chooses neither its secret nor what only the server says. */
async function checkIdentity(
  body: Readonly<Record<string, unknown>>,
  client: Client,
  now: number,
): Promise<void> {
  if (body.client_id !== client.id) throw new OAuthError('invalid_request', 'client_id is not this client')
  const misplaced = ONLY_ANSWERED.find(name => body[name] !== undefined)
  if (misplaced !== undefined) throw new OAuthError('invalid_request', `${misplaced} cannot be sent`)
  const { client_secret: secret } = body
  if (secret === undefined) return
  const presented = typeof secret === 'string' ? await digest('client-secret', secret) : ''
  if (!isOneOf(secretDigestsOf(client, now), presented)) {
    throw new OAuthError('invalid_request', 'client_secret is not that of this client')
  }
}

function requireToken(c: LatchkeyContext): string {
  const token = presentedToken(c)
  if (token?.scheme === 'Bearer') return token.text
  throw new OAuthError('invalid_token', 'a token is needed', { challenge: 'Bearer realm="latchkey"' })
}

const invalidToken = (): OAuthError =>
  new OAuthError('invalid_token', 'the token is not valid', {
    challenge: 'Bearer realm="latchkey", error="invalid_token"',
  })
