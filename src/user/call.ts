// Calling a user's object: a new stub for every attempt, the same opId each time, never again when overloaded.
import { OBJECT_ATTEMPTS } from '../domain/limits.ts'
import { StorageUnavailable } from '../store/d1.ts'
import type { UserSessions } from './user-sessions.ts'

export type UserObjects = DurableObjectNamespace<UserSessions>

/** What may be asked of a user's object. Plain promises: pipelining over its tagged results has no use here. */
export type UserVerbs = Pick<
  UserSessions,
  'startSession' | 'endSessions' | 'changeAccount' | 'changeEmail' | 'deleteAccount'
>

/** Throws StorageUnavailable when the object cannot be reached or cannot reach its storage. */
export async function callUser<Result extends { readonly tag: string }>(
  objects: UserObjects,
  userId: string,
  call: (user: UserVerbs) => Promise<Result>,
): Promise<Exclude<Result, { tag: 'unavailable' }>> {
  const result = await reachUser(objects, userId, user => call(user as unknown as UserVerbs))
  if (result.tag === 'unavailable') throw new StorageUnavailable('the user object could not reach storage')
  return result as Exclude<Result, { tag: 'unavailable' }>
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
