import { describe, expect, test } from 'vitest'
import { ASSETS, textOfAsset } from '../assets.ts'

const STYLESHEET_MAX_BYTES = 8 * 1024

const STYLESHEET = textOfAsset('latchkey.css')

type Colours = Readonly<Record<string, string>>

const coloursIn = (css: string): Colours =>
  Object.fromEntries([...css.matchAll(/--([a-z-]+): (#[0-9a-f]{3,6});/g)].map(([, name, hex]) => [name, hex]))

const [lightPart = '', darkPart = ''] = STYLESHEET.split('@media (prefers-color-scheme: dark)')
const light = coloursIn(lightPart)
const dark = coloursIn(darkPart)

/** Relative luminance (WCAG 2.2). */
function luminance(hex: string): number {
  const digits = hex.length === 4 ? [...hex.slice(1)].map(digit => digit + digit) : hex.match(/[0-9a-f]{2}/g)
  const [red = 0, green = 0, blue = 0] = (digits ?? []).map(pair => {
    const value = Number.parseInt(pair, 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(colours: Colours, ink: string, ground: string): number {
  const [high = 0, low = 0] = [ink, ground]
    .map(name => luminance(colours[name] ?? ''))
    .toSorted((one, other) => other - one)
  return (high + 0.05) / (low + 0.05)
}

const TEXT = [
  ...['page', 'surface', 'accent-tint', 'danger-tint'].map(ground => ['ink', ground]),
  ...['page', 'surface'].flatMap(ground => ['soft', 'accent', 'good'].map(ink => [ink, ground])),
  ['accent', 'accent-tint'],
  ['accent-ink', 'accent'],
  ['danger', 'danger-tint'],
  ['danger-ink', 'danger'],
] as [string, string][]

const EDGES = [
  ...['page', 'surface'].flatMap(ground =>
    ['edge', 'accent', 'danger', 'focus', 'brass'].map(ink => [ink, ground]),
  ),
  ...['danger', 'focus'].map(ink => [ink, 'danger-tint']),
] as [string, string][]

describe.each([
  ['light', light],
  ['dark', dark],
] as const)('colours, %s', (_, colours) => {
  test.each(TEXT)('text in %s is legible on %s (WCAG 1.4.3)', (ink, ground) => {
    expect(contrast(colours, ink, ground)).toBeGreaterThanOrEqual(4.5)
  })

  test.each(EDGES)('an edge in %s can be seen on %s (WCAG 1.4.11)', (ink, ground) => {
    expect(contrast(colours, ink, ground)).toBeGreaterThanOrEqual(3)
  })
})

test('both schemes have the same colours', () => {
  expect(Object.keys(dark).toSorted()).toEqual(Object.keys(light).toSorted())
})

test('the style sheet is small', () => {
  expect(new TextEncoder().encode(STYLESHEET).length).toBeLessThan(STYLESHEET_MAX_BYTES)
})

test.each(ASSETS)('WB-11 %s is style, a script or an icon, and refers to nothing elsewhere', name => {
  expect(name).toMatch(/^[a-z-]+\.(css|js|svg)$/)
  const body = textOfAsset(name).replace('xmlns="http://www.w3.org/2000/svg"', '')
  expect(body).not.toMatch(/https?:|\/\/[a-z]|url\(|@import|^import|import\(|data:|eval|innerHTML/m)
})
