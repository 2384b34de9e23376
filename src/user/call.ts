// Calling a user's object: a new stub for every attempt, the same opId each time, never again when overloaded.
import { OBJECT_ATTEMPTS } from '../domain/limits.ts'
import { record } from '../records/record.ts'
import { StorageUnavailable } from '../store/d1.ts'
import type { Reported } from './outcome.ts'
import type { UserSessions } from './user-sessions.ts'

export type UserObjects = DurableObjectNamespace<UserSessions>

/** What may be asked of a user's object. Plain promises: pipelining over its tagged results has no use here. */
export type UserVerbs = Pick<
  UserSessions,
  'startSession' | 'endSessions' | 'changeAccount' | 'changeEmail' | 'deleteAccount'
>

/** Throws StorageUnavailable when the object cannot be reached or cannot reach its storage. */
export async function callUser<Result extends { readonly tag: string; readonly report: Report }>(
  objects: UserObjects,
  userId: string,
  call: (user: UserVerbs) => Promise<Result>,
): Promise<Exclude<Result, { tag: 'unavailable' }>> {
  let attempts = 0
  const result = await reachUser(objects, userId, user => {
    attempts += 1
    return call(user as unknown as UserVerbs)
  })
  // What an earlier attempt did before its answer was lost is this request's doing too.
  if (!result.report.isRepeat || attempts > 1) {
    for (const entry of result.report.entries) recordEntry(userId, entry)
  }
  if (result.tag === 'unavailable') throw new StorageUnavailable('the user object could not reach storage')
  return result as Exclude<Result, { tag: 'unavailable' }>
}

type Report = Reported<unknown>['report']

function recordEntry(
  userId: string,
  { type, seq, sessionId, clientId, reason, by }: Report['entries'][number],
): void {
  record(type, {
    actor: by.kind,
    actor_id: by.kind === 'session' ? by.session_id : undefined,
    user_id: userId,
    ...(sessionId !== null && { session_id: sessionId }),
    ...(clientId !== null && { client_id: clientId }),
    reason,
    seq,
  })
}

/** Throws StorageUnavailable when no attempt is answered. */
export async function reachUser<Answer>(
  objects: UserObjects,
  userId: string,
  ask: (user: DurableObjectStub<UserSessions>) => Promise<Answer>,
): Promise<Answer> {
  let last: unknown
  for (let attempt = 0; attempt < OBJECT_ATTEMPTS; attempt++) {
    try {
      return await ask(objects.getByName(userId))
    } catch (error) {
      last = error
      if (isOverloaded(error)) break
    }
  }
  throw new StorageUnavailable('the user object did not answer', { cause: last })
}

const isOverloaded = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'overloaded' in error && error.overloaded === true
