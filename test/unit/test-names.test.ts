import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const FOLDER = 'test/worker'
/** What looks at, or works on, everything that there is. */
const WHOLE = /\b(?:keepHouse|deliverDue|checkAddresses)\(/

test('tests that work on whole databases are kept apart from the others, by their name', () => {
  const files = readdirSync(FOLDER).filter(
    name => name.endsWith('.test.ts') && !name.endsWith('.alone.test.ts'),
  )
  expect(files.length).toBeGreaterThan(50)
  expect(files.filter(name => WHOLE.test(readFileSync(`${FOLDER}/${name}`, 'utf8')))).toEqual([])
})
