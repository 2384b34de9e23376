// The live sockets of a user, tagged with their session. They only listen, and only while their session is live in the
// database: what the object remembers of an end could be lost with an answer.
import type { Client } from '../domain/client.ts'
import { LIVE_SOCKETS_PER_SESSION } from '../domain/limits.ts'
import { errorName, log } from '../log.ts'
import { acceptSocket, answerPings, factsOf, isOpen, openSockets } from '../sockets/hibernating.ts'
import type { LoggedEvent } from '../store/events.ts'
import { isTold, liveMessage, type Told } from './live-message.ts'

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
  readonly findEventOfSession: (userId: string, sessionId: string) => Promise<LoggedEvent | null>
}

export interface LiveSockets {
  /** @returns the client's end */
  accept(sessionId: string, until: number): WebSocket
  /** Returns at once and never throws; in the order of the calls. Whoever cannot be told is cut off, and so knows. */
  tell(userId: string, entries: readonly LoggedEvent[], now: number): void
}

export function createLiveSockets(
  ctx: DurableObjectState,
  { findClient, listLiveIds, findEventOfSession }: LookUps,
): LiveSockets {
  answerPings(ctx)
  let telling: Promise<unknown> = Promise.resolve()

  const about = async (entry: LoggedEvent, now: number): Promise<Told> => {
    const client = entry.clientId === null ? null : await findClient(entry.clientId, now).catch(() => null)
    return { entry, client }
  }

  /** The session by which a change ended others: it began in that change, or has to be looked up. All of a change have one. */
  async function findEnder(
    userId: string,
    entries: readonly LoggedEvent[],
    now: number,
  ): Promise<Told | null> {
    const actors = entries.map(({ type, by }) => (type === 'session.ended' ? by : null))
    const by = actors.find(each => each?.kind === 'session')
    if (by?.kind !== 'session') return null
    const known = entries.find(({ sessionId }) => sessionId === by.session_id)
    const entry = known ?? (await findEventOfSession(userId, by.session_id).catch(() => null))
    return entry === null ? null : about(entry, now)
  }

  async function tellAll(
    userId: string,
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
    const ender = await findEnder(userId, entries, now)
    for (const entry of entries) {
      const isByEnder = entry.type === 'session.ended' && entry.by.kind === 'session'
      const message = JSON.stringify(liveMessage(await about(entry, now), isByEnder ? ender : null))
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
        .then(([live]) => tellAll(userId, listeners, told, live, now))
        .catch(error => cutOff(listeners, error))
      ctx.waitUntil(telling)
    },
  }
}

function cutOff(listeners: readonly WebSocket[], error: unknown): void {
  log('error', { event: 'live.not_told', error: errorName(error) })
  for (const socket of listeners.filter(isOpen)) socket.close(CLOSE.notTold, 'not_told')
}
