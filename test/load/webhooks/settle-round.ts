// Waits until every event of a round has been told or written down as waiting, and counts what is wrong.
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OwnInstance } from '../support/own-instance.ts'
import type { Manner, Received, Receiver, Receivers } from '../support/receivers.ts'

export interface Told {
  readonly events: number
  /** Never taken by a receiver that takes them. */
  readonly lost: number
  /** Neither taken nor written down as waiting. */
  readonly unknown: number
  readonly requests: number
  readonly badSignatures: number
  readonly repeated: number
  /** With another body the second time, or of no event that there was. */
  readonly changed: number
  /** Of the receivers that are well. */
  readonly lateMs: readonly number[]
  readonly tookMs: number
}

/** In which something must have happened. */
const PATIENCE_MS = 240_000
const POLL_MS = 2_000
const TAKES: readonly Manner[] = ['well', 'fails first']

/** The entries of all logs, as `user-seq`. */
export const listEvents = (instance: OwnInstance): string[] =>
  readColumn(instance, `SELECT user_id || '-' || seq AS found FROM user_events`)

const listWaiting = (instance: OwnInstance): string[] =>
  readColumn(instance, `SELECT message_id AS found FROM webhook_deliveries WHERE state = 'waiting'`)

/** From a copy: a reader of the file itself would be in the way of the instance that works on it. */
function readColumn({ stateDir }: OwnInstance, sql: string): string[] {
  const directory = join(stateDir, 'v3/d1/miniflare-D1DatabaseObject')
  const file = readdirSync(directory).find(name => name.endsWith('.sqlite') && name !== 'metadata.sqlite')
  const copies = mkdtempSync(join(stateDir, 'copy-'))
  for (const name of [`${file}`, `${file}-wal`]) {
    if (existsSync(join(directory, name))) copyFileSync(join(directory, name), join(copies, name))
  }
  const db = new DatabaseSync(join(copies, `${file}`))
  try {
    return db
      .prepare(sql)
      .all()
      .map(row => String(row.found))
  } finally {
    db.close()
    rmSync(copies, { recursive: true })
  }
}

export async function settleRound(
  instance: OwnInstance,
  all: Receivers,
  events: readonly string[],
  fromMs: number,
): Promise<Told> {
  let receivers = await all.read()
  const missing = () => {
    const waiting = new Set(listWaiting(instance))
    const lost = receivers.flatMap(each => (TAKES.includes(each.manner) ? untaken(each, events) : []))
    const unknown = receivers.flatMap(each => untaken(each, events).filter(id => !waiting.has(id)))
    return { lost: lost.length, unknown: unknown.length }
  }
  let left = missing()
  let progressAt = Date.now()
  while (left.lost + left.unknown > 0 && Date.now() - progressAt < PATIENCE_MS) {
    await sleep(POLL_MS)
    receivers = await all.read()
    const now = missing()
    if (now.lost + now.unknown < left.lost + left.unknown) progressAt = Date.now()
    left = now
  }
  const expected = new Set(receivers.flatMap(each => idsOf(each, events)))
  const received = receivers.flatMap(each => [...each.received])
  return {
    ...left,
    events: events.length,
    requests: received.reduce((sum, [, { tries }]) => sum + tries, 0),
    badSignatures: receivers.reduce((sum, each) => sum + each.badSignatures, 0),
    repeated: received.filter(([, { tries }]) => tries > 1).length,
    changed: received.filter(([id, { isConstant }]) => !isConstant || !expected.has(id)).length,
    lateMs: receivers
      .filter(({ manner }) => manner === 'well')
      .flatMap(each => [...each.received.values()].flatMap(lateness)),
    tookMs: performance.now() - fromMs,
  }
}

const idsOf = (receiver: Receiver, events: readonly string[]): string[] =>
  events.map(event => `${receiver.id}-${event}`)

const untaken = (receiver: Receiver, events: readonly string[]): string[] =>
  idsOf(receiver, events).filter(id => (receiver.received.get(id)?.lateMs ?? null) === null)

const lateness = ({ lateMs }: Received): number[] => (lateMs === null ? [] : [lateMs])
