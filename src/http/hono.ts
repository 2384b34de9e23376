// Hono with one router. The default set tries another one first, which gives up on `/v1/sessions/live` beside
// `/v1/sessions/:id`, at the first request of every isolate, and falls back to this one.
import type { Env } from 'hono'
import { HonoBase } from 'hono/hono-base'
import { TrieRouter } from 'hono/router/trie-router'

export class Hono<E extends Env> extends HonoBase<E> {
  constructor() {
    super()
    this.router = new TrieRouter()
  }
}
