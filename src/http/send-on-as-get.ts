// A client may send its request as a form. From another site that brings no cookie; the navigation that follows does.
import { AUTHORIZATION_QUERY_MAX_CHARS } from '../domain/limits.ts'
import type { LatchkeyContext } from './context.ts'
import { Problem } from './problem.ts'

/** @param path of this origin */
export function sendOnAsGet(c: LatchkeyContext, path: string, parameters: URLSearchParams): Response {
  const query = parameters.toString()
  if (query.length > AUTHORIZATION_QUERY_MAX_CHARS) {
    throw new Problem('invalid_request', { detail: 'the request is too long' })
  }
  return c.redirect(`${path}?${query}`, 303)
}
