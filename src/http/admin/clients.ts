// Registering clients, changing them, ending what they have.
import * as v from 'valibot'
import { operation } from '#operation'
import { ACCOUNT_CLIENT, type Client, usesSecret } from '../../domain/client.ts'
import { CLIENT_SECRET_OVERLAP_SECONDS } from '../../domain/limits.ts'
import { type Secretive, withNewSecret, withSecret } from '../../oauth/registration/client-secret.ts'
import { clientBody, PatchFields, RegistrationFields } from '../../oauth/registration/schema.ts'
import { deleteClient } from '../../sign-in/delete-client.ts'
import { endSessionsOfClient } from '../../sign-in/end-sessions.ts'
import { changeClient, findClient, insertClient, listClients } from '../../store/clients.ts'
import { randomId } from '../../tokens/random.ts'
import { checkBody, readJson, readOptionalJson } from '../body.ts'
import { ClientView, clientView } from '../client-view.ts'
import type { LatchkeyContext, LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { Count } from '../openapi/fields.ts'
import { Problem } from '../problem.ts'

export const adminClients = new Hono<LatchkeyEnv>()

const TAKEN = 'the client_id of a deleted client is free again after about two minutes'

const ViewWithSecret = v.object({ ...ClientView.entries, client_secret: v.optional(v.string()) })

adminClients.post(
  '/admin/v1/clients',
  operation({
    summary: 'Registers a client; its secret is shown once',
    by: 'operator',
    json: RegistrationFields,
    answers: { 201: ViewWithSecret },
    refusals: [409],
  }),
  async c => {
    const { client_id, ...registration } = await readJson(c, clientBody(c.var.parts.config.loopbackTargets))
    const id = client_id ?? randomId('c')
    if (id === ACCOUNT_CLIENT.id) throw new Problem('built_in_client')
    const made = await withSecret({
      ...registration,
      id,
      secretDigest: null,
      formerSecret: null,
      createdAt: c.var.facts.now,
    })
    if (!(await insertClient(c.var.parts.shards.global, made.client)))
      throw new Problem('conflict', { detail: TAKEN })
    c.var.parts.forgetClient(id)
    return c.json(viewWithSecret(made), 201)
  },
)

adminClients.get(
  '/admin/v1/clients',
  operation({
    summary: 'All clients',
    by: 'operator',
    answers: { 200: v.object({ clients: v.array(ClientView) }) },
  }),
  async c => {
    const clients = await listClients(c.var.parts.shards.global)
    return c.json({ clients: clients.map(clientView) })
  },
)

adminClients.get(
  '/admin/v1/clients/:id',
  operation({ summary: 'One client', by: 'operator', answers: { 200: ClientView }, refusals: [404] }),
  async c => {
    return c.json(clientView(await stored(c)))
  },
)

adminClients.patch(
  '/admin/v1/clients/:id',
  operation({
    summary: 'Changes what is named of a client; a secret that it needs now is shown once',
    by: 'operator',
    json: PatchFields,
    answers: { 200: ViewWithSecret },
    refusals: [404, 409],
  }),
  async c => {
    const { loopbackTargets } = c.var.parts.config
    const { client_id, ...sent } = await readJson(c, PatchFields)
    const changed = await change(c, async client => {
      const { id, secretDigest, formerSecret, createdAt, ...registered } = client
      const registration = checkBody(clientBody(loopbackTargets), { ...registered, ...sent })
      // Sessions and consents were begun under the one id and the one kind.
      if ((client_id ?? id) !== id) throw new Problem('invalid_request', { detail: 'check: client_id' })
      if (registration.kind !== client.kind) throw new Problem('invalid_request', { detail: 'check: kind' })
      return withSecret({ ...registration, id, secretDigest, formerSecret, createdAt })
    })
    return c.json(viewWithSecret(changed))
  },
)

/** Nothing but what is known: what was meant to end at once must not go on for a day. */
const Rotation = v.strictObject({ at_once: v.optional(v.boolean(), false) })

adminClients.post(
  '/admin/v1/clients/:id/rotate-secret',
  operation({
    summary: 'Makes a new secret, shown once; the former one opens beside it for a day, or not at all',
    by: 'operator',
    json: Rotation,
    answers: { 200: v.object({ client_secret: v.string() }) },
    refusals: [400, 404, 409],
  }),
  async c => {
    const { at_once } = await readOptionalJson(c, Rotation)
    const formerUntil = at_once ? null : c.var.facts.now + CLIENT_SECRET_OVERLAP_SECONDS
    const { secret } = await change(c, async client => {
      if (!usesSecret(client)) throw new Problem('invalid_request', { detail: 'this client has no secret' })
      return withNewSecret(client, formerUntil)
    })
    return c.json({ client_secret: secret })
  },
)

adminClients.post(
  '/admin/v1/clients/:id/revoke-sessions',
  operation({
    summary: 'Ends all sessions of a client, of every user',
    by: 'operator',
    answers: { 200: v.object({ revoked: Count }) },
    refusals: [404],
  }),
  async c => {
    const { parts, facts } = c.var
    const { id } = await stored(c)
    return c.json({ revoked: await endSessionsOfClient(parts, id, facts.now) })
  },
)

adminClients.delete(
  '/admin/v1/clients/:id',
  operation({
    summary: 'Deletes a client and ends its sessions',
    by: 'operator',
    answers: { 204: null },
    refusals: [404, 409],
  }),
  async c => {
    const id = c.req.param('id')
    if (id === ACCOUNT_CLIENT.id) throw new Problem('built_in_client')
    if (!(await deleteClient(c.var.parts, id, c.var.facts.now))) throw new Problem('not_found')
    return c.body(null, 204)
  },
)

/** As it is stored: caches may know what another isolate has changed or deleted. */
async function stored(c: LatchkeyContext): Promise<Client> {
  const client = await findClient(c.var.parts.shards.global, c.req.param('id') ?? '')
  if (client === null) throw new Problem('not_found')
  return client
}

/** This isolate sees it at once, others within the bound of their caches. */
async function change<Changed extends { readonly client: Client }>(
  c: LatchkeyContext,
  how: (client: Client) => Promise<Changed>,
): Promise<Changed> {
  const id = c.req.param('id') ?? ''
  if (id === ACCOUNT_CLIENT.id) throw new Problem('built_in_client')
  const { parts } = c.var
  const changed = await changeClient(parts.shards.global, id, how)
  if (changed === null) throw new Problem('not_found')
  parts.forgetClient(id)
  return changed
}

const viewWithSecret = ({ client, secret }: Secretive) => ({
  ...clientView(client),
  ...(secret === null ? {} : { client_secret: secret }),
})
