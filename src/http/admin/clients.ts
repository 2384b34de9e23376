// Registering clients.

import * as v from 'valibot'
import { ACCOUNT_CLIENT, type Client, usesSecret } from '../../domain/client.ts'
import { clientBody, RegistrationFields } from '../../oauth/registration/schema.ts'
import { deleteClient } from '../../sign-in/delete-client.ts'
import { insertClient, listClients } from '../../store/clients.ts'
import { digest } from '../../tokens/digest.ts'
import { randomId, randomSecret } from '../../tokens/random.ts'
import { readJson } from '../body.ts'
import { ClientView, clientView } from '../client-view.ts'
import type { LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { operation } from '../openapi/operation.ts'
import { Problem } from '../problem.ts'

export const adminClients = new Hono<LatchkeyEnv>()

adminClients.post(
  '/admin/v1/clients',
  operation({
    summary: 'Registers a client; its secret is shown once',
    by: 'operator',
    json: RegistrationFields,
    answers: { 201: v.object({ ...ClientView.entries, client_secret: v.optional(v.string()) }) },
    refusals: [409],
  }),
  async c => {
    const { client_id, ...registration } = await readJson(c, clientBody(c.var.parts.config.loopbackTargets))
    const id = client_id ?? randomId('c')
    if (id === ACCOUNT_CLIENT.id) throw new Problem('built_in_client')
    const secret = usesSecret(registration) ? randomSecret() : null
    const client: Client = {
      ...registration,
      id,
      secretDigest: secret === null ? null : await digest('client-secret', secret),
      createdAt: c.var.facts.now,
    }
    if (!(await insertClient(c.var.parts.shards.global, client))) throw new Problem('conflict')
    c.var.parts.forgetClient(id)
    const body = clientView(client)
    return c.json(secret === null ? body : { ...body, client_secret: secret }, 201)
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
    const client = await c.var.parts.findClient(c.req.param('id'), c.var.facts.now)
    if (client === null) throw new Problem('not_found')
    return c.json(clientView(client))
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
