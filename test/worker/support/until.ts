import { vi } from 'vitest'

const LOOKS_EVERY_MS = 5
/** Of no meaning to what is tested: how long a starved machine may take to get there. */
const PATIENCE_MS = 60_000

/** Waits until the claim no longer throws. @returns what it returned then */
export const until = <T>(claim: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(claim, { interval: LOOKS_EVERY_MS, timeout: PATIENCE_MS })
