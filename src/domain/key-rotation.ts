// When a signing key signs, stays and goes. There is always a pending one that every cache knows, or will: a key is
// published before it signs, and an emergency has somewhere to go.
import {
  KEY_OVERDUE_SECONDS,
  KEY_PUBLISHED_SECONDS,
  KEY_RETIRING_SECONDS,
  KEY_ROTATION_SECONDS,
} from './limits.ts'

/** Published but not signing; signing; published for what it has signed; kept for the record only. */
export type KeyState = 'pending' | 'active' | 'retiring' | 'gone'

export interface KeyLife {
  readonly kid: string
  readonly state: KeyState
  /** From then on every cache knows it. */
  readonly known_at: number
  readonly active_at: number | null
  /** Since when it is to be replaced as soon as its successor is known to all. */
  readonly rotation_ordered_at: number | null
  readonly retiring_at: number | null
}

export type KeyCommand =
  /** Whatever time has brought about. */
  | { readonly type: 'settle' }
  /** Away from this key: said again, or by somebody else, it is one rotation. */
  | { readonly type: 'rotate'; readonly from: string }
  /** An emergency: nothing that this key has signed is good any more. */
  | { readonly type: 'remove'; readonly kid: string }

export interface KeyChange {
  /** In this order, each from the state in which the key was seen. */
  readonly moves: readonly { readonly key: KeyLife; readonly to: Exclude<KeyState, 'pending'> }[]
  /** The active key that is to be replaced later. */
  readonly order: KeyLife | null
  readonly create: readonly { readonly state: 'active' | 'pending'; readonly knownAt: number }[]
}

/**
 * @param keys those that are not gone
 * @returns null when the key to remove is none of them
 */
export function decideKeys(keys: readonly KeyLife[], command: KeyCommand, now: number): KeyChange | null {
  const isRemoved = (key: KeyLife) => command.type === 'remove' && command.kid === key.kid
  if (command.type === 'remove' && !keys.some(isRemoved)) return null
  const gone = keys.filter(key => isRemoved(key) || hasServed(key, now))
  const left = keys.filter(key => !gone.includes(key))
  const active = left.find(key => key.state === 'active') ?? null
  const pending = left.find(key => key.state === 'pending') ?? null

  const isAsked = command.type === 'rotate' && command.from === active?.kid
  const isDue = active !== null && (isAsked || active.rotation_ordered_at !== null || isOld(active, now))
  const isReady = pending !== null && pending.known_at <= now
  const promotes = pending !== null && (active === null || (isDue && isReady))

  // The very first keys come into the world together: no cache can know one without the other.
  const knownAt = keys.length === 0 ? now : now + KEY_PUBLISHED_SECONDS
  const missing = [
    ...(active === null && pending === null ? (['active'] as const) : []),
    ...(pending === null || promotes ? (['pending'] as const) : []),
  ]
  return {
    moves: [
      ...gone.map(key => ({ key, to: 'gone' }) as const),
      ...(promotes && active !== null ? [{ key: active, to: 'retiring' } as const] : []),
      ...(promotes ? [{ key: pending, to: 'active' } as const] : []),
    ],
    order: isAsked && !promotes && active?.rotation_ordered_at === null ? active : null,
    create: missing.map(state => ({ state, knownAt })),
  }
}

export const isNoChange = ({ moves, order, create }: KeyChange): boolean =>
  moves.length === 0 && order === null && create.length === 0

/** Whether it should have been replaced long ago. */
export const isOverdue = (key: KeyLife, now: number): boolean => isOld(key, now - KEY_OVERDUE_SECONDS)

const isOld = (key: KeyLife, now: number): boolean =>
  key.state === 'active' && key.active_at !== null && now >= key.active_at + KEY_ROTATION_SECONDS

/** Whether its last token has expired. */
const hasServed = (key: KeyLife, now: number): boolean =>
  key.state === 'retiring' && key.retiring_at !== null && now >= key.retiring_at + KEY_RETIRING_SECONDS
