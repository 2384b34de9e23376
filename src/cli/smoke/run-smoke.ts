// The checks in their order, a line for each; what does not hold yet is asked again for as long as there is patience.
import { setTimeout as sleep } from 'node:timers/promises'
import { createChecks } from '../drill/checks.ts'
import { ask as askOverHttp } from './ask.ts'
import { CHECKS, type Check, type Target } from './checks.ts'

const POLL_MS = 2_000

export interface Patience {
  readonly ms: number
  readonly pollMs?: number
}

/** The claims that did not hold. */
export async function runSmoke(
  { origin, token }: Pick<Target, 'origin' | 'token'>,
  { ms, pollMs = POLL_MS }: Patience,
  ask = askOverHttp,
): Promise<readonly string[]> {
  const { tell, check, broken } = createChecks()
  const target = { origin, token, ask }
  const deadline = Date.now() + ms
  tell(`\n${origin}`)
  for (const each of CHECKS) {
    if (each.only === 'over https' && !origin.startsWith('https:')) continue
    if (each.only === 'as operator' && token === null) {
      tell(`    –   ${each.claim}: not asked, without ADMIN_TOKEN or --token-file`)
      continue
    }
    let fault = await faultOf(each, target)
    while (fault !== null && Date.now() < deadline) {
      await sleep(pollMs)
      fault = await faultOf(each, target)
    }
    check(each.claim, fault === null, fault)
  }
  return broken
}

const faultOf = (check: Check, target: Target): Promise<string | null> =>
  check.findFault(target).catch((error: Error) => error.message)
