// What an authorization or logout request says, and what it costs to read it.
import { describe, expect, it } from 'vitest'
import { readSent } from '../../src/oauth/authorize/sent.ts'

/** Counts the values that are handed out: by walking through all of them, or by looking one name up among all. */
class Counting extends URLSearchParams {
  passed = 0
  override getAll(name: string): string[] {
    this.passed += this.size
    return super.getAll(name)
  }
  override *[Symbol.iterator](): IterableIterator<[key: string, value: string]> {
    for (const pair of super.entries()) {
      this.passed += 1
      yield pair
    }
  }
}

describe('a request as it was sent', () => {
  it('AP-03: costs one walk through its parameters, however many there are', () => {
    const parameters = new Counting(Array.from({ length: 10_000 }, (_, nth) => `${nth}=`).join('&'))
    const sent = readSent(parameters)
    for (let nth = 0; nth < 20; nth += 1) expect(sent.one('state')).toBeNull()
    expect(sent.isAnyRepeated).toBe(false)
    expect(parameters.passed).toBeLessThanOrEqual(parameters.size)
  })

  it('AZ-06: has no value for what is absent, empty or repeated, and refuses the last', () => {
    const sent = readSent(new URLSearchParams('state=a&scope=&nonce=b&nonce=b&prompt=&prompt='))
    expect([sent.one('state'), sent.one('scope'), sent.one('resource')]).toEqual(['a', null, null])
    for (const name of ['nonce', 'prompt'] as const) {
      expect([sent.single(name), sent.isRepeated(name)]).toEqual([null, true])
      expect(() => sent.one(name)).toThrow('a parameter is repeated')
    }
    expect([sent.isRepeated('state'), sent.isAnyRepeated]).toEqual([false, true])
    expect(readSent(new URLSearchParams('x=1&x=2')).isAnyRepeated).toBe(true)
    expect(readSent(new URLSearchParams('x=1&__proto__=2&constructor=')).isAnyRepeated).toBe(false)
  })
})
