// The live sockets of a user, tagged with their session. They only listen, and only while their session is live in the
// database: what the object remembers of an end could be lost with an answer.
import type { Client } from '../domain/client.ts'
import { LIVE_SOCKETS_PER_SESSION } from '../domain/limits.ts'
import { log } from '../log.ts'
import { acceptSocket, answerPings, factsOf, isOpen, openSockets } from '../sockets/hibernating.ts'
import type { LoggedEvent } from '../store/events.ts'
import { isTold, liveMessage } from './live-message.ts'

/** RFC 6455 §7.4: 1011 is internal error, 4000 to 4999 are an application's own. */
const CLOSE = {
  notTold: 1011,
  sessionEnded: 4001,
  credentialExpired: 4002,
} as const

interface Listener {
  readonly sessionId: string
  /** Seconds: when the credential that opened the socket runs out. */
  readonly until: number
}

interface LookUps {
  readonly findClient: (id: string, now: number) => Promise<Client | null>
  readonly listLiveIds: (userId: string, now: number) => Promise<ReadonlySet<string>>
}

export interface LiveSockets {
  /** @returns the client's end */
  accept(sessionId: string, until: number): WebSocket
  /** Returns at once and never throws; in the order of the calls. Whoever cannot be told is cut off, and so knows. */
  tell(userId: string, entries: readonly LoggedEvent[], now: number): void
}

export function createLiveSockets(
  ctx: DurableObjectState,
  { findClient, listLiveIds }: LookUps,
): LiveSockets {
  answerPings(ctx)
  let telling: Promise<unknown> = Promise.resolve()

  async function tellAll(
    listeners: readonly WebSocket[],
    entries: readonly LoggedEvent[],
    live: ReadonlySet<string>,
    now: number,
  ): Promise<void> {
    const endedNow = new Map(
      entries.filter(({ type }) => type === 'session.ended').map(entry => [entry.sessionId, entry.reason]),
    )
    const dismiss = (mayStay: (sessionId: string) => boolean): void => {
      for (const socket of listeners.filter(isOpen)) {
        const { sessionId, until } = factsOf<Listener>(socket)
        if (!mayStay(sessionId)) socket.close(CLOSE.sessionEnded, endedNow.get(sessionId) ?? '')
        else if (until <= now) socket.close(CLOSE.credentialExpired, 'token_expired')
      }
    }
    // A session that this very change has ended hears so first.
    dismiss(sessionId => live.has(sessionId) || endedNow.has(sessionId))
    for (const entry of entries) {
      const client = entry.clientId === null ? null : await findClient(entry.clientId, now).catch(() => null)
      const message = JSON.stringify(liveMessage(entry, client))
      for (const socket of listeners.filter(isOpen)) socket.send(message)
    }
    dismiss(sessionId => live.has(sessionId))
  }

  return {
    accept: (sessionId, until) =>
      acceptSocket<Listener>(ctx, sessionId, { sessionId, until }, LIVE_SOCKETS_PER_SESSION),
    tell(userId, entries, now) {
      const [told, listeners] = [entries.filter(isTold), openSockets(ctx)]
      if (told.length === 0 || listeners.length === 0) return
      // Asked at once: who is live after this change, not after the next.
      telling = Promise.all([listLiveIds(userId, now), telling])
        .then(([live]) => tellAll(listeners, told, live, now))
        .catch(error => cutOff(listeners, error))
      ctx.waitUntil(telling)
    },
  }
}

function cutOff(listeners: readonly WebSocket[], error: unknown): void {
  log('error', { event: 'live.not_told', error: error instanceof Error ? error.name : 'unknown' })
  for (const socket of listeners.filter(isOpen)) socket.close(CLOSE.notTold, 'not_told')
}
