// Hono with one router. The default set tries another one first, which gives up on `/v1/sessions/live` beside
// `/v1/sessions/:id`, at the first request of every isolate, and falls back to this one.
import type { Env } from 'hono'
import { HonoBase } from 'hono/hono-base'
import type { Result } from 'hono/router'
import { TrieRouter } from 'hono/router/trie-router'

export class Hono<E extends Env> extends HonoBase<E> {
  constructor() {
    super()
    this.router = new RememberingRouter()
  }
}

const PATTERN = /[:*]/

/** Walks the tree once for each route that is written out: what matches it is the same every time. */
class RememberingRouter<T> extends TrieRouter<T> {
  readonly #literals = new Set<string>()
  readonly #found = new Map<string, Result<T>>()

  override add(method: string, path: string, handler: T): void {
    // What only describes a route is nothing in the Worker (openapi/left-out.ts).
    if ((handler as [unknown])[0] === undefined) return
    super.add(method, path, handler)
    if (!PATTERN.test(path)) this.#literals.add(path)
    this.#found.clear()
  }

  override match(method: string, path: string): Result<T> {
    if (!this.#literals.has(path)) return super.match(method, path)
    const key = `${method} ${path}`
    const found = this.#found.get(key) ?? super.match(method, path)
    this.#found.set(key, found)
    return found
  }
}
