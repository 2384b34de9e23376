// Where the index row of an address lies: its tag comes from its digest.
import { shardTagOfDigest } from '../domain/ids.ts'
import { digestBytes } from './digest.ts'

/** @param address canonical */
export const addressTag = async (address: string): Promise<string> =>
  shardTagOfDigest(await digestBytes('address', address))
