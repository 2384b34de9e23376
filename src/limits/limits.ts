// The limits on sign-ins, by name. Keys are keyed digests: the objects learn neither addresses nor networks.
import {
  NETWORK_WINDOW_SECONDS,
  REDEMPTIONS_PER_NETWORK,
  SIGN_INS_IN_TOTAL,
  SIGN_INS_PER_NETWORK,
  TOTAL_WINDOW_SECONDS,
} from '../domain/limits.ts'
import { networkPrefix } from '../domain/network.ts'
import { StorageUnavailable } from '../store/d1.ts'
import type { Secrets } from '../tokens/secrets.ts'
import type { Allowance, RateLimiter } from './rate-limiter.ts'

export interface Limits {
  /** One request for a mail: what the network may ask, and what is asked of the whole service. */
  forSignIn(clientIp: string, now: number): Promise<Allowance>
  /** One use of a link or a typed code. */
  forRedemption(clientIp: string, now: number): Promise<Allowance>
  /** Whether a mail may leave for this address; whatever it says, the caller's answer is the same. */
  admitsMail(address: string, clientIp: string, now: number): Promise<boolean>
  /** A sign-in of this address was completed from here. */
  rememberNetwork(address: string, clientIp: string, now: number): Promise<void>
}

const ALLOWED: Allowance = { isAllowed: true, retryAfterSeconds: 0 }

export const NO_LIMITS: Limits = {
  forSignIn: async () => ALLOWED,
  forRedemption: async () => ALLOWED,
  admitsMail: async () => true,
  rememberNetwork: async () => undefined,
}

/** Every method throws StorageUnavailable when its object does not answer: refused, not let through. */
export function createLimits(objects: DurableObjectNamespace<RateLimiter>, secrets: Secrets): Limits {
  const ask = async <T>(
    kind: string,
    key: string,
    question: (object: DurableObjectStub<RateLimiter>) => Promise<T>,
  ): Promise<T> => {
    const name = `${kind}:${await secrets.mac('rate-limit', `${kind}:${key}`)}`
    try {
      return await question(objects.getByName(name))
    } catch (error) {
      throw new StorageUnavailable('a rate limiter did not answer', { cause: error })
    }
  }
  const network = (clientIp: string) => secrets.mac('rate-limit', `network:${networkPrefix(clientIp)}`)
  const hit = (kind: string, key: string, limit: number, windowSeconds: number, now: number) =>
    ask(kind, key, async (object): Promise<Allowance> => object.hit(limit, windowSeconds, now))

  return {
    async forSignIn(clientIp, now) {
      const prefix = networkPrefix(clientIp)
      const own = await hit('sign-in', prefix, SIGN_INS_PER_NETWORK, NETWORK_WINDOW_SECONDS, now)
      return own.isAllowed ? hit('total', 'sign-in', SIGN_INS_IN_TOTAL, TOTAL_WINDOW_SECONDS, now) : own
    },

    forRedemption: (clientIp, now) =>
      hit('redemption', networkPrefix(clientIp), REDEMPTIONS_PER_NETWORK, NETWORK_WINDOW_SECONDS, now),

    async admitsMail(address, clientIp, now) {
      const from = await network(clientIp)
      return ask('address', address, async object => object.admit(from, now))
    },

    async rememberNetwork(address, clientIp, now) {
      const from = await network(clientIp)
      await ask('address', address, async object => object.remember(from, now))
    },
  }
}
