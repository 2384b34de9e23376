// What a route is to those who call it, said beside the route: a middleware that does nothing, and a note of what it says.
import type { MiddlewareHandler } from 'hono'
import type * as v from 'valibot'
import type { LatchkeyEnv } from '../context.ts'
import type { Hono } from '../hono.ts'
import type { Caller } from './callers.ts'

export type Fields = v.ObjectSchema<v.ObjectEntries, undefined>

/** A schema of JSON, another media type, or null for no content. */
export type Answer = v.GenericSchema | 'text/html' | 'text/event-stream' | 'application/x-ndjson' | null

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

/** Stands in a route before its handler. */
export function operation(described: Operation): MiddlewareHandler<LatchkeyEnv> {
  const pass: MiddlewareHandler<LatchkeyEnv> = (_, next) => next()
  operations.set(pass, described)
  return pass
}

/** The form of an answer: only descriptions ask for it. */
export const answer = <Schema extends v.GenericSchema>(form: () => Schema): Schema => form()

export const operationOf = (handler: Handler): Operation | undefined => operations.get(handler)
