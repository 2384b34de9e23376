// Runs the project's own commands, as npm does.
import { type ChildProcess, spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { PROJECT } from '../../../src/cli/settings.ts'

export interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Runs src/cli/<name>.ts to its end. */
export const runCommand = (name: string, args: readonly string[], env: object): Promise<Ended> =>
  runProgram(`src/cli/${name}.ts`, args, env)

/** Runs a program of Node's to its end. */
export async function runProgram(path: string, args: readonly string[], env: object): Promise<Ended> {
  const child = spawn(process.execPath, [path, ...args], {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = exitOf(child)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await ended, output: stdout + stderr }
}

export const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise(resolve => child.once('exit', code => resolve(code)))
