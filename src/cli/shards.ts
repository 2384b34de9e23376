// `npm run shards`: gives users to other databases, and they stay where they are.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { command, WrongUse } from './command.ts'
import { PROJECT, parseSettings, UsageError } from './settings.ts'
import { MoveRefused } from './shards/refused.ts'
import { cancel, clean, copy, open, type Work } from './shards/steps.ts'
import { createShardAccess } from './shards/wrangler-shards.ts'
import { QUIET, readWorkerConfig, WRANGLER } from './wrangler.ts'

const USAGE = `npm run shards -- (--deployed | --local) copy --to MAP | open | cancel | clean

Moves users between databases, for a map of shards (SHARDS in wrangler.toml) that gives them to another one than before.
Nobody is signed out. From copy to open, what belongs to the users that move can be read and not be changed: their tokens are
good, and whoever would refresh, sign in or sign out is answered 503. docs/scale.md has the whole procedure.

  copy --to MAP   stops their changes, copies their rows and compares them; MAP is what SHARDS will be
                  then: set SHARDS to MAP, npm run deploy, and wait two minutes
  open            compares again, and lets the new databases take changes
  cancel          instead of open, with the former SHARDS deployed: everything is as it was
  clean           removes what was left in the former databases; an hour after open

  --deployed      the databases at Cloudflare
  --local         those of npm run dev, which must not be running; STATE_DIR says where (.wrangler/state)

Each step can be run again: whatever stopped it, it goes on from there. Exit code 0 only if it came to its end.`

const OPTIONS = {
  deployed: { type: 'boolean' },
  local: { type: 'boolean' },
  to: { type: 'string' },
} as const

/** A page of rows, as JSON. */
const OUTPUT_MAX_BYTES = 256 * 1024 * 1024

const call = promisify(execFile)

async function wrangler(args: readonly string[]): Promise<string> {
  const options = { cwd: PROJECT, env: { ...process.env, ...QUIET }, maxBuffer: OUTPUT_MAX_BYTES }
  try {
    return (await call(process.execPath, [WRANGLER, ...args], options)).stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new UsageError(`wrangler ${args.slice(0, 3).join(' ')} failed:\n${stdout}${stderr}`)
  }
}

const STEPS: Readonly<Record<string, (work: Work, map: string, next: string | undefined) => Promise<void>>> =
  {
    copy: (work, map, next) => {
      if (next === undefined) throw new WrongUse('copy: --to is missing, the map that SHARDS will be')
      return copy(work, map, next)
    },
    open,
    cancel,
    clean,
  }

await command(
  USAGE,
  OPTIONS,
  async ({ deployed, local, to }, [name = '', ...others]) => {
    const step = STEPS[name]
    if (step === undefined || others.length > 0) throw new WrongUse('One of: copy, open, cancel, clean')
    if (deployed === local) throw new WrongUse('One of: --deployed, --local')
    const { vars, databases } = readWorkerConfig()
    const where = deployed ? ['--remote'] : ['--local', '--persist-to', parseSettings(process.env).stateDir]
    const access = createShardAccess({ ask: wrangler, run: async args => void (await wrangler(args)) }, where)
    try {
      await step({ access, databases, say: line => console.log(line) }, String(vars.SHARDS), to)
    } catch (error) {
      throw error instanceof MoveRefused ? new UsageError(error.message) : error
    }
  },
  { allowPositionals: true },
)
