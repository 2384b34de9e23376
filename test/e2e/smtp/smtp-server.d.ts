// The part of smtp-server that the tests use; the package ships no types.
declare module 'smtp-server' {
  import type { Server } from 'node:net'
  import type { Readable } from 'node:stream'

  interface Session {
    readonly secure: boolean
    readonly user?: string
    readonly hostNameAppearsAs: string
    readonly envelope: {
      readonly mailFrom: { readonly address: string }
      readonly rcptTo: readonly { readonly address: string }[]
    }
  }

  type Done = (error?: Error | null, answer?: unknown) => void

  interface Options {
    readonly secure?: boolean
    readonly key?: string
    readonly cert?: string
    readonly authOptional?: boolean
    readonly authMethods?: readonly string[]
    readonly disabledCommands?: readonly string[]
    readonly disableReverseLookup?: boolean
    onAuth?(auth: { username: string; password: string }, session: Session, done: Done): void
    onData?(stream: Readable, session: Session, done: Done): void
  }

  class SMTPServer {
    constructor(options: Options)
    readonly server: Server
    listen(port: number, host: string, done: () => void): void
    on(event: 'error', handler: (error: Error) => void): void
    close(done: () => void): void
  }
}
