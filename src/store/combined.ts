// Statements that are asked for at the same time, or while a call is under way, go to D1 in one call. For one invocation: a
// promise of another one's must not be waited for.
import { batch } from './d1.ts'

/** Throws as `batch` does; whoever shares a call shares its failure. */
export type Combined = <Row>(statement: D1PreparedStatement) => Promise<readonly Row[]>

interface Waiting {
  readonly statement: D1PreparedStatement
  readonly settle: PromiseWithResolvers<readonly unknown[]>
}

export function createCombined(db: D1Database): Combined {
  let waiting: Waiting[] = []
  let isUnderWay = false

  const work = async (): Promise<void> => {
    while (waiting.length > 0) {
      const together = waiting
      waiting = []
      try {
        const results = await batch(
          db,
          together.map(({ statement }) => statement),
        )
        for (const [index, { settle }] of together.entries()) settle.resolve(results[index]?.results ?? [])
      } catch (error) {
        for (const { settle } of together) settle.reject(error)
      }
    }
    isUnderWay = false
  }

  return async <Row>(statement: D1PreparedStatement) => {
    const settle = Promise.withResolvers<readonly unknown[]>()
    waiting.push({ statement, settle })
    if (!isUnderWay) {
      isUnderWay = true
      // Whoever else asks in this moment comes along.
      queueMicrotask(work)
    }
    return settle.promise as Promise<readonly Row[]>
  }
}
