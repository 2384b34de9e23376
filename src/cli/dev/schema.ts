// Applies schema.sql to the local databases. It can run again on a database that has it, so every start does.
import { UsageError } from '../settings.ts'
import { QUIET, readWorkerConfig, WRANGLER } from '../wrangler.ts'
import type { Children } from './children.ts'

export async function applySchema(children: Children, stateDir: string): Promise<void> {
  for (const database of readWorkerConfig().databases) {
    const output: string[] = []
    const args = [
      'd1',
      'execute',
      database,
      '--local',
      '--persist-to',
      stateDir,
      '--file',
      'schema.sql',
      '--yes',
    ]
    const child = children.start(WRANGLER, args, QUIET, line => output.push(line))
    const ending = await child.exited
    if (ending !== 'exit code 0') {
      throw new UsageError(`schema.sql could not be applied to ${database}:\n${output.join('\n')}`)
    }
  }
}
