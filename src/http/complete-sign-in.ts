// The last step of a browser sign-in: a proven attempt becomes a browser session and its cookie.
import { ACCOUNT_CLIENT } from '../domain/client.ts'
import { log } from '../log.ts'
import { signOut } from '../oauth/revoke.ts'
import { openSession } from '../sign-in/open-session.ts'
import type { Proof } from '../sign-in/prove.ts'
import { mintBrowserSession } from '../tokens/browser-session.ts'
import { deviceMarks } from '../tokens/device-marks.ts'
import { randomSecret } from '../tokens/random.ts'
import { ring } from '../waiting/call.ts'
import { askForCode } from './ask-for-code.tsx'
import { findPresentedSession } from './browser-session.ts'
import type { LatchkeyContext } from './context.ts'
import { locationOf } from './continue-to.ts'
import { clearCookie, writeCookie } from './cookies.ts'
import { Problem } from './problem.ts'

export async function complete(c: LatchkeyContext, proof: Proof): Promise<Response> {
  if (proof.tag === 'refused') throw new Problem(proof.why)
  const { parts } = c.var
  const { signIn } = proof
  // Also one that is not taken as signed in here: with the new cookie nobody holds the former but whoever copied it.
  const former = await findPresentedSession(c)
  // A browser without a name gets one now, so that the next sign-in from there is known by it.
  const { now, nowMs, clientIp, browserId, device, place, waitUntil } = c.var.facts
  const facts = { now, nowMs, clientIp, browserId: browserId ?? randomSecret(), device, place, waitUntil }
  const opened = await openSession(
    parts,
    {
      signIn,
      userId: proof.userId,
      state: proof.state,
      signedInWith: proof.signedInWith,
      client: ACCOUNT_CLIENT,
      formerSessionId: former?.id ?? null,
      marks: userId => deviceMarks(parts.secrets, userId, facts.device, facts),
      mint: async (userId, sessionId) => {
        const secret = await mintBrowserSession(parts.secrets, userId, sessionId)
        return { secretDigest: secret.digest, bucket: null, answer: secret.text }
      },
    },
    facts,
  )
  const location = await locationOf(parts, signIn)
  if (opened.tag === 'spent') throw new Problem('link_used')
  if (opened.tag === 'code_required') return askForCode(c, signIn.id, location, 403)
  if (opened.tag === 'refused') throw new Problem(opened.why)
  // The former session of this browser was another user's: the same change cannot end it.
  if (former !== null && former.userId !== opened.userId) {
    await signOut(parts, { userId: former.userId, sessionId: former.id }, facts).catch(() => {
      // The new session stands; of the former one nobody holds the cookie any more.
      log('error', { event: 'former_session.not_ended', session_id: former.id })
    })
  }
  writeCookie(c, 'session', opened.answer)
  writeCookie(c, 'browser', facts.browserId)
  clearCookie(c, 'csrf')
  // Last, when nothing keeps the answer: the page that hears it goes on with the cookie that the answer brings.
  facts.waitUntil(ring(parts.waitingBrowsers, signIn.bindingDigest))
  return c.redirect(location, 303)
}
