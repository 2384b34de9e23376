// Many at once: links of one address, their redemption, and sessions that are simply there.

import { decide } from '../../../src/domain/decide.ts'
import { shardTagOfDigest } from '../../../src/domain/ids.ts'
import { DEFAULT_PREFERENCES } from '../../../src/domain/preferences.ts'
import { absoluteExpiry } from '../../../src/domain/session.ts'
import { mintCredentials } from '../../../src/oauth/credentials.ts'
import { storedEventOf } from '../../../src/store/linked-events.ts'
import { statements } from '../../../src/store/statements.ts'
import { findUserIdByAddress } from '../../../src/store/users.ts'
import { digestBytes } from '../../../src/tokens/digest.ts'
import { linkEvents } from '../../../src/tokens/event-chain.ts'
import { randomTaggedId } from '../../../src/tokens/random.ts'
import { loadState } from '../../../src/user/state.ts'
import { freshIp, type Service } from './service.ts'
import { type Attempt, requestLink, type Tokens } from './sign-in.ts'

const LINKS_PER_NETWORK = 10

/** Different links of one address, from as many networks as its limit needs. */
export async function requestLinks(
  service: Service,
  clientIds: readonly string[],
  email: string,
  count: number,
): Promise<Attempt[]> {
  const attempts: Attempt[] = []
  let ip = ''
  for (let index = 0; index < count; index++) {
    if (index % LINKS_PER_NETWORK === 0) ip = freshIp()
    attempts.push(await requestLink(service, clientIds[index % clientIds.length] as string, email, { ip }))
  }
  return attempts
}

export const countOf = (statuses: readonly number[], status: number): number =>
  statuses.filter(each => each === status).length

export const statusesOf = (responses: readonly Response[]): number[] => responses.map(each => each.status)

export interface Seeded extends Tokens {
  readonly session_id: string
}

/**
 * Begins sessions in one batch: a set-up, where a test is about what happens afterwards. Whatever the client's rule
 * says, at most a hundred on one client. The address gets a user when it has none.
 */
export async function seedSessions(
  service: Service,
  clientId: string,
  email: string,
  count: number,
): Promise<Seeded[]> {
  const { parts, now } = service
  const client = await parts.findClient(clientId, now)
  if (client === null) throw new Error('no such client')
  const tag = shardTagOfDigest(await digestBytes('address', email))
  const db = parts.shards.ofTag(tag)
  const userId = (await findUserIdByAddress(db, email)) ?? randomTaggedId('u', tag)
  let { user, lastSeq, lastDigest } = await loadState(db, userId)
  const scope = client.scopes.join(' ')
  const audience = client.audience ?? parts.config.issuer
  const authenticated = {
    authTime: now,
    amr: ['email_link'],
    absoluteExpiresAt: absoluteExpiry(now),
  } as const
  const seeded: Seeded[] = []
  const batch: D1PreparedStatement[] = []
  for (let index = 0; index < count; index++) {
    const id = randomTaggedId('s', tag)
    const minted = await mintCredentials(parts, {
      client,
      sessionId: id,
      generation: 1,
      facts: { userId, clientId, scope, audience, ...authenticated },
      scope,
      audience,
      jkt: null,
      now,
    })
    const { events } = decide(
      { userId, user, sessions: [], consents: [], lastSeq, traces: [] },
      {
        type: 'start_session',
        opId: `seed:${id}`,
        session: {
          id,
          clientId,
          clientKind: client.kind,
          scope,
          signedInWith: ['email_link'],
          startedIn: 'app',
          device: { name: null, kind: 'other', os: null, browser: null },
          place: { country: null, city: null },
          startedMs: 0,
          secretDigest: minted.secretDigest,
        },
        bucket: minted.bucket,
        rule: { limit: null, at_limit: 'replace_oldest' },
        address: email,
        newUser: { email },
        formerSessionId: null,
        authorizedIn: null,
        marks: [],
        notice: null,
      },
      now,
    )
    const links = await linkEvents(parts.secrets, userId, lastDigest, events.map(storedEventOf))
    batch.push(...statements(db, userId, events, links))
    lastSeq += events.length
    lastDigest = links.at(-1)?.digest ?? lastDigest
    user ??= { email, disabledAt: null, preferences: DEFAULT_PREFERENCES, asksForCode: false }
    seeded.push({ ...(minted.answer as Tokens), session_id: id })
  }
  await db.batch(batch)
  return seeded
}
