// Asking a user's object for a live socket: a request, because a socket cannot be the result of a call. Both sides.
import { StorageUnavailable } from '../store/d1.ts'
import { reachUser, type UserObjects } from './call.ts'
import type { Unavailable } from './outcome.ts'

export interface LiveRequest {
  readonly userId: string
  readonly sessionId: string
  /** Seconds: nothing is told from then on. */
  readonly until: number
  readonly now: number
}

/** What the object makes of it. */
export type Opened = { readonly tag: 'opened'; readonly socket: WebSocket } | { readonly tag: 'session_gone' }

/** The socket, not accepted yet; null when the session is no longer live. Throws StorageUnavailable. */
export async function openLiveSocket(objects: UserObjects, request: LiveRequest): Promise<WebSocket | null> {
  const { userId, sessionId, until, now } = request
  const query = new URLSearchParams({ userId, sessionId, until: String(until), now: String(now) })
  const headers = { Upgrade: 'websocket' }
  const response = await reachUser(objects, userId, user =>
    user.fetch(`https://user-sessions/live?${query}`, { headers }),
  )
  if (response.status === STATUS.session_gone) return null
  if (response.webSocket === null) throw new StorageUnavailable('the user object could not reach storage')
  return response.webSocket
}

/** The object's side: what openLiveSocket asked. */
export function readLiveRequest(request: Request): LiveRequest {
  const query = new URL(request.url).searchParams
  const text = (name: keyof LiveRequest) => query.get(name) ?? ''
  return {
    userId: text('userId'),
    sessionId: text('sessionId'),
    until: Number(text('until')),
    now: Number(text('now')),
  }
}

const STATUS = { opened: 101, session_gone: 410, unavailable: 503 } as const

/** The object's side. */
export const answerOpened = (opened: Opened | Unavailable): Response =>
  new Response(null, {
    status: STATUS[opened.tag],
    webSocket: opened.tag === 'opened' ? opened.socket : null,
  })
