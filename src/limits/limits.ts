// The limits, by name. Keys are keyed digests: the objects learn neither addresses nor networks.
import {
  CLIENT_DOCUMENTS_PER_HOST,
  CLIENT_DOCUMENTS_PER_NETWORK,
  DEVICE_AUTHORIZATIONS_PER_NETWORK,
  DOWNLOADS_PER_USER,
  DOWNLOADS_WINDOW_SECONDS,
  EMAIL_CHANGES_PER_USER,
  EMAIL_CHANGES_WINDOW_SECONDS,
  MAILS_IN_TOTAL,
  NETWORK_WINDOW_SECONDS,
  PUSHED_REQUESTS_PER_NETWORK,
  REDEMPTIONS_PER_NETWORK,
  REGISTRATIONS_PER_NETWORK,
  SIGN_INS_PER_NETWORK,
  TOTAL_WINDOW_SECONDS,
  USER_CODES_PER_NETWORK,
  USER_CODES_PER_USER,
  WRONG_BROWSER_BURST,
  WRONG_BROWSER_WINDOW_SECONDS,
  WRONG_SECRETS_PER_NETWORK,
} from '../domain/limits.ts'
import { networkPrefix } from '../domain/network.ts'
import { log } from '../log.ts'
import { StorageUnavailable } from '../store/d1.ts'
import type { Secrets } from '../tokens/secrets.ts'
import { createBars } from './bars.ts'
import type { Admission, Allowance, RateLimiter } from './rate-limiter.ts'

export interface Whereabouts {
  readonly clientIp: string
  /** What the browser's long-lived cookie calls it; null for apps and for browsers that never signed in. */
  readonly browserId: string | null
}

export interface Limits {
  /** One request for a mail by one network. */
  forSignIn(clientIp: string, now: number): Promise<Allowance>
  /** One use of a link or a typed code. */
  forRedemption(clientIp: string, now: number): Promise<Allowance>
  /** One request for a change of address by one user. */
  forEmailChange(userId: string, now: number): Promise<Allowance>
  /** One download of a user's own data. */
  forDownload(userId: string, now: number): Promise<Allowance>
  /** One call of the registration endpoint, or of what manages a registration. */
  forRegistration(clientIp: string, now: number): Promise<Allowance>
  /** One request that a public client pushes. */
  forPushedRequest(clientIp: string, now: number): Promise<Allowance>
  /** One device that asks for codes. */
  forDeviceAuthorization(clientIp: string, now: number): Promise<Allowance>
  /** One user code typed by a user: a new session or another network begins no new allowance. */
  forUserCode(userId: string, clientIp: string, now: number): Promise<Allowance>
  /** One fetch of a client's metadata from its host, caused by this network. */
  forClientDocument(host: string, clientIp: string, now: number): Promise<Allowance>
  /** Whether this network may show a secret of this client: what this isolate remembers, without a call. */
  forSecret(clientId: string, clientIp: string, now: number): Allowance
  /** One wrong secret. */
  forWrongSecret(clientId: string, clientIp: string, now: number): Promise<Allowance>
  /** One link of this address, sent from where nobody asked for it: whether that is still no burst. */
  forWrongBrowser(address: string, clientIp: string, now: number): Promise<boolean>
  /** Whether a mail may leave for this address; whatever it says, the caller's answer is the same. */
  admitsMail(address: string, from: Whereabouts, now: number): Promise<boolean>
  /** An admitted mail did not come about: it uses up nothing. */
  releaseMail(address: string, from: Whereabouts, now: number): Promise<void>
  /** A sign-in of this address was completed from here. */
  remember(address: string, from: Whereabouts, now: number): Promise<void>
  /** Its account is deleted: from where its holder signed in is nobody's concern any more. */
  forget(address: string, now: number): Promise<void>
}

const ALLOWED: Allowance = { isAllowed: true, retryAfterSeconds: 0 }

