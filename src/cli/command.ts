// What every command has in common: options, --help, and one place where a failure becomes a line and an exit code.
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { UsageError } from './settings.ts'

const FAILED = 1
const WRONG_USE = 2
const NOT_YET = 3

type Values<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; args: string[] }>
>['values']

/** Runs a command to its end. It fails by throwing; a usage that it throws as WrongUse is shown with exit code 2. */
export async function command<Options extends ParseArgsOptionsConfig>(
  usage: string,
  options: Options,
  run: (values: Values<Options>, positionals: readonly string[]) => Promise<void>,
  { args = process.argv.slice(2), allowPositionals = false } = {},
): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) return console.log(usage)
  try {
    const { values, positionals } = readOptions(args, options, allowPositionals)
    await run(values, positionals)
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    if (error instanceof WrongUse) console.error(`${error.message}\n\n${usage}`)
    else console.error(error instanceof UsageError ? error.message : error)
  }
}

const exitCodeOf = (error: unknown): number =>
  error instanceof WrongUse ? WRONG_USE : error instanceof NotYet ? NOT_YET : FAILED

/** What is asked for is right, and has to wait. */
export class NotYet extends UsageError {}

export class WrongUse extends Error {
  override readonly name = 'WrongUse'
}

function readOptions<Options extends ParseArgsOptionsConfig>(
  args: string[],
  options: Options,
  allowPositionals: boolean,
) {
  try {
    return parseArgs({ args, options, allowPositionals })
  } catch (error) {
    throw new WrongUse(error instanceof Error ? error.message : String(error))
  }
}
