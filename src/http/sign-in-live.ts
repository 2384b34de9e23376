// The socket of the page that waits for the link: it hears that its sign-in has changed, and asks /sign-in/check.
import { openWaitingSocket } from '../waiting/call.ts'
import { requestBinding } from './binding.ts'
import type { LatchkeyEnv } from './context.ts'
import { checkOrigin } from './csrf.ts'
import { isUpgrade, refuseHead } from './handshake.ts'
import { Hono } from './hono.ts'
import { Problem } from './problem.ts'
import { signInState } from './sign-in-state.ts'

export const signInLive = new Hono<LatchkeyEnv>()

signInLive.get('/sign-in/live', async c => {
  refuseHead(c)
  // A page of another site can open a socket, and the browser sends our cookie with it.
  checkOrigin(c)
  if (!isUpgrade(c)) throw new Problem('not_acceptable', { detail: 'served as a WebSocket only' })
  const binding = await requestBinding(c)
  const { state } = await signInState(c, binding, null)
  // One that has just completed may listen: the page asks once the socket is open.
  if (binding === null || state === 'ended') throw new Problem('sign_in_ended')
  const webSocket = await openWaitingSocket(c.var.parts.waitingBrowsers, binding.digest)
  return new Response(null, { status: 101, webSocket })
})
