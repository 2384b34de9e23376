import { expect, test } from 'vitest'
import { grantScope, isScopeToken, joinScope, splitScope } from '../../src/domain/scope.ts'

const ALLOWED = ['openid', 'email', 'sessions']

const GRANTS: [requested: string | undefined, granted: string | null][] = [
  [undefined, 'openid email sessions'],
  ['', 'openid email sessions'],
  ['email', 'email'],
  ['sessions openid', 'sessions openid'],
  ['email email', 'email'],
  ['email admin', null],
  ['Email', null],
  ['email  openid', null],
  [' email', null],
  ['email ', null],
  [' ', null],
  ['email\topenid', null],
  ['email\nopenid', null],
  ['email,openid', null],
  ['"email"', null],
  ['__proto__', null],
]

test.each(GRANTS)('AZ-13: of what this client may have, %j is granted as %j', (requested, granted) => {
  expect(grantScope(requested, ALLOWED)).toBe(granted)
})

test('AZ-13: a client without scopes is granted none, and no name', () => {
  expect(grantScope(undefined, [])).toBe('')
  expect(grantScope('email', [])).toBeNull()
})

test('RF-04: a refresh can ask for less than it has, never for more', () => {
  const ceiling = splitScope('openid email')
  expect(grantScope('email', ceiling)).toBe('email')
  expect(grantScope('email sessions', ceiling)).toBeNull()
})

test('a malformed name is refused even when a client is registered for it', () => {
  for (const name of ['a b', 'a"b', 'a\\b', 'é', 'a\u0000', '', '\u007f'])
    expect([name, isScopeToken(name), grantScope(name || ' ', [name, ' '])]).toEqual([name, false, null])
})

test('a scope is read back as the list that was joined', () => {
  expect(splitScope('')).toEqual([])
  expect(splitScope(joinScope(ALLOWED))).toEqual(ALLOWED)
})
