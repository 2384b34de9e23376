// A measurement, and whether what must hold did.
import { UsageError } from '../../../src/cli/settings.ts'

/** @param measure what did not hold, in words. Throws UsageError with all of it. */
export async function judge(measure: () => Promise<readonly string[]>): Promise<void> {
  const broken = await measure()
  if (broken.length > 0) throw new UsageError(`\nThis did not hold:\n- ${broken.join('\n- ')}`)
  console.log('\nAll of it held.')
}
