// The inventory in words: docs/records.md has each code with its outcome, in the same order, and no other.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { outcomeOf, RECORD_CODES } from '../../src/records/inventory.ts'

test('LG-01: docs/records.md says of each record what it means, and of no other', () => {
  const page = readFileSync('docs/records.md', 'utf8')
  const documented = [...page.matchAll(/^\| `([a-z_]+\.[a-z_]+)` \| (\w+) \| \S/gm)]
  expect(documented.map(([, code, outcome]) => [code, outcome])).toEqual(
    RECORD_CODES.map(code => [code, outcomeOf(code)]),
  )
})
