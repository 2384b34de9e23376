// What every route that opens a WebSocket asks of its request.
import type { LatchkeyContext } from './context.ts'
import { Problem } from './problem.ts'

export const isUpgrade = (c: LatchkeyContext): boolean =>
  c.req.header('Upgrade')?.toLowerCase() === 'websocket'

/** HEAD is answered as GET: it would open a socket to which nobody listens. Throws `method_not_allowed`. */
export function refuseHead(c: LatchkeyContext): void {
  if (c.req.method === 'HEAD') throw new Problem('method_not_allowed', { headers: { Allow: 'GET' } })
}
