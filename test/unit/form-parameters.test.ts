import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OAuthError } from '../../src/oauth/errors.ts'
import { parseForm } from '../../src/oauth/parameters.ts'

/** By the runtime's own decoder, whatever is in it. */
function decoded(body: string): Record<string, string> | 'refused' {
  const pairs = [...new URLSearchParams(body)]
  const isRepeated = new Set(pairs.map(([name]) => name)).size < pairs.length
  return isRepeated ? 'refused' : Object.fromEntries(pairs.filter(([, value]) => value !== ''))
}

function parsed(body: string): Record<string, string | undefined> | 'refused' {
  try {
    return { ...parseForm(body) }
  } catch (error) {
    if (error instanceof OAuthError) return 'refused'
    throw error
  }
}

test('AZ-06: a form is cut as the decoder of forms cuts it, with anything encoded in it or not', () => {
  const piece = fc.constantFrom('&', '=', '?', '+', '%', '%2', '%20', '%C3%A4', 'a', 'b', ';', '#', 'é', '\n')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
      const body = pieces.join('')
      expect(parsed(body)).toEqual(decoded(body))
    }),
    { numRuns: 3_000 },
  )
})
