// Brings the local databases up to date, at every start.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Access, bringUpToDate } from '../schema/bring-up-to-date.ts'
import { readSchema } from '../schema/read-schema.ts'
import { createWranglerAccess } from '../schema/wrangler-access.ts'
import { UsageError } from '../settings.ts'
import { QUIET, readWorkerConfig, WRANGLER } from '../wrangler.ts'
import type { Children } from './children.ts'

const D1_DIRECTORY = 'v3/d1'

export async function applySchema(children: Children, stateDir: string): Promise<void> {
  /** Its output. */
  const ask = async (args: readonly string[]): Promise<string> => {
    const output: string[] = []
    const child = children.start(WRANGLER, args, QUIET, line => output.push(line))
    const ending = await child.exited
    const text = output.join('\n')
    if (ending !== 'exit code 0') {
      throw new UsageError(`The databases in ${stateDir} could not be brought up to date:\n${text}`)
    }
    return text
  }
  const run = async (args: readonly string[]) => void (await ask(args))
  const local = createWranglerAccess({ ask, run }, ['--local', '--persist-to', stateDir])
  // Where nothing is yet, there is nothing to ask: a call of wrangler takes seconds.
  const isFresh = !existsSync(resolve(stateDir, D1_DIRECTORY))
  const access: Access = isFresh ? { ...local, query: async () => [] } : local
  await bringUpToDate(access, readWorkerConfig().databases, readSchema(), line =>
    console.log(`[dev] ${line}`),
  )
}
