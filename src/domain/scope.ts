// Scopes: space-separated names (RFC 6749 §3.3).

/** Those with a meaning here, each about a user; every other name means what a resource server takes it for. */
export const BUILT_IN_SCOPES = ['openid', 'email', 'sessions'] as const

const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]+$/

export const isScopeToken = (value: string): boolean => SCOPE_TOKEN.test(value)

export const joinScope = (scopes: readonly string[]): string => scopes.join(' ')

export const splitScope = (scope: string): readonly string[] => (scope === '' ? [] : scope.split(' '))

/**
 * What is granted: the request's scopes, each once, or all that are allowed when none is named.
 * null (`invalid_scope`) for a malformed name or one beyond what is allowed.
 */
export function grantScope(requested: string | undefined, allowed: readonly string[]): string | null {
  if (requested === undefined || requested === '') return joinScope(allowed)
  const names = [...new Set(requested.split(' '))]
  return names.every(name => isScopeToken(name) && allowed.includes(name)) ? joinScope(names) : null
}

export const isWithinScope = (scope: string, ceiling: string): boolean =>
  splitScope(scope).every(name => splitScope(ceiling).includes(name))

export const unionScope = (a: string, b: string): string =>
  joinScope([...new Set([...splitScope(a), ...splitScope(b)])])
