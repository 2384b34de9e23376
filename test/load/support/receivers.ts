// Receivers of webhooks on this machine, well and unwell, and what each of them has got. They run in a process of their own.
import { fork } from 'node:child_process'
import { resolve } from 'node:path'
import type { Operator } from '../../../src/cli/drill/operator.ts'

/** Takes everything; answers 500 to the first try of each message; hangs up; never answers. */
export type Manner = 'well' | 'fails first' | 'drops' | 'hangs'

export interface Received {
  readonly body: string
  tries: number
  /** Whether each try had the same body. */
  isConstant: boolean
  /** From the second of the event to the arrival of the try that was taken; null while none was. */
  lateMs: number | null
}

export interface Report {
  /** By `webhook-id`. */
  readonly received: ReadonlyMap<string, Received>
  /** Requests that the published library would have refused. */
  readonly badSignatures: number
}

/** What the process is told, one call after the other's answer. */
export type Call =
  | { readonly type: 'start'; readonly manners: readonly Manner[] }
  | { readonly type: 'secrets'; readonly secrets: readonly string[] }
  | { readonly type: 'report' }
  | { readonly type: 'stop' }

export interface Receiver extends Report {
  readonly manner: Manner
  readonly id: string
}

export interface Receivers {
  /** As they stand now. */
  read(): Promise<readonly Receiver[]>
  /** Takes their registrations back. */
  remove(): Promise<void>
}

export async function startReceivers(operator: Operator, manners: readonly Manner[]): Promise<Receivers> {
  const child = fork(resolve(import.meta.dirname, 'receivers-process.ts'), { serialization: 'advanced' })
  const ask = <Answer>(call: Call): Promise<Answer> =>
    new Promise(settle => {
      child.once('message', answer => settle(answer as Answer))
      child.send(call)
    })
  const ports = await ask<readonly number[]>({ type: 'start', manners })
  const registered = await Promise.all(
    manners.map((manner, index) =>
      operator.ask('POST', '/webhooks', {
        url: `http://127.0.0.1:${ports[index]}/${manner.replace(' ', '-')}`,
        events: ['*'],
      }),
    ),
  )
  await ask({ type: 'secrets', secrets: registered.map(({ secret }) => String(secret)) })
  const ids = registered.map(({ id }) => String(id))
  return {
    async read() {
      const reports = await ask<readonly Report[]>({ type: 'report' })
      return manners.map((manner, index) => ({ manner, id: `${ids[index]}`, ...(reports[index] as Report) }))
    },
    async remove() {
      await Promise.all(ids.map(id => operator.ask('DELETE', `/webhooks/${id}`)))
      await ask({ type: 'stop' })
      child.kill()
    },
  }
}
