// The example resource server beside an instance, as `npm run example` starts it.
import { spawn } from 'node:child_process'
import { PROJECT } from '../../../src/cli/settings.ts'
import { exitOf } from './commands.ts'
import type { Service } from './service.ts'

export interface Example {
  /** As Ctrl-C does it; answers the exit code. */
  stop(): Promise<number | null>
}

/** Throws, with all that was printed, when it does not start. */
export async function startExample({ env }: Pick<Service, 'env'>): Promise<Example> {
  const child = spawn(process.execPath, ['src/cli/example.ts'], {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const exited = exitOf(child)
  const ready = new Promise<void>(resolve => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
        if (output.includes('wants a token')) resolve()
      })
    }
  })
  const code = await Promise.race([ready, exited])
  if (code !== undefined) throw new Error(`the example did not start (exit code ${code}):\n${output}`)
  return {
    stop: () => {
      child.kill('SIGINT')
      return exited
    },
  }
}
