// Changes of the signing keys: decide on what is stored, apply it in one batch, and again when somebody else was first.
import { decideKeys, isNoChange, type KeyChange, type KeyCommand } from '../domain/key-rotation.ts'
import { KEY_CHANGE_ATTEMPTS } from '../domain/limits.ts'
import { record } from '../records/record.ts'
import { ConstraintViolated } from '../store/d1.ts'
import type { AppliedChange, NewSigningKey, SigningKeyRow } from '../store/signing-keys.ts'
import type { Secrets } from './secrets.ts'
import { generateKey } from './signing-key.ts'

/** Where keys are kept. */
export interface KeyStorage {
  /** Those that are not gone. */
  list(): Promise<readonly SigningKeyRow[]>
  /** All of it or nothing. Throws ConstraintViolated where somebody else was first. @returns what changed something */
  change(change: KeyChange, created: readonly NewSigningKey[], now: number): Promise<AppliedChange>
}

/** Keys that are not gone, the first ones made where there are none. */
export async function loadKeys(
  storage: KeyStorage,
  secrets: Secrets,
  now: number,
): Promise<readonly SigningKeyRow[]> {
  const keys = await storage.list()
  if (keys.some(key => key.state === 'active')) return keys
  return (await changeKeys(storage, secrets, { type: 'settle' }, now)) ?? []
}

/** @returns the keys as they are afterwards, without those that are gone; null when the key to remove is none of them */
export async function changeKeys(
  storage: KeyStorage,
  secrets: Secrets,
  command: KeyCommand,
  now: number,
): Promise<readonly SigningKeyRow[] | null> {
  for (let attempt = 1; ; attempt++) {
    const keys = await storage.list()
    const change = decideKeys(keys, command, now)
    if (change === null) return null
    if (isNoChange(change)) return keys
    try {
      const created = await Promise.all(change.create.map(key => generateKey(secrets, key)))
      tell(await storage.change(change, created, now), created)
      return await storage.list()
    } catch (error) {
      if (!(error instanceof ConstraintViolated) || attempt === KEY_CHANGE_ATTEMPTS) throw error
    }
  }
}

function tell({ moves, order }: AppliedChange, created: readonly NewSigningKey[]): void {
  for (const { kid, state } of created) record('key.created', { kid, reason: state })
  for (const { key, to } of moves) record(`key.${to}`, { kid: key.kid, reason: key.state })
  if (order !== null) record('key.rotation_ordered', { kid: order.kid })
}
