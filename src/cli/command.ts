// What every command has in common: --help, and one place where a failure becomes a line and an exit code.
import { UsageError } from './settings.ts'

/** Runs a command to its end; its answer is the exit code. */
export async function command(
  usage: string,
  run: (args: readonly string[]) => Promise<number>,
): Promise<void> {
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage)
    return
  }
  try {
    process.exitCode = await run(args)
  } catch (error) {
    console.error(error instanceof UsageError ? error.message : error)
    process.exitCode = 1
  }
}

export function refuseArguments(args: readonly string[], usage: string): void {
  if (args.length > 0) throw new UsageError(`unknown argument: ${args.join(' ')}\n\n${usage}`)
}
