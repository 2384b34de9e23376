// What every handler finds in its Hono context.
import type { Context } from 'hono'
import type { Client } from '../domain/client.ts'
import type { Parts, RequestFacts } from '../sign-in/parts.ts'

export interface LatchkeyEnv {
  readonly Bindings: Env
  readonly Variables: {
    readonly parts: Parts
    readonly facts: RequestFacts
    readonly requestId: string
    /** Where a form of this page may lead in the end, beside this origin: a CSP source. */
    formTarget?: string
    /** Whose request it is, once that is known. */
    readonly client?: Client
  }
}

export type LatchkeyContext = Context<LatchkeyEnv>
