// Beside the service, on the same database and with its secrets: puts sessions and sign-ins there, and says what an
// operation costs in D1. It runs the service's own code; nothing that is timed passes through it.
import { createApp, realPorts } from '../../../src/app.ts'
import { decide } from '../../../src/domain/decide.ts'
import { shardTagOfDigest } from '../../../src/domain/ids.ts'
import { SIGN_IN_SECONDS } from '../../../src/domain/limits.ts'
import { absoluteExpiry } from '../../../src/domain/session.ts'
import { mintCredentials, type TokenAnswer } from '../../../src/oauth/credentials.ts'
import type { Parts } from '../../../src/sign-in/parts.ts'
import { codeDigests } from '../../../src/sign-in/start.ts'
import { storedEventOf } from '../../../src/store/linked-events.ts'
import { insertSignIn } from '../../../src/store/sign-ins.ts'
import { statements } from '../../../src/store/statements.ts'
import { digestBytes, pkceChallenge, sha256 } from '../../../src/tokens/digest.ts'
import { linkEvents } from '../../../src/tokens/event-chain.ts'
import { randomCode, randomSecret, randomTaggedId } from '../../../src/tokens/random.ts'
import { UserSessions as ProductSessions } from '../../../src/user/user-sessions.ts'
import { type Cost, counted, noCost } from './counted.ts'

export interface SeededSession extends TokenAnswer {
  readonly userId: string
  readonly sessionId: string
}

export interface SeededSignIn {
  readonly id: string
  readonly code: string
  readonly verifier: string
}

/** Sessions of one user each, or all of one user. */
export interface SessionsWish {
  readonly clientIds: readonly string[]
  readonly count: number
  readonly audience: string
  readonly isOneUser: boolean
}

export interface OperationToCount {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

const app = createApp(realPorts)
const USERS_PER_BATCH = 25
const nowInSeconds = () => Math.floor(realPorts.now())

// What the Worker and its object do in D1 between two questions; one operation at a time.
let cost: Cost = noCost()

export class UserSessions extends ProductSessions {
  constructor(context: DurableObjectState, env: Env) {
    super(context, { ...env, DB: counted(env.DB, () => cost) })
  }
}

export default {
  async fetch(request, env, context): Promise<Response> {
    const { pathname } = new URL(request.url)
    const asked = await request.json()
    switch (pathname) {
      case '/sessions':
        return Response.json(await seedSessions(app.parts(env), asked as SessionsWish))
      case '/sign-ins':
        return Response.json(await seedSignIns(app.parts(env), asked as { count: number; clientId: string }))
      case '/cost':
        return Response.json(await costOf(asked as never, env, context))
      default:
        return new Response(null, { status: 404 })
    }
  },
} satisfies ExportedHandler<Env>

async function seedSessions(parts: Parts, wish: SessionsWish): Promise<SeededSession[]> {
  const seeded: SeededSession[] = []
  let batch: D1PreparedStatement[] = []
  let log = await newUser()
  for (let index = 0; index < wish.count; index++) {
    if (!wish.isOneUser) log = await newUser()
    const clientId = wish.clientIds[index % wish.clientIds.length] as string
    const { session, written } = await beginSession(parts, log, clientId, wish.audience)
    seeded.push(session)
    batch.push(...written)
    if (index % USERS_PER_BATCH === USERS_PER_BATCH - 1 || index === wish.count - 1) {
      await parts.shards.global.batch(batch)
      batch = []
    }
  }
  return seeded
}

/** A user in the making: where the log stands. */
interface Log {
  readonly userId: string
  readonly email: string
  seq: number
  digest: string | null
}

async function newUser(): Promise<Log> {
  const email = `${randomSecret()}@bench.test`.toLowerCase()
  const tag = shardTagOfDigest(await digestBytes('address', email))
  return { userId: randomTaggedId('u', tag), email, seq: 0, digest: null }
}

async function beginSession(parts: Parts, log: Log, clientId: string, audience: string) {
  const now = nowInSeconds()
  const client = await parts.findClient(clientId, now)
  if (client === null) throw new Error('no such client')
  const { userId, email } = log
  const sessionId = randomTaggedId('s', userId.slice(2, 4))
  const scope = client.scopes.join(' ')
  const facts = {
    ...{ userId, clientId, scope, audience, authTime: now },
    amr: ['email_code'] as const,
    absoluteExpiresAt: absoluteExpiry(now),
  }
  const request = { client, sessionId, generation: 1, facts, scope, audience, jkt: null, now }
  const minted = await mintCredentials(parts, request)
  const { events } = decide(
    { userId, user: null, sessions: [], consents: [], lastSeq: log.seq, traces: [] },
    {
      type: 'start_session',
      opId: `seed:${sessionId}`,
      session: {
        id: sessionId,
        clientId,
        clientKind: client.kind,
        scope,
        signedInWith: ['email_code'],
        startedIn: 'app',
        device: { name: 'Phone of somebody', kind: 'phone', os: 'iOS', browser: 'Safari' },
        place: { country: 'DE', city: 'Berlin' },
        startedMs: 0,
        secretDigest: minted.secretDigest,
      },
      bucket: minted.bucket,
      rule: { limit: null, at_limit: 'replace_oldest' },
      address: email,
      newUser: { email },
      formerSessionId: null,
      authorizedIn: null,
      marks: [await sha256(sessionId), await sha256(userId)],
      notice: null,
    },
    now,
  )
  const fresh = log.seq === 0 ? events : events.map(event => ({ ...event, newUser: null }))
  const links = await linkEvents(parts.secrets, userId, log.digest, fresh.map(storedEventOf))
  log.seq += fresh.length
  log.digest = links.at(-1)?.digest ?? null
  return {
    session: { ...minted.answer, userId, sessionId },
    written: statements(parts.shards.of(userId), userId, fresh, links),
  }
}

async function seedSignIns(
  parts: Parts,
  { count, clientId }: { count: number; clientId: string },
): Promise<SeededSignIn[]> {
  const now = nowInSeconds()
  const seeded: SeededSignIn[] = []
  const batch: D1PreparedStatement[] = []
  for (let index = 0; index < count; index++) {
    const { email, userId } = await newUser()
    const id = randomTaggedId('i', userId.slice(2, 4))
    const [code, verifier] = [randomCode(), randomSecret()]
    seeded.push({ id, code, verifier })
    const [codeDigest = ''] = await codeDigests(parts, id, code)
    batch.push(
      insertSignIn(parts.shards.of(id), {
        id,
        address: email,
        clientId,
        scope: 'sessions read',
        startedIn: 'app',
        bindingDigest: await pkceChallenge(verifier),
        linkCommitment: await sha256(id),
        codeDigest,
        wrongCodes: 0,
        sealedContinueTo: null,
        deviceName: 'Phone of somebody',
        createdAt: now,
        expiresAt: now + SIGN_IN_SECONDS,
      }),
    )
  }
  await parts.shards.global.batch(batch)
  return seeded
}

let countedEnv: Env | null = null

/** Of the second: the first one fills what the isolate remembers. */
async function costOf(
  { first, second }: Readonly<Record<'first' | 'second', OperationToCount>>,
  env: Env,
  context: ExecutionContext,
): Promise<Cost & { status: number; bytes: number }> {
  countedEnv ??= { ...env, DB: counted(env.DB, () => cost) }
  const ask = ({ method, path, headers, body }: OperationToCount) =>
    app.request(path, { method, headers, body }, countedEnv as Env, context)
  await ask(first)
  cost = noCost()
  const response = await ask(second)
  const bytes = (await response.arrayBuffer()).byteLength
  return { ...cost, status: response.status, bytes }
}
