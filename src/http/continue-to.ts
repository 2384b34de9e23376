// Where a browser goes after signing in: a path of this origin, and nothing else.
import { CONTINUE_MAX_CHARS } from '../domain/limits.ts'
import type { SignIn } from '../domain/sign-in.ts'
import type { Parts } from '../sign-in/parts.ts'

const DEFAULT_CONTINUE = '/account'

const OWN_PATH = /^\/(?![/\\])[\x21-\x5B\x5D-\x7E]*$/

/** The path if it is one of ours, else null. Hostile forms (`//e`, `/\e`, `https:e`, tabs …) resolve elsewhere. */
export function parseContinueTo(value: string | undefined, issuer: string): string | null {
  if (value === undefined || value.length > CONTINUE_MAX_CHARS || !OWN_PATH.test(value)) return null
  const url = new URL(value, issuer)
  // What is left once dot segments are resolved is judged as well: `/.//e` becomes `//e`.
  const path = `${url.pathname}${url.search}`
  return url.origin === issuer && OWN_PATH.test(path) ? path : null
}

/** Where this sign-in's browser goes on to. */
export const locationOf = async (
  { secrets }: Pick<Parts, 'secrets'>,
  { id, sealedContinueTo: sealed }: Pick<SignIn, 'id' | 'sealedContinueTo'>,
): Promise<string> => (sealed && (await secrets.unseal('continue-to', id, sealed))) || DEFAULT_CONTINUE
