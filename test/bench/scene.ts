// What the operations work on: clients, sessions with tokens, and more of them whenever a round uses them up.
import { createHash } from 'node:crypto'
import { ADMIN_TOKEN, type Instance, RESOURCE_CLIENT } from './instance.ts'
import type { SeededSession, SeededSignIn, SessionsWish } from './workers/probe.ts'

export const AUDIENCE = 'https://notes.bench'
export const ISSUER = 'http://localhost'
export const CLIENT = 'bench'
/** A user may have a hundred sessions on one client. */
const LISTED_CLIENTS = Array.from({ length: 10 }, (_, index) => `bench-${index}`)
export const LISTED_SESSIONS = 1_000
const PER_CALL = 500

export interface Scene {
  readonly hot: SeededSession
  readonly spread: readonly SeededSession[]
  /** One of a user with a thousand. */
  readonly crowded: SeededSession
  /** `id:secret`, base64, of the resource server. */
  readonly resourceCredentials: string
  /** More sessions, each of a user of its own. */
  sessions(count: number): Promise<readonly SeededSession[]>
  signIns(count: number): Promise<readonly SeededSignIn[]>
  ask(path: string, body: object): Promise<Record<string, unknown>>
}

export async function setScene({ urls }: Instance, spreadOver: number): Promise<Scene> {
  const post = async (url: string, body: object, headers: Record<string, string> = {}) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  const ask = (path: string, body: object) => post(`${urls.probe}${path}`, body) as Promise<never>
  const operate = (body: object) =>
    post(`${urls.service}/admin/v1/clients`, body, { authorization: `Bearer ${ADMIN_TOKEN}` }) as Promise<{
      client_secret: string
    }>
  for (const client_id of [CLIENT, ...LISTED_CLIENTS]) {
    await operate({
      ...{ client_id, name: 'Bench', kind: 'first_party', type: 'public', scopes: ['sessions', 'read'] },
      session_rule: { limit: null, at_limit: 'replace_oldest' },
      access_token_seconds: 3_600,
    })
  }
  const resource = await operate({
    ...{ client_id: RESOURCE_CLIENT, name: 'Notes', kind: 'first_party', type: 'confidential' },
    ...{ scopes: ['read'], grant_types: ['client_credentials'], audience: AUDIENCE },
  })

  const seed = async (count: number, wish: Partial<SessionsWish> = {}): Promise<SeededSession[]> => {
    const seeded: SeededSession[] = []
    while (seeded.length < count) {
      const asked = { clientIds: [CLIENT], audience: AUDIENCE, isOneUser: false, ...wish }
      const more = Math.min(count - seeded.length, wish.isOneUser ? count : PER_CALL)
      seeded.push(...((await ask('/sessions', { ...asked, count: more })) as SeededSession[]))
    }
    return seeded
  }
  const [crowded] = await seed(LISTED_SESSIONS, {
    clientIds: LISTED_CLIENTS,
    audience: ISSUER,
    isOneUser: true,
  })
  const spread = await seed(spreadOver)
  return {
    crowded: crowded as SeededSession,
    spread,
    hot: spread[0] as SeededSession,
    resourceCredentials: Buffer.from(`${RESOURCE_CLIENT}:${resource.client_secret}`).toString('base64'),
    sessions: seed,
    async signIns(count) {
      const seeded: SeededSignIn[] = []
      while (seeded.length < count) {
        const more = Math.min(count - seeded.length, PER_CALL)
        seeded.push(...((await ask('/sign-ins', { count: more, clientId: CLIENT })) as SeededSignIn[]))
      }
      return seeded
    },
    ask,
  }
}

/** As the service stores it. */
export const refreshDigest = (token: string): string =>
  createHash('sha256').update(`latchkey/refresh-token/v1\0${token}`).digest('base64url')
