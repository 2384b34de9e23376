// People who use the service all the time, and note every refusal of what is good.
import { setTimeout as sleep } from 'node:timers/promises'
import { createDevice, createPkce, type Device } from '../../../src/cli/device.ts'
import { findCode, findLinkToken } from '../../../src/cli/mailbox.ts'
import { MAGIC_LINK_GRANT } from '../../../src/domain/client.ts'
import type { OwnInstance } from '../support/own-instance.ts'
import type { Verifier } from './verifiers.ts'

export interface Tally {
  /** Of what was asked: how often. */
  readonly done: Map<string, number>
  /** What was refused, in words. */
  readonly refused: string[]
}

export interface World {
  readonly instance: OwnInstance
  readonly clientId: string
  readonly introspecting: { readonly id: string; readonly secret: string }
  readonly verifiers: readonly Verifier[]
  readonly tally: Tally
  /** Keys that were removed: what they have signed is good no more. */
  readonly removed: Set<string>
  readonly stopping: AbortSignal
}

const PAUSE_MS = 500
/** Of our own tokens, which have no leeway. */
const REFRESH_AHEAD_SECONDS = 60

export const createTally = (): Tally => ({ done: new Map(), refused: [] })

export const kidOf = (token: string): string => partOf(token, 0).kid as string
const partOf = (token: string, index: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString())

/** Refreshes at every turn, and shows the fresh token everywhere. */
export async function useEagerly(world: World, device: Device): Promise<void> {
  while (!world.stopping.aborted) {
    await refresh(world, device)
    await showEverywhere(world, device)
    await sleep(PAUSE_MS)
  }
}

/** Keeps a token for as long as it lasts. */
export async function useSparingly(world: World, device: Device): Promise<void> {
  while (!world.stopping.aborted) {
    const left = Number(partOf(device.accessToken, 1).exp) - Date.now() / 1_000
    if (left < REFRESH_AHEAD_SECONDS) await refresh(world, device)
    await showEverywhere(world, device)
    await sleep(2 * PAUSE_MS)
  }
}

async function refresh({ tally }: World, device: Device): Promise<void> {
  const { status, body } = await device.refresh()
  note(tally, 'refresh', status === 200, `${status} ${JSON.stringify(body)}`)
}

async function showEverywhere(world: World, device: Device): Promise<void> {
  const { tally, verifiers, removed } = world
  const token = device.accessToken
  const whoami = await device.request('GET', '/ping/whoami')
  const wasRefused = whoami.status === 401 && removed.has(kidOf(token))
  // A token of a removed key: the app refreshes and goes on.
  if (wasRefused) {
    tally.done.set('renewed after a removal', (tally.done.get('renewed after a removal') ?? 0) + 1)
    return refresh(world, device)
  }
  note(tally, 'whoami', whoami.status === 200, `${whoami.status} ${JSON.stringify(whoami.body)}`)
  const userinfo = await device.request('GET', '/oauth2/userinfo')
  note(tally, 'userinfo', userinfo.status === 200 || removed.has(kidOf(token)), `${userinfo.status}`)
  const isActive = await introspect(world, token)
  note(tally, 'introspection', isActive || removed.has(kidOf(token)), 'inactive')
  for (const verifier of verifiers) {
    const refusal = await verifier.refusalOf(token)
    note(
      tally,
      `verified by ${verifier.name}`,
      refusal === null || removed.has(kidOf(token)),
      String(refusal),
    )
  }
}

async function introspect(
  { instance, introspecting: { id, secret } }: World,
  token: string,
): Promise<boolean> {
  const response = await fetch(`${instance.origin}/oauth2/introspect`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ token }),
  })
  return ((await response.json()) as { active: boolean }).active
}

/** New people all the time, one by the typed code, the next by the link, which is a signed token itself. */
export async function keepSigningIn(world: World): Promise<void> {
  for (let index = 0; !world.stopping.aborted; index++) {
    await signInBy(world, `new-${index}@load.test`, index % 2 === 0 ? 'code' : 'link')
    await sleep(PAUSE_MS)
  }
}

async function signInBy({ instance, clientId, tally, removed }: World, email: string, way: 'code' | 'link') {
  const { origin, mailbox } = instance
  const device = createDevice(origin, mailbox, clientId, 'Load')
  const { verifier, challenge } = createPkce()
  const asked = await fetch(`${origin}/v1/sign-ins`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: clientId, email, ...challenge }),
  })
  const { sign_in_id } = (await asked.json()) as { sign_in_id: string }
  const mail = await mailbox(email)
  // The mail as it came: lines are folded in transport.
  const token = findLinkToken({ ...mail, text: mail.text.replace(/=\r\n/g, '').replace(/=3D/g, '=') }) ?? ''
  const proof: Record<string, string> =
    way === 'link' ? { token } : { sign_in_id, code: findCode(mail) ?? '' }
  const answer = await device.exchange({ grant_type: MAGIC_LINK_GRANT, code_verifier: verifier, ...proof })
  const isExcused = way === 'link' && removed.has(kidOf(token))
  note(
    tally,
    `sign-in by ${way}`,
    answer.status === 200 || isExcused,
    `${answer.status} ${JSON.stringify(answer.body)}`,
  )
}

function note({ done, refused }: Tally, what: string, isGood: boolean, instead: string): void {
  done.set(what, (done.get(what) ?? 0) + 1)
  if (!isGood) refused.push(`${new Date().toISOString()} ${what}: ${instead}`)
}
