// What the client is told to do, and what it says of it.
import { type ChildProcess, fork } from 'node:child_process'
import { resolve } from 'node:path'

export interface Load {
  readonly port: number
  /** As they are sent. */
  readonly requests: readonly string[]
  /** Over and over, each once, or each the first of a chain whose next token is in the answer before. */
  readonly order: 'in turn' | 'each once' | 'each leads on'
  /** In turn: how many were made in the rounds before. */
  readonly made: number
  /** Of a chain: `{length}` in the head is that of the form. */
  readonly chain: { readonly head: string; readonly form: string } | null
  readonly connections: number
  readonly ms: number
  /** Answers that are waited for, however long it takes. */
  readonly least: number
  /** Of every answer. */
  readonly status: number
}

export interface Round {
  readonly count: number
  /** Answers with another status. */
  readonly wrong: number
  readonly firstWrong: string
  readonly bytes: number
  readonly ms: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

export interface Client {
  run(load: Load): Promise<Round>
  stop(): void
}

export function startClient(): Client {
  const child: ChildProcess = fork(resolve(import.meta.dirname, 'client.ts'), { serialization: 'advanced' })
  return {
    run: load =>
      new Promise((settle, reject) => {
        child.once('message', (said: Round | { error: string }) => {
          if ('error' in said) reject(new Error(said.error))
          else settle(said)
        })
        child.send(load)
      }),
    stop: () => void child.kill(),
  }
}

export interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** A request as it is sent. */
export function rawRequest({ method, path, headers, body }: HttpRequest): string {
  const lines = Object.entries({
    Host: 'localhost',
    'User-Agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1',
    Accept: 'application/json',
    ...headers,
    ...(body === null ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`
}
