// The Durable Object of one user: the only writer of that user's sessions. It gives every change its order;
// that a change is right even beside a second instance is up to the database (see store/statements.ts).
import { DurableObject } from 'cloudflare:workers'
import type {
  AccountResult,
  ChangeAccount,
  ChangeEmail,
  ChangeEmailResult,
  Command,
  DeleteAccount,
  EndResult,
  EndSessions,
  ResultOf,
  StartResult,
  StartSession,
  StateOf,
} from '../domain/commands.ts'
import { errorName, log } from '../log.ts'
import { refuseMessage } from '../sockets/hibernating.ts'
import { findEventOfSession, type LoggedEvent } from '../store/events.ts'
import { webhookCache } from '../store/webhook-cache.ts'
import { listWebhooks } from '../store/webhooks.ts'
import { announce } from './announce.ts'
import { type Applied, applyChange } from './change.ts'
import { changeEmail } from './change-email.ts'
import { type Common, commonOf } from './common.ts'
import { deleteAccount } from './delete-account.ts'
import { answerOpened, type Opened, readLiveRequest } from './live-call.ts'
import { createLiveSockets } from './live-sockets.ts'
import type { Reported, Unavailable } from './outcome.ts'
import { type Loaded, type LoadedSessions, type LoadedState, listLiveIds } from './state.ts'

export class UserSessions extends DurableObject<Env> {
  #tail: Promise<unknown> = Promise.resolve()
  /** Of the log, as far as this instance has written it: an older view is not worth trying. */
  #newestSeq = 0
  readonly #live = createLiveSockets(this.ctx, {
    findClient: (id, now) => this.#common().findClient(id, now),
    listLiveIds: async (userId, now) => listLiveIds(this.#common().shards.of(userId), userId, now),
    findEventOfSession: async (userId, id) =>
      findEventOfSession(this.#common().shards.of(userId), userId, id),
  })

  /**
   * Begins a session under its client's rule; replaces what the rule says.
   * @param seen of this user, by whoever had to read something of them anyway
   */
  startSession(
    userId: string,
    command: StartSession,
    now: number,
    seen: LoadedState | null = null,
  ): Promise<Reported<StartResult>> {
    return this.#change(userId, command, now, seen)
  }

  /** Ends the selected sessions; the actor must be live when this is decided. @param seen as for `startSession` */
  endSessions(
    userId: string,
    command: EndSessions,
    now: number,
    seen: LoadedSessions | null = null,
  ): Promise<Reported<EndResult>> {
    return this.#change(userId, command, now, seen)
  }

  /** @param seen as for `startSession` */
  changeAccount(
    userId: string,
    command: ChangeAccount,
    now: number,
    seen: LoadedState | null = null,
  ): Promise<Reported<AccountResult>> {
    return this.#change(userId, command, now, seen)
  }

  /** Makes a proven address this user's, and lets go of the former one. */
  changeEmail(userId: string, command: ChangeEmail, now: number): Promise<Reported<ChangeEmailResult>> {
    return this.#applied(userId, now, ({ shards, secrets }) =>
      changeEmail(shards, userId, command, now, secrets),
    )
  }

  /** Ends everything and removes the user; what stays is described in docs/security.md. */
  deleteAccount(userId: string, command: DeleteAccount, now: number): Promise<Reported<AccountResult>> {
    return this.#applied(userId, now, ({ shards, secrets }) =>
      deleteAccount(shards, userId, command, now, secrets),
    )
  }

  /** Opens a live socket (live-call.ts). In the order of changes: none for a session that has just ended. */
  override async fetch(request: Request): Promise<Response> {
    const { userId, sessionId, until, now } = readLiveRequest(request)
    const opened = await this.#serially<Opened>(async () => {
      const live = await listLiveIds(this.#common().shards.of(userId), userId, now)
      if (!live.has(sessionId)) return { tag: 'session_gone' }
      return { tag: 'opened', socket: this.#live.accept(sessionId, until) }
    })
    return answerOpened(opened)
  }

  override webSocketMessage(socket: WebSocket): void {
    refuseMessage(socket)
  }

  /** A sleeping object's sockets are not answered by the runtime: without this the other side waits for its timeout. */
  override webSocketClose(socket: WebSocket): void {
    socket.close()
  }

  #change<C extends Command>(
    userId: string,
    command: C,
    now: number,
    seen: Loaded<StateOf<C>> | null,
  ): Promise<Reported<ResultOf<C>>> {
    return this.#applied(userId, now, ({ shards, secrets }) => {
      const isOld = seen !== null && seen.lastSeq < this.#newestSeq
      return applyChange(shards.of(userId), userId, command, now, secrets, isOld ? null : seen)
    })
  }

  /** What has happened is told beside the answer: whoever listens neither delays a change nor fails it. */
  #applied<Result>(
    userId: string,
    now: number,
    work: (common: Common) => Promise<Applied<Result>>,
  ): Promise<Reported<Result>> {
    const nothing = { entries: [], isRepeat: false }
    return this.#serially(async () => {
      const { outcome, entries, isRepeat } = await work(this.#common())
      this.#newestSeq = Math.max(this.#newestSeq, ...entries.map(({ seq }) => seq))
      this.#live.tell(userId, entries, now)
      this.ctx.waitUntil(announce(this.#outside(), userId, entries, now))
      return { ...outcome, report: { entries: entries.map(reportOf), isRepeat } }
    }).then(result => ({ report: nothing, ...result }))
  }

  #outside() {
    const { shards, findClient } = this.#common()
    const list = () => listWebhooks(shards.global)
    return {
      queue: this.env.EVENTS,
      findClient,
      listWebhooks: (now: number) => webhookCache.list(list, now),
    }
  }

  #common(): Common {
    return commonOf(this.env)
  }

  /**
   * One change at a time: awaiting D1 lets other calls interleave. A chain of promises, not
   * blockConcurrencyWhile, where one failure would reset the object and every call in flight.
   */
  #serially<Result>(work: () => Promise<Result>): Promise<Result | Unavailable> {
    const result = this.#tail.then(work).catch(unexpected)
    this.#tail = result
    return result
  }
}

/** Ids, and no more: devices and places stay with the user. */
const reportOf = ({ type, seq, sessionId, clientId, reason, by }: LoggedEvent) => ({
  type,
  seq,
  sessionId,
  clientId,
  reason,
  by,
})

/** Its text may hold what was stored; its name is enough to find the cause. */
function unexpected(error: unknown): Unavailable {
  log('error', { event: 'user_object.failed', error: errorName(error) })
  return { tag: 'unavailable' }
}
