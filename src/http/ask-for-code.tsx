// Where a link is right and still not enough, because its user has disowned a session: the page for the typed code.
import { CodeRequiredPage } from '../pages/code-required-page.tsx'
import { refusedFor } from '../records/record.ts'
import type { LatchkeyContext } from './context.ts'
import { csrfToken } from './csrf.ts'
import { allowFormTarget } from './form-target.ts'
import { wantsJson } from './negotiate.ts'
import { Problem } from './problem.ts'

/** @param location where it goes on to @param error a key of `texts.errors` */
export async function askForCode(
  c: LatchkeyContext,
  signInId: string,
  location: string,
  status: 200 | 400 | 403,
  error?: string,
): Promise<Response> {
  if (wantsJson(c)) throw new Problem('code_required')
  if (status !== 200) refusedFor(error ?? 'code_required')
  await allowFormTarget(c, location)
  return c.html(<CodeRequiredPage csrfToken={await csrfToken(c)} signInId={signInId} error={error} />, status)
}
