// Sign-ins of apps through HTTP at a steady pace, each of a person of its own, and how long the service took for them.
import { setTimeout as sleep } from 'node:timers/promises'
import { createDevice, type Device } from '../../../src/cli/device.ts'
import type { OwnInstance } from './own-instance.ts'

export interface SignedIn {
  readonly device: Device
  /** When it began, as `performance.now()` counts. */
  readonly atMs: number
  /** Both requests together, without the way of the mail. */
  readonly ms: number
}

/** Throws when it is refused. */
export async function signIn(...by: Parameters<typeof signInUnlessBusy>): Promise<SignedIn> {
  const signedIn = await signInUnlessBusy(...by)
  if (signedIn === null) throw new Error('the service is too busy for a sign-in')
  return signedIn
}

/** null when the service was too busy (503). Throws when it is refused for any other reason. */
export async function signInUnlessBusy(
  { origin, mailbox }: Pick<OwnInstance, 'origin' | 'mailbox'>,
  clientId: string,
  email: string,
): Promise<SignedIn | null> {
  let waitedMs = 0
  const device = createDevice(
    origin,
    async (...args) => {
      const from = performance.now()
      const mail = await mailbox(...args)
      waitedMs = performance.now() - from
      return mail
    },
    clientId,
    'Load',
  )
  const from = performance.now()
  const { status, body } = await device.signIn(email)
  const ms = performance.now() - from - waitedMs
  if (status === 503) return null
  if (status !== 200) throw new Error(`a sign-in was refused: ${status} ${JSON.stringify(body)}`)
  return { device, atMs: from, ms }
}

/** Begins one piece of work after the other at that pace, whether or not the former has ended (an open loop). */
export async function atPace<Result>(
  perSecond: number,
  times: number,
  work: (index: number) => Promise<Result>,
): Promise<Result[]> {
  const begun: Promise<Result>[] = []
  const from = performance.now()
  for (let index = 0; index < times; index++) {
    const dueInMs = from + (index * 1_000) / perSecond - performance.now()
    if (dueInMs > 0) await sleep(dueInMs)
    const working = work(index)
    // A failure is told when all are waited for.
    working.catch(() => undefined)
    begun.push(working)
  }
  return Promise.all(begun)
}
