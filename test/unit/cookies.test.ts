// What counts as a cookie of ours, whatever stands around it.
import { describe, expect, it } from 'vitest'
import { type CookieKind, readCookie } from '../../src/http/cookies.ts'

const KINDS: readonly (readonly [CookieKind, string])[] = [
  ['session', '__Host-session'],
  ['signIn', '__Host-sign-in'],
  ['csrf', '__Host-csrf'],
  ['browser', '__Host-browser'],
  ['operator', '__Host-operator'],
]
/** What JavaScript takes for space and a browser does not: before a name it takes the prefix from it. */
const OTHER_SPACES = [
  '\u00a0',
  '\u1680',
  '\u2000',
  '\u200a',
  '\u2028',
  '\u202f',
  '\u3000',
  '\ufeff',
  '\v',
  '\f',
]

const read = (kind: CookieKind, header: string) =>
  readCookie({ req: { header: () => header } } as unknown as Parameters<typeof readCookie>[0], kind)

describe.each(KINDS)('the cookie %s', (kind, name) => {
  it('WB-01: is the one of exactly this name', () => {
    expect(read(kind, `a=1; ${name}=own;\t__Host-x=2`)).toBe('own')
    for (const space of OTHER_SPACES) {
      expect(read(kind, `a=1; ${space}${name}=planted; ${name}=own`), JSON.stringify(space)).toBe('own')
      expect(read(kind, `${name}${space}=planted; ${name}=own`), JSON.stringify(space)).toBe('own')
    }
    expect(read(kind, `x${name}=planted; ${name.toLowerCase()}=planted`)).toBeUndefined()
  })

  it('AP-03: is found behind any number of spaces: a header of some KB would take minutes by its square', () => {
    const spaces = ' '.repeat(300_000)
    expect(read(kind, `a${spaces}b;${spaces}\t${name}=own; ${name}=x${spaces}b`)).toBe('own')
  })

  it('is none when it holds what we never write', () => {
    for (const value of ['"own"', 'o n', 'own=', 'öwn', 'own\u0000', 'own,own', '%6fwn']) {
      expect(read(kind, `${name}=${value}`), value).toBeUndefined()
    }
  })
})
