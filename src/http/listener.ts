// Who listens: a token with scope `sessions`, in the header or, because a browser's WebSocket has no headers of its
// own, as a subprotocol; or the browser session, from our own pages only.
import { checkToken, ofUser, presentedToken, unauthorized } from './bearer.ts'
import { findBrowserSession } from './browser-session.ts'
import type { LatchkeyContext } from './context.ts'
import { checkOrigin } from './csrf.ts'
import type { PresentedToken } from './possession.ts'
import { SESSIONS_DEMAND } from './principal.ts'
import { Problem } from './problem.ts'

export interface Listener {
  readonly userId: string
  readonly sessionId: string
  /** Seconds: when what was presented runs out. */
  readonly until: number
  /** To be named in the handshake's answer. */
  readonly subprotocol: string | null
}

const BEARER_SUBPROTOCOL = /^bearer\.(.+)$/

/** Throws 401 with a challenge, 403 for a missing scope or a foreign origin, 400 for two tokens. */
export async function requireListener(c: LatchkeyContext): Promise<Listener> {
  const subprotocol = bearerSubprotocol(c)
  const header = c.req.header('Authorization')
  if (subprotocol !== null && header !== undefined) throw twoTokens()
  const token = subprotocol === null ? presentedToken(c) : offeredToken(subprotocol)
  if (token !== null) {
    const claims = ofUser(await checkToken(c, token, SESSIONS_DEMAND))
    return { userId: claims.sub, sessionId: claims.sid, until: claims.exp, subprotocol }
  }
  const session = header === undefined ? await findBrowserSession(c) : null
  if (session === null) throw unauthorized()
  // A page of another site can open a socket, and the browser sends our cookie with it.
  checkOrigin(c)
  return {
    userId: session.userId,
    sessionId: session.id,
    until: session.absoluteExpiresAt,
    subprotocol: null,
  }
}

/** A bound token cannot come this way: there is no place for its proof. */
const offeredToken = (subprotocol: string): PresentedToken => ({
  scheme: 'Bearer',
  text: subprotocol.replace(BEARER_SUBPROTOCOL, '$1'),
})

function bearerSubprotocol(c: LatchkeyContext): string | null {
  const offered = (c.req.header('Sec-WebSocket-Protocol') ?? '').split(',').map(each => each.trim())
  const [first = null, ...rest] = offered.filter(each => BEARER_SUBPROTOCOL.test(each))
  if (rest.length > 0) throw twoTokens()
  return first
}

const twoTokens = (): Problem => new Problem('invalid_request', { detail: 'present one token, in one way' })
