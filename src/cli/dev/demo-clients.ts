// The clients that a local instance starts with, registered as an operator would register them.
import { setTimeout as sleep } from 'node:timers/promises'
import { UsageError } from '../settings.ts'

const ALREADY_THERE = 409
/** Storage was busy, as it is when another instance works on the same state. */
const TRY_AGAIN = 503
const ATTEMPTS = 10
const PAUSE_MS = 300

const phoneOrTablet = {
  kind: 'first_party',
  type: 'public',
  scopes: ['openid', 'email', 'sessions'],
  redirect_uris: ['http://127.0.0.1/callback'],
}

export const DEMO_CLIENTS = [
  { client_id: 'demo', name: 'Demo phone app', ...phoneOrTablet },
  { client_id: 'demo-tablet', name: 'Demo tablet app', ...phoneOrTablet },
  {
    client_id: 'demo-app',
    name: 'Demo third-party app',
    kind: 'third_party',
    type: 'public',
    scopes: ['openid', 'email'],
    redirect_uris: ['http://127.0.0.1/callback'],
  },
] as const

/** Of the example resource server: tokens whose audience this is are its own. */
export const NOTES_CLIENT = {
  client_id: 'notes',
  name: 'Notes',
  kind: 'first_party',
  type: 'confidential',
  scopes: [],
  audience: 'https://notes.example',
} as const

/** Those that are there already stay as they are. */
export async function ensureClients(
  port: number,
  adminToken: string,
  clients: readonly (typeof NOTES_CLIENT | (typeof DEMO_CLIENTS)[number])[],
): Promise<void> {
  for (const client of clients) {
    for (let attempt = 1; ; attempt++) {
      const response = await fetch(`http://127.0.0.1:${port}/admin/v1/clients`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
        body: JSON.stringify(client),
      })
      const answer = await response.text()
      if (response.ok || response.status === ALREADY_THERE) break
      if (response.status !== TRY_AGAIN || attempt === ATTEMPTS) {
        throw new UsageError(
          `The client ${client.client_id} was not registered: ${response.status} ${answer}`,
        )
      }
      await sleep(PAUSE_MS)
    }
  }
}
