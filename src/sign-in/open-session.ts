// From a proven sign-in to a session: the credentials are made here, the object gets their digests only.
import type { Client } from '../domain/client.ts'
import { tagOf } from '../domain/ids.ts'
import type { Device, NewBucket, NewSession, SignedInWith } from '../domain/session.ts'
import { type SignIn, signInOpId } from '../domain/sign-in.ts'
import { withinSecond } from '../domain/time.ts'
import { StorageUnavailable } from '../store/d1.ts'
import { claimSignIn, findSignIn, unclaimSignIn } from '../store/sign-ins.ts'
import { randomTaggedId } from '../tokens/random.ts'
import { callUser } from '../user/call.ts'
import { settleEmailChange } from '../user/settle-email-change.ts'
import { type LoadedState, stateOfNobody } from '../user/state.ts'
import { deliverNotice, prepareNotice } from './notice.ts'
import type { Parts, RequestFacts } from './parts.ts'

/** The secrets of a session that is about to begin, beside what is stored of them. */
export interface Credentials<Answer> {
  readonly secretDigest: string
  readonly bucket: NewBucket | null
  readonly answer: Answer
}

export interface OpenSession<Answer> {
  readonly signIn: SignIn
  readonly userId: string | null
  /** Of that user, read with the sign-in. */
  readonly state: LoadedState | null
  readonly signedInWith: SignedInWith
  readonly client: Client
  readonly formerSessionId: string | null
  /** Of the browser or device that the session is for (tokens/device-marks.ts). */
  readonly marks: (userId: string) => Promise<readonly string[]>
  readonly mint: (userId: string, sessionId: string) => Promise<Credentials<Answer>>
}

export type Opened<Answer> =
  | { readonly tag: 'opened'; readonly userId: string; readonly sessionId: string; readonly answer: Answer }
  | { readonly tag: 'refused'; readonly why: 'session_limit_reached' | 'user_disabled' }
  | { readonly tag: 'spent' }
  /** The link is not enough this time: the typed code of the same mail is. Nothing is spent. */
  | { readonly tag: 'code_required' }

const ATTEMPTS = 3

/** What signs in, under the name that it gave itself when it asked. */
export const deviceOf = (signIn: SignIn, facts: RequestFacts): Device => ({
  ...facts.device,
  name: signIn.deviceName ?? facts.device.name,
})

/** Throws StorageUnavailable when it is unknown whether the session began. */
export async function openSession<Answer>(
  parts: Parts,
  request: OpenSession<Answer>,
  facts: RequestFacts,
): Promise<Opened<Answer>> {
  const { signIn, client } = request
  const home = parts.shards.of(signIn.id)
  let knownUserId = request.userId
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const userId = knownUserId ?? randomTaggedId('u', tagOf(signIn.id))
    const isElsewhere = parts.shards.of(userId) !== home
    if (isElsewhere && !(await claimSignIn(home, signIn.id, userId))) return { tag: 'spent' }
    const sessionId = randomTaggedId('s', tagOf(userId))
    const credentials = await request.mint(userId, sessionId)
    const session: NewSession = {
      id: sessionId,
      clientId: client.id,
      clientKind: client.kind,
      scope: signIn.scope,
      signedInWith: [request.signedInWith],
      startedIn: signIn.startedIn,
      device: deviceOf(signIn, facts),
      place: facts.place,
      startedMs: withinSecond(facts.nowMs),
      secretDigest: credentials.secretDigest,
    }
    const noticed = { userId, address: signIn.address, client, session }
    const notice = knownUserId === null ? null : await prepareNotice(parts, noticed, facts.now)
    const marks = await request.marks(userId)
    const outcome = await callUser(parts.users, userId, user =>
      user.startSession(
        userId,
        {
          type: 'start_session',
          opId: signInOpId(signIn.id),
          session,
          bucket: credentials.bucket,
          rule: client.session_rule,
          address: signIn.address,
          newUser: knownUserId === null ? { email: signIn.address } : null,
          formerSessionId: request.formerSessionId,
          authorizedIn: null,
          marks,
          notice: notice?.row ?? null,
        },
        facts.now,
        knownUserId === null ? stateOfNobody(userId) : attempt === 0 ? request.state : null,
      ),
    )
    switch (outcome.tag) {
      case 'started':
        if (notice !== null && outcome.isNoticeDue) deliverNotice(parts, userId, notice, facts)
        // It only spares a later limit: the sign-in stands without it.
        facts.waitUntil(parts.limits.remember(signIn.address, facts, facts.now).catch(() => undefined))
        return { tag: 'opened', userId, sessionId, answer: credentials.answer }
      case 'refused':
      case 'code_required':
        return outcome
      case 'spent':
      case 'authorization_gone':
        return { tag: 'spent' }
      // Another sign-in of this address made its user meanwhile; or that user is gone, or has another address now.
      case 'address_taken':
      case 'no_such_user':
      case 'address_moved': {
        if (knownUserId !== null) await settleEmailChange(parts.shards, knownUserId, signIn.address)
        if (isElsewhere) await unclaimSignIn(home, signIn.id, userId)
        const found = await findSignIn(home, signIn.id)
        if (found === null) return { tag: 'spent' }
        knownUserId = found.userId
      }
    }
  }
  throw new StorageUnavailable('the user of this address keeps changing')
}
