// How a deployment runs wrangler: asking by itself, or where the person at the keyboard can see it and answer.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROJECT, UsageError } from '../settings.ts'
import { WRANGLER } from '../wrangler.ts'

export interface Asked {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface WranglerCalls {
  ask(...args: readonly string[]): Asked
  /** Answers what it reports of itself, a JSON object a line. Throws UsageError when it fails. */
  run(...args: readonly string[]): string
}

export const wranglerCalls: WranglerCalls = {
  ask(...args) {
    const env = { ...process.env, NO_COLOR: '1' }
    const options = { cwd: PROJECT, env, encoding: 'utf8' } as const
    const { status, stdout, stderr } = spawnSync(process.execPath, [WRANGLER, ...args], options)
    return { code: status, stdout, stderr }
  },
  run(...args) {
    console.log(`\n$ npx wrangler ${args.join(' ')}`)
    const report = reportFile(process.env)
    const env = { ...process.env, WRANGLER_OUTPUT_FILE_PATH: report }
    const { status } = spawnSync(process.execPath, [WRANGLER, ...args], {
      cwd: PROJECT,
      env,
      stdio: 'inherit',
    })
    if (status !== 0) throw new UsageError(`wrangler ${args[0]} failed: nothing after it was done.`)
    return existsSync(report) ? readFileSync(report, 'utf8') : ''
  },
}

/** What must be no argument, because those can be read by others, goes by its standard input. */
export function tellWrangler(input: string, ...args: readonly string[]): Asked {
  const env = { ...process.env, NO_COLOR: '1' }
  const options = { cwd: PROJECT, env, encoding: 'utf8', input } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [WRANGLER, ...args], options)
  return { code: status, stdout, stderr }
}

/** Where whoever runs the deployment wants it, so that a build service finds it too. */
function reportFile({
  WRANGLER_OUTPUT_FILE_PATH: path,
  WRANGLER_OUTPUT_FILE_DIRECTORY: directory,
}: NodeJS.ProcessEnv) {
  if (path) return path
  const name = `wrangler-output-${randomBytes(4).toString('hex')}.json`
  return join(directory || mkdtempSync(join(tmpdir(), 'latchkey-deploy-')), name)
}
