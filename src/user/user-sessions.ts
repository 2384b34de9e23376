// The Durable Object of one user: the only writer of that user's sessions. It gives every change its order;
// that a change is right even beside a second instance is up to the database (see store/statements.ts).
import { DurableObject } from 'cloudflare:workers'
import type {
  AccountResult,
  ChangeAccount,
  Command,
  EndResult,
  EndSessions,
  ResultOf,
  StartResult,
  StartSession,
} from '../domain/commands.ts'
import { log } from '../log.ts'
import { createShards, parseShardMap } from '../store/shards.ts'
import { applyChange } from './change.ts'
import { deleteAccount } from './delete-account.ts'
import type { Outcome } from './outcome.ts'

export class UserSessions extends DurableObject<Env> {
  #tail: Promise<unknown> = Promise.resolve()

  /** Begins a session under its client's rule; replaces what the rule says. */
  startSession(userId: string, command: StartSession, now: number): Promise<Outcome<StartResult>> {
    return this.#change(userId, command, now)
  }

  /** Ends the selected sessions; the actor must be live when this is decided. */
  endSessions(userId: string, command: EndSessions, now: number): Promise<Outcome<EndResult>> {
    return this.#change(userId, command, now)
  }

  changeAccount(userId: string, command: ChangeAccount, now: number): Promise<Outcome<AccountResult>> {
    return this.#change(userId, command, now)
  }

  /** Ends everything and removes the user; what stays is described in docs/security.md. */
  deleteAccount(userId: string, opId: string, now: number): Promise<Outcome<AccountResult>> {
    return this.#serially(() => deleteAccount(this.#database(userId), userId, opId, now))
  }

  #change<C extends Command>(userId: string, command: C, now: number): Promise<Outcome<ResultOf<C>>> {
    return this.#serially(() => applyChange(this.#database(userId), userId, command, now))
  }

  #database(userId: string): D1Database {
    return createShards(parseShardMap(this.env.SHARDS, this.env as unknown as Record<string, unknown>)).of(
      userId,
    )
  }

  /**
   * One change at a time: awaiting D1 lets other calls interleave. A chain of promises, not
   * blockConcurrencyWhile, where one failure would reset the object and every call in flight.
   */
  #serially<T>(work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const result = this.#tail.then(work).catch(unexpected)
    this.#tail = result
    return result
  }
}

/** Its text may hold what was stored; its name is enough to find the cause. */
function unexpected(error: unknown): { readonly tag: 'unavailable' } {
  log('error', { event: 'user_object.failed', error: error instanceof Error ? error.name : 'unknown' })
  return { tag: 'unavailable' }
}
