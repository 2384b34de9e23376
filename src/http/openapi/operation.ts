// What a route is to those who call it, said beside the route: a middleware that does nothing, and a note of what it says.
import type { MiddlewareHandler } from 'hono'
import type * as v from 'valibot'
import type { LatchkeyEnv } from '../context.ts'
import type { Hono } from '../hono.ts'
import type { Caller } from './callers.ts'

export type Fields = v.ObjectSchema<v.ObjectEntries, undefined>

/** A schema of JSON, or another media type. */
export type Content = v.GenericSchema | 'text/html' | 'text/event-stream' | 'application/x-ndjson'

/** Where a browser goes on to: paths of ours, with any query; any path of ours; or anywhere, where an app has said so. */
export interface Redirect {
  readonly to: readonly string[] | 'own_path' | 'anywhere'
}

/** What it contains, by what the caller asks for if there are several; where it leads; or null for no content. */
export type Answer = Content | readonly Content[] | Redirect | null

export interface Operation {
  readonly summary: string
  readonly by: Caller
  readonly headers?: readonly string[]
  readonly query?: Fields
  readonly json?: v.GenericSchema
  readonly form?: v.GenericSchema
  readonly answers: Readonly<Record<number, Answer>>
  /** Beside those that come with who calls and with what is sent. */
  readonly refusals?: readonly number[]
}

type Handler = Hono<LatchkeyEnv>['routes'][number]['handler']

const operations = new WeakMap<Handler, Operation>()

/**
 * Stands in a route before its handler.
 * @param described a function where it makes schemas by which nothing is parsed: only descriptions ask for them
 */
export function operation(described: Operation | (() => Operation)): MiddlewareHandler<LatchkeyEnv> {
  const pass: MiddlewareHandler<LatchkeyEnv> = (_, next) => next()
  operations.set(pass, typeof described === 'function' ? described() : described)
  return pass
}

/** The form of an answer: only descriptions ask for it. */
export const answer = <Schema extends v.GenericSchema>(form: () => Schema): Schema => form()

export const operationOf = (handler: Handler): Operation | undefined => operations.get(handler)
