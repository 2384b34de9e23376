// Where a browser goes after signing in: a path of this origin, and nothing else.

export const DEFAULT_CONTINUE = '/account'

/** The path if it is one of ours, else null. Hostile forms (`//e`, `/\e`, `https:e`, tabs …) resolve elsewhere. */
export function parseContinueTo(value: string | undefined, issuer: string): string | null {
  if (value === undefined || !/^\/(?![/\\])[\x21-\x7E]*$/.test(value) || value.includes('\\')) return null
  const url = new URL(value, issuer)
  return url.origin === issuer ? `${url.pathname}${url.search}` : null
}
