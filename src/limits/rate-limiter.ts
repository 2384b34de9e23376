// Exact counts per key, each key in an object of its own: a flood of one key slows nobody else.
import { DurableObject } from 'cloudflare:workers'
import {
  ADDRESS_NETWORKS_PER_WINDOW,
  ADDRESS_PER_NETWORK,
  ADDRESS_WINDOW_SECONDS,
  KNOWN_NETWORK_SECONDS,
} from '../domain/limits.ts'

export interface Allowance {
  readonly isAllowed: boolean
  readonly retryAfterSeconds: number
}

interface Window {
  readonly endsAt: number
  readonly count: number
}

interface AddressState {
  readonly endsAt: number
  /** Mails of this window for each network that was admitted. */
  readonly networks: Readonly<Record<string, number>>
  /** Networks from which the holder of this address signed in, and until when that counts. */
  readonly known: Readonly<Record<string, number>>
}

export class RateLimiter extends DurableObject<Env> {
  /** Counts one use of this key within a fixed window. */
  hit(limit: number, windowSeconds: number, now: number): Allowance {
    const stored = this.ctx.storage.kv.get<Window>('window')
    const window =
      stored !== undefined && stored.endsAt > now ? stored : { endsAt: now + windowSeconds, count: 0 }
    if (window.count >= limit) return { isAllowed: false, retryAfterSeconds: window.endsAt - now }
    this.ctx.storage.kv.put('window', { ...window, count: window.count + 1 })
    this.#forgetAfter(window.endsAt)
    return { isAllowed: true, retryAfterSeconds: 0 }
  }

  /**
   * Whether this network may have a mail sent to this address. Every network has an allowance of its own, so a
   * stranger's flood uses up the stranger's; the number of new networks is limited too, so a mailbox cannot be
   * filled from everywhere, but a network from which the owner has signed in is never new.
   */
  admit(network: string, now: number): boolean {
    const state = this.#addressState(now)
    const count = state.networks[network] ?? 0
    const isNew = count === 0 && state.known[network] === undefined
    const isFull = Object.keys(state.networks).length >= ADDRESS_NETWORKS_PER_WINDOW
    if (count >= ADDRESS_PER_NETWORK || (isNew && isFull)) return false
    this.#keep({ ...state, networks: { ...state.networks, [network]: count + 1 } })
    return true
  }

  /** The holder of this address has signed in from this network. */
  remember(network: string, now: number): void {
    const state = this.#addressState(now)
    this.#keep({ ...state, known: { ...state.known, [network]: now + KNOWN_NETWORK_SECONDS } })
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll()
  }

  #addressState(now: number): AddressState {
    const stored = this.ctx.storage.kv.get<AddressState>('address')
    const known = Object.fromEntries(Object.entries(stored?.known ?? {}).filter(([, until]) => until > now))
    if (stored !== undefined && stored.endsAt > now) return { ...stored, known }
    return { endsAt: now + ADDRESS_WINDOW_SECONDS, networks: {}, known }
  }

  #keep(state: AddressState): void {
    this.ctx.storage.kv.put('address', state)
    this.#forgetAfter(Math.max(state.endsAt, ...Object.values(state.known)))
  }

  /** Nothing is kept longer than it counts. */
  #forgetAfter(seconds: number): void {
    void this.ctx.storage.setAlarm(seconds * 1_000)
  }
}
