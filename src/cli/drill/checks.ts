// What a drill has found: a line for each claim, and whether all of them held.

export interface Checks {
  tell(line: string): void
  /** Says whether it held; the drill goes on either way. */
  check(claim: string, holds: boolean, found?: unknown): void
  readonly broken: readonly string[]
}

export function createChecks(): Checks {
  const broken: string[] = []
  return {
    tell: line => console.log(line),
    check(claim, holds, found) {
      if (!holds) broken.push(claim)
      const instead = holds || found === undefined ? '' : `: ${JSON.stringify(found)}`
      console.log(`   ${holds ? 'yes' : 'NO '}  ${claim}${instead}`)
    },
    broken,
  }
}
