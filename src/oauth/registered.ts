// What a client may ask for: what it is registered for, and nothing else.
import type { Client, GrantType } from '../domain/client.ts'
import { grantScope, isWithinScope, joinScope, splitScope } from '../domain/scope.ts'
import { OAuthError } from './errors.ts'

/** Throws `unauthorized_client`. */
export function requireGrant(client: Client, grantType: GrantType): void {
  if (!client.grant_types.includes(grantType)) {
    throw new OAuthError('unauthorized_client', 'this client is not registered for this grant')
  }
}

/** Whether it is still registered for all that it was once promised. */
export const isRegisteredFor = (client: Client, scope: string): boolean =>
  isWithinScope(scope, joinScope(client.scopes))

/** What it may still ask for of what it was once promised. */
export const stillRegistered = (client: Client, scope: string): readonly string[] =>
  splitScope(scope).filter(name => client.scopes.includes(name))

/** The scopes asked for, or all that it is registered for. Throws `invalid_scope`. */
export function registeredScope(client: Client, requested: string | undefined): string {
  const granted = grantScope(requested, client.scopes)
  if (granted === null) {
    throw new OAuthError('invalid_scope', 'a scope is malformed or not registered for this client')
  }
  return granted
}
