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

/** `known`: its holder has signed in from there, so no flood can crowd it out. */
export type Admission = 'held_back' | 'admitted' | 'known'

interface AddressState {
  readonly endsAt: number
  /** Mails of this window for each network or browser that was admitted. */
  readonly mails: Readonly<Record<string, number>>
  /** Networks and browsers from which the holder of this address signed in, and until when that counts. */
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

  /** One use that came to nothing. */
  giveBack(): void {
    const window = this.ctx.storage.kv.get<Window>('window')
    if (window !== undefined) this.ctx.storage.kv.put('window', { ...window, count: window.count - 1 })
  }

  /**
   * Whether a mail may be sent to this address from here. Every network has an allowance of its own, so a stranger's
   * flood uses up the stranger's; the number of new networks is limited too, so a mailbox cannot be filled from
   * everywhere, but a network or browser from which the owner has signed in is never new.
   *
   * @param from keyed digests of the network, then of the browser if it has a name
   */
  admit(from: readonly string[], now: number): Admission {
    const { state, known, counted, count } = this.#standing(from, now)
    const isFull = Object.keys(state.mails).length >= ADDRESS_NETWORKS_PER_WINDOW
    const isCrowdedOut = known === undefined && count === 0 && isFull
    if (count >= ADDRESS_PER_NETWORK || isCrowdedOut) return 'held_back'
    this.#keep({ ...state, mails: { ...state.mails, [counted]: count + 1 } })
    return known === undefined ? 'admitted' : 'known'
  }

  /** The mail that was admitted from here did not come about. */
  release(from: readonly string[], now: number): Admission {
    const { state, known, counted, count } = this.#standing(from, now)
    const { [counted]: _, ...others } = state.mails
    this.#keep({ ...state, mails: count > 1 ? { ...others, [counted]: count - 1 } : others })
    return known === undefined ? 'admitted' : 'known'
  }

  /** The holder of this address has signed in from here. */
  remember(from: readonly string[], now: number): void {
    const state = this.#addressState(now)
    const known = Object.fromEntries(from.map(name => [name, now + KNOWN_NETWORK_SECONDS]))
    this.#keep({ ...state, known: { ...state.known, ...known } })
  }

  /** The holder of this address is gone; what was sent in this window still counts. */
  forget(now: number): void {
    this.#keep({ ...this.#addressState(now), known: {} })
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll()
  }

  /** A browser that is known counts for itself, whatever its network has used up. */
  #standing(from: readonly string[], now: number) {
    const state = this.#addressState(now)
    const known = from.findLast(name => state.known[name] !== undefined)
    const counted = known ?? from[0] ?? ''
    return { state, known, counted, count: state.mails[counted] ?? 0 }
  }

  #addressState(now: number): AddressState {
    const stored = this.ctx.storage.kv.get<AddressState>('address')
    const known = Object.fromEntries(Object.entries(stored?.known ?? {}).filter(([, until]) => until > now))
    if (stored !== undefined && stored.endsAt > now) return { ...stored, known }
    return { endsAt: now + ADDRESS_WINDOW_SECONDS, mails: {}, known }
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
