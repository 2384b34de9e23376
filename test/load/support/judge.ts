// A measurement on an instance of its own, and whether what must hold did.
import { UsageError } from '../../../src/cli/settings.ts'
import { type Host, type OwnInstance, withOwnInstance } from './own-instance.ts'

/** @param measure what did not hold, in words. Throws UsageError with all of it. */
export async function judge(
  host: Host,
  measure: (instance: OwnInstance) => Promise<readonly string[]>,
): Promise<void> {
  let broken: readonly string[] = []
  await withOwnInstance(host, async instance => {
    broken = await measure(instance)
  })
  if (broken.length > 0) throw new UsageError(`\nThis did not hold:\n- ${broken.join('\n- ')}`)
  console.log('\nAll of it held.')
}
