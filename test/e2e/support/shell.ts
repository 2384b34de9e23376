// A bash session that commands are typed into, one block after the other, and that stops at the first failure.
import { spawn } from 'node:child_process'
import { PROJECT } from '../../../src/cli/settings.ts'

export interface Shell {
  /** What the block printed. Throws when a command of it failed. */
  type(block: string): Promise<string>
  close(): void
}

const DONE = '--- done ---'

export function openShell(): Shell {
  const bash = spawn('bash', ['-e', '-o', 'pipefail'], { cwd: PROJECT })
  let output = ''
  let onOutput = () => {}
  for (const stream of [bash.stdout, bash.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      onOutput()
    })
  }
  return {
    type: block =>
      new Promise((resolve, reject) => {
        output = ''
        const onExit = () => reject(new Error(`${block}\nfailed:\n${output}`))
        onOutput = () => {
          if (!output.includes(DONE)) return
          bash.off('exit', onExit)
          resolve(output.replace(DONE, '').trim())
        }
        bash.once('exit', onExit)
        bash.stdin.write(`${block}\necho; echo '${DONE}'\n`)
      }),
    close: () => bash.kill(),
  }
}
