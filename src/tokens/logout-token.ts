// Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4): they tell a client which of its sessions has ended, and
// open nothing anywhere.
import { LOGOUT_TOKEN_SECONDS } from '../domain/limits.ts'
import type { KeyRing } from './key-ring.ts'
import { randomSecret } from './random.ts'

const LOGOUT_TYP = 'logout+jwt'
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

export interface EndedSession {
  readonly userId: string
  readonly sessionId: string
  readonly clientId: string
}

/** Never with a nonce, so that no client takes it for an ID token. */
export async function mintLogoutToken(
  ring: KeyRing,
  issuer: string,
  { userId, sessionId, clientId }: EndedSession,
  now: number,
): Promise<string> {
  const claims = {
    iss: issuer,
    aud: clientId,
    sub: userId,
    sid: sessionId,
    jti: randomSecret(),
    iat: now,
    exp: now + LOGOUT_TOKEN_SECONDS,
    events: { [LOGOUT_EVENT]: {} },
  }
  return (await ring.sign(LOGOUT_TYP, claims, now)).token
}
