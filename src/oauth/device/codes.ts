// The two codes of a device authorization. The user code is short, so it is kept under a key, and finds its row and its
// shard by itself. The device code is random, names its client, and has the user code sealed inside: a poll finds the
// same row by the same key, and what is no code of ours, or another client's, or over, costs no look at the database.
import { parseBase64url } from '../../domain/encoding.ts'
import { shardTagOfDigest } from '../../domain/ids.ts'
import type { Parts } from '../../sign-in/parts.ts'
import { digest } from '../../tokens/digest.ts'

export interface UserCodeKey {
  readonly db: D1Database
  readonly digest: string
}

/** Where the authorization of a new user code is kept. */
export const keyOfUserCode = async (
  parts: Pick<Parts, 'secrets' | 'shards'>,
  userCode: string,
): Promise<UserCodeKey> => keyOf(parts, await parts.secrets.mac('user-code', userCode))

/** What is found where the authorization of a user code may be kept; null when it is nowhere. */
export async function findByUserCode<Found>(
  parts: Pick<Parts, 'secrets' | 'shards'>,
  userCode: string,
  find: (key: UserCodeKey) => Promise<Found | null>,
): Promise<Found | null> {
  for (const mac of await parts.secrets.macs('user-code', userCode)) {
    const found = await find(keyOf(parts, mac))
    if (found !== null) return found
  }
  return null
}

function keyOf({ shards }: Pick<Parts, 'shards'>, mac: string): UserCodeKey {
  const tag = shardTagOfDigest(parseBase64url(mac) ?? new Uint8Array())
  return { db: shards.ofTag(tag), digest: mac }
}

export interface DeviceCode {
  readonly userCode: string
  readonly expiresAt: number
}

const PREFIX = 'd_'

export const sealDeviceCode = async (
  { secrets }: Pick<Parts, 'secrets'>,
  clientId: string,
  { userCode, expiresAt }: DeviceCode,
): Promise<string> => `${PREFIX}${await secrets.seal('device-code', clientId, `${userCode}.${expiresAt}`)}`

/** null for anything that was not made for this client. */
export async function unsealDeviceCode(
  { secrets }: Pick<Parts, 'secrets'>,
  clientId: string,
  text: string,
): Promise<DeviceCode | null> {
  if (!text.startsWith(PREFIX)) return null
  const inside = await secrets.unseal('device-code', clientId, text.slice(PREFIX.length))
  if (inside === null) return null
  const [userCode = '', expiresAt] = inside.split('.')
  return { userCode, expiresAt: Number(expiresAt) }
}

export const digestOfDeviceCode = (text: string): Promise<string> => digest('device-code', text)