export const NO_LIMITS: Limits = {
  forSignIn: async () => ALLOWED,
  forRedemption: async () => ALLOWED,
  forEmailChange: async () => ALLOWED,
  forDownload: async () => ALLOWED,
  forRegistration: async () => ALLOWED,
  forPushedRequest: async () => ALLOWED,
  forDeviceAuthorization: async () => ALLOWED,
  forUserCode: async () => ALLOWED,
  forClientDocument: async () => ALLOWED,
  forSecret: () => ALLOWED,
  forWrongSecret: async () => ALLOWED,
  forWrongBrowser: async () => true,
  admitsMail: async () => true,
  releaseMail: async () => undefined,
  remember: async () => undefined,
  forget: async () => undefined,
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
  const hit = (kind: string, key: string, limit: number, windowSeconds: number, now: number) =>
    ask(kind, key, async (object): Promise<Allowance> => object.hit(limit, windowSeconds, now))
  /** What one network may do in a window. */
  const ofNetwork = (kind: string, limit: number) => (clientIp: string, now: number) =>
    hit(kind, networkPrefix(clientIp), limit, NETWORK_WINDOW_SECONDS, now)
  const names = ({ clientIp, browserId }: Whereabouts): Promise<string[]> =>
    Promise.all(
      [`network:${networkPrefix(clientIp)}`, ...(browserId === null ? [] : [`browser:${browserId}`])].map(
        name => secrets.mac('rate-limit', name),
      ),
    )

  const bars = createBars()

  return {
    forSignIn: ofNetwork('sign-in', SIGN_INS_PER_NETWORK),

    forRedemption: ofNetwork('redemption', REDEMPTIONS_PER_NETWORK),

    forEmailChange: (userId, now) =>
      hit('email-change', userId, EMAIL_CHANGES_PER_USER, EMAIL_CHANGES_WINDOW_SECONDS, now),

    forDownload: (userId, now) => hit('download', userId, DOWNLOADS_PER_USER, DOWNLOADS_WINDOW_SECONDS, now),

    forPushedRequest: ofNetwork('pushed', PUSHED_REQUESTS_PER_NETWORK),

    forDeviceAuthorization: ofNetwork('device', DEVICE_AUTHORIZATIONS_PER_NETWORK),

    async forUserCode(userId, clientIp, now) {
      const ofUser = await hit('user-code', userId, USER_CODES_PER_USER, NETWORK_WINDOW_SECONDS, now)
      if (!ofUser.isAllowed) return ofUser
      return ofNetwork('user-codes', USER_CODES_PER_NETWORK)(clientIp, now)
    },

    forRegistration: ofNetwork('registration', REGISTRATIONS_PER_NETWORK),

    async forClientDocument(host, clientIp, now) {
      const own = await ofNetwork('client-document-of-network', CLIENT_DOCUMENTS_PER_NETWORK)(clientIp, now)
      if (!own.isAllowed) return own
      return hit('client-document', host, CLIENT_DOCUMENTS_PER_HOST, NETWORK_WINDOW_SECONDS, now)
    },

    forSecret: (clientId, clientIp, now) => bars.find(guessKey(clientId, clientIp), now) ?? ALLOWED,

    async forWrongSecret(clientId, clientIp, now) {
      const key = guessKey(clientId, clientIp)
      const barred = bars.find(key, now)
      if (barred !== null) return barred
      const allowance = await hit('secret', key, WRONG_SECRETS_PER_NETWORK, NETWORK_WINDOW_SECONDS, now)
      if (!allowance.isAllowed) bars.add(key, allowance, now)
      return allowance
    },

    async forWrongBrowser(address, clientIp, now) {
      const before = WRONG_BROWSER_BURST - 1
      const allowances = await Promise.all(
        [`address:${address}`, `network:${networkPrefix(clientIp)}`].map(key =>
          hit('wrong-browser', key, before, WRONG_BROWSER_WINDOW_SECONDS, now),
        ),
      )
      return allowances.every(({ isAllowed }) => isAllowed)
    },

    async admitsMail(address, from, now) {
      const here = await names(from)
      const admission = await ask(
        'address',
        address,
        async (object): Promise<Admission> => object.admit(here, now),
      )
      // Only mails that would leave count towards the total, and nobody who is known waits for strangers.
      if (admission !== 'admitted') return admission === 'known'
      const total = await hit('total', 'mail', MAILS_IN_TOTAL, TOTAL_WINDOW_SECONDS, now)
      if (!total.isAllowed) log('error', { event: 'limits.total_reached' })
      return total.isAllowed
    },

    async releaseMail(address, from, now) {
      const here = await names(from)
      const admission = await ask(
        'address',
        address,
        async (object): Promise<Admission> => object.release(here, now),
      )
      if (admission === 'admitted') await ask('total', 'mail', async object => object.giveBack())
    },

    async remember(address, from, now) {
      const here = await names(from)
      await ask('address', address, async object => object.remember(here, now))
    },

    async forget(address, now) {
      await ask('address', address, async object => object.forget(now))
    },
  }
}

const guessKey = (clientId: string, clientIp: string): string => `${clientId} ${networkPrefix(clientIp)}`
