// Which request comes next, within a round and from one round to the next.
import type { Load } from './load.ts'

type Order = Load['order']

/** @returns null when there is nothing left to ask */
export function createOrder({
  order,
  requests,
  made,
}: Pick<Load, 'order' | 'requests' | 'made'>): () => string | null {
  const isInTurn = order === 'in turn'
  let next = isInTurn ? made : 0
  return () => requests[isInTurn ? next++ % requests.length : next++] ?? null
}

/** How many of them were different. @param made in all rounds @param available in one of them */
export const differentOf = (order: Order, made: number, available: number): number =>
  order === 'in turn' ? Math.min(made, available) : made
