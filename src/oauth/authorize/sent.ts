// The parameters of an authorization request as they were sent: an empty one counts as absent (RFC 6749 §3.1).
import { OAuthError } from '../errors.ts'

export interface Sent {
  /** null when absent. Throws `invalid_request` when it was sent more than once. */
  readonly one: (name: string) => string | null
  /** null when absent or repeated. */
  readonly single: (name: string) => string | null
  readonly isRepeated: (name: string) => boolean
  /** Names that were sent more than once. */
  readonly repeated: readonly string[]
}

export function readSent(parameters: URLSearchParams): Sent {
  const values = (name: string) => parameters.getAll(name)
  const isRepeated = (name: string) => values(name).length > 1
  const single = (name: string) => (isRepeated(name) ? null : values(name)[0] || null)
  return {
    one(name) {
      if (isRepeated(name)) throw new OAuthError('invalid_request', 'a parameter is repeated')
      return single(name)
    },
    single,
    isRepeated,
    repeated: [...new Set(parameters.keys())].filter(isRepeated),
  }
}
