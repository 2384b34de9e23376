// SE-16: which changes of a browser's traits are abrupt, and which are everyday life.
import { describe, expect, test } from 'vitest'
import { isAbruptChange, type Traits } from '../../src/domain/abrupt-change.ts'

const traits = (browser: string | null, os: string | null, country: string | null): Traits => ({
  device: { browser, os },
  place: { country },
})
const BEGUN = traits('Firefox', 'Windows', 'DE')

describe('SE-16: against Firefox on Windows in Germany', () => {
  test.each([
    ['another browser in another country', traits('Chrome', 'Windows', 'BR')],
    ['another system in another country', traits('Firefox', 'Linux', 'BR')],
    ['another browser and system in another country', traits('Safari', 'iOS', 'BR')],
    ['another browser through Tor', traits('Chrome', 'Windows', 'T1')],
    ['another browser, of no known system', traits('Chrome', null, 'BR')],
  ])('SE-16: %s is abrupt, and so is the way back', (_, now) => {
    expect(isAbruptChange(BEGUN, now)).toBe(true)
    expect(isAbruptChange(now, BEGUN)).toBe(true)
  })

  test.each([
    ['nothing changed', BEGUN],
    ['a journey, or a VPN', traits('Firefox', 'Windows', 'BR')],
    ['another browser at home: the desktop site, a changed User-Agent', traits('Chrome', 'Android', 'DE')],
    ['no country', traits('Chrome', 'Android', null)],
    ['an unknown country', traits('Chrome', 'Android', 'XX')],
    ['neither browser nor system known', traits(null, null, 'BR')],
    ['one known and the same, the other unknown', traits('Firefox', null, 'BR')],
    ['nothing known', traits(null, null, null)],
  ])('SE-16: %s is none, either way', (_, now) => {
    expect(isAbruptChange(BEGUN, now)).toBe(false)
    expect(isAbruptChange(now, BEGUN)).toBe(false)
  })
})
