// The limits on sign-ins, by name. Keys are keyed digests: the objects learn neither addresses nor networks.
import {
  NETWORK_WINDOW_SECONDS,
  REDEMPTIONS_PER_NETWORK,
  SIGN_INS_IN_TOTAL,
  SIGN_INS_PER_NETWORK,
  TOTAL_WINDOW_SECONDS,
} from '../domain/limits.ts'
import { networkPrefix } from '../domain/network.ts'
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

export function createLimits(objects: DurableObjectNamespace<RateLimiter>, secrets: Secrets): Limits {
  const object = async (kind: string, key: string) =>
    objects.getByName(`${kind}:${await secrets.mac('rate-limit', `${kind}:${key}`)}`)
  const network = (clientIp: string) => secrets.mac('rate-limit', `network:${networkPrefix(clientIp)}`)

  return {
    async forSignIn(clientIp, now) {
      const own = await (await object('sign-in', networkPrefix(clientIp))).hit(
        SIGN_INS_PER_NETWORK,
        NETWORK_WINDOW_SECONDS,
        now,
      )
      if (!own.isAllowed) return own
      return (await object('total', 'sign-in')).hit(SIGN_INS_IN_TOTAL, TOTAL_WINDOW_SECONDS, now)
    },

    async forRedemption(clientIp, now) {
      return (await object('redemption', networkPrefix(clientIp))).hit(
        REDEMPTIONS_PER_NETWORK,
        NETWORK_WINDOW_SECONDS,
        now,
      )
    },

    admitsMail: async (address, clientIp, now) =>
      (await object('address', address)).admit(await network(clientIp), now),

    rememberNetwork: async (address, clientIp, now) =>
      (await object('address', address)).remember(await network(clientIp), now),
  }
}
