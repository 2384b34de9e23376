// Calling the object of a waiting browser. Its name is the digest of the browser's binding secret, which stays the same
// while the browser asks again: so a link of an earlier mail rings as well. The secret itself stays with the Worker.
import { errorName, log } from '../log.ts'
import { StorageUnavailable } from '../store/d1.ts'
import type { WaitingBrowser } from './waiting-browser.ts'

export type WaitingBrowsers = DurableObjectNamespace<WaitingBrowser>

/** The socket, not accepted yet. Throws StorageUnavailable. */
export async function openWaitingSocket(objects: WaitingBrowsers, bindingDigest: string): Promise<WebSocket> {
  try {
    const headers = { Upgrade: 'websocket' }
    const { webSocket } = await objects
      .getByName(bindingDigest)
      .fetch('https://waiting-browser/', { headers })
    if (webSocket !== null) return webSocket
  } catch (error) {
    throw new StorageUnavailable('a waiting browser could not be reached', { cause: error })
  }
  throw new StorageUnavailable('a waiting browser gave no socket')
}

/** Tells a browser that waits, if there is one, that its sign-in is no longer what it was. Never throws. */
export async function ring(objects: WaitingBrowsers, bindingDigest: string): Promise<void> {
  try {
    await objects.getByName(bindingDigest).ring()
  } catch (error) {
    log('warn', { event: 'waiting_browser.not_rung', error: errorName(error) })
  }
}
