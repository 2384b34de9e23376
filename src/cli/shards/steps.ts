// The steps of moving users between databases, each safe to run again. docs/scale.md says what an operator does when.
import { literal, type ShardAccess } from './access.ts'
import { findDifferences } from './compare.ts'
import { copyRows } from './copy.ts'
import { beginFeedAnew, type Mark, raiseFence, readMarks } from './fence.ts'
import { givingSide, PAGE_ROWS, takingSide } from './moved-rows.ts'
import { type Move, planMoves, readMap } from './plan.ts'
import { MoveRefused } from './refused.ts'
import { removeRows } from './remove.ts'
import { PROOFS } from './tables.ts'

export interface Work {
  readonly access: ShardAccess
  /** Names of bindings. */
  readonly databases: readonly string[]
  readonly pageRows?: number
  readonly say: (line: string) => void
}

/** Stops changes of the users that the next map gives to another database, and copies them there. Throws MoveRefused. */
export async function copy(work: Work, former: string, next: string): Promise<void> {
  const { access, databases, say, pageRows = PAGE_ROWS } = work
  const moves = planMoves(former, next, databases)
  if (moves.length === 0) throw new MoveRefused('Both maps give every user to the same database.')
  const others = (await movesUnderWay(work)).filter(({ move }) => !moves.some(each => isSame(each, move)))
  if (others.length > 0) {
    const names = others.map(({ move }) => `${move.from} to ${move.to}`).join(', ')
    throw new MoveRefused(`Another move is under way, ${names}: open it or cancel it first.`)
  }
  for (const move of moves) {
    const marks = await readMarks(access, move.to)
    if (marks.some(({ tag, state }) => state === 'left' && move.tags.includes(tag))) {
      throw new MoveRefused(`${move.to} still has what some of these users left behind: clean first.`)
    }
    if (!marks.some(({ state, other }) => state === 'arrived' && other === move.from)) {
      await raiseFence(access, move)
      say(`${nameOf(move)}: what belongs to these users can be read and not be changed`)
      say(`${nameOf(move)}: ${await copyRows(access, move, pageRows)} rows copied`)
    }
    await checkSame(work, move)
    const arrived = `UPDATE shard_moves SET state = 'arrived' WHERE state = 'arriving' AND other = ${literal(move.from)}`
    await access.execute(move.to, [arrived])
    say(`${nameOf(move)}: both databases have the same rows`)
  }
}

/** Lets the databases that `map` gives the users to take their changes. Throws MoveRefused. */
export async function open(work: Work, map: string): Promise<void> {
  const { access, say, pageRows = PAGE_ROWS } = work
  for (const { move, hasLeft } of await movesUnderWayTo(work, map, 'to')) {
    // Once they have left, the new home changes: it was the same before.
    if (!hasLeft) await checkSame(work, move)
    await access.execute(move.from, [
      `UPDATE shard_moves SET state = 'left' WHERE state = 'leaving' AND other = ${literal(move.to)}`,
    ])
    // Before anything changes there, nothing is left here that could be taken for it: whoever still has the former map finds
    // no session and no token, and sees why (src/store/given-away.ts). Tokens that are remembered are looked up again: the
    // feed here would not tell of their end.
    await removeRows(access, givingSide(move), move, { pageRows, tables: PROOFS })
    await access.execute(move.from, beginFeedAnew())
    await access.execute(move.to, endOfMove(move))
    say(`${nameOf(move)}: open`)
  }
}

/** Before they were opened: takes the copies away, and lets the former databases go on. Throws MoveRefused. */
export async function cancel(work: Work, map: string): Promise<void> {
  const { access, say, pageRows = PAGE_ROWS } = work
  for (const { move, hasLeft } of await movesUnderWayTo(work, map, 'from')) {
    if (hasLeft) throw new MoveRefused(`${nameOf(move)} is being opened: it cannot be cancelled any more.`)
    const removed = await removeRows(access, takingSide(move), move, { pageRows })
    await access.execute(move.to, endOfMove(move))
    await access.execute(move.from, [
      `DELETE FROM shard_moves WHERE state = 'leaving' AND other = ${literal(move.to)}`,
    ])
    say(`${nameOf(move)}: cancelled, ${removed} rows of the copy removed`)
  }
}

/** Removes what the users have left behind. */
export async function clean(work: Work): Promise<void> {
  const { access, databases, say, pageRows = PAGE_ROWS } = work
  for (const from of databases) {
    const marks = await readMarks(access, from)
    for (const [to, left] of Map.groupBy(
      marks.filter(({ state }) => state === 'left'),
      ({ other }) => other,
    )) {
      const move = { from, to, tags: left.map(({ tag }) => tag) }
      if (await isArriving(access, to, move.tags)) throw new MoveRefused(`${nameOf(move)} is not open yet.`)
      const side = { ...givingSide(move), states: ['left'] as const }
      const removed = await removeRows(access, side, move, { pageRows })
      const gone = `UPDATE shard_moves SET state = 'gone' WHERE state = 'left' AND other = ${literal(to)}`
      await access.execute(from, [gone])
      say(`${nameOf(move)}: ${removed} rows removed from ${from}`)
    }
  }
}

interface UnderWay {
  readonly move: Move
  /** Whether the former database has given them up already. */
  readonly hasLeft: boolean
}

/** Moves that were begun and not opened, as the databases that take them have marked them; or else those that give. */
async function movesUnderWay({ access, databases }: Work): Promise<readonly UnderWay[]> {
  const marks = new Map<string, readonly Mark[]>()
  for (const database of databases) marks.set(database, await readMarks(access, database))
  const taking = [...marks].flatMap(([to, marked]) =>
    groups(marked, ['arriving', 'arrived']).map(([from, tags]) => ({ from, to, tags })),
  )
  const giving = [...marks].flatMap(([from, marked]) =>
    groups(marked, ['leaving']).map(([to, tags]) => ({ from, to, tags })),
  )
  const isGiven = (move: Move) => giving.some(({ from, to }) => from === move.from && to === move.to)
  const isTaken = (move: Move) => taking.some(({ from, to }) => from === move.from && to === move.to)
  const hasLeft = ({ from, to, tags }: Move) => {
    const left = new Set((marks.get(from) ?? []).filter(isLeftTo(to)).map(({ tag }) => tag))
    return tags.every(tag => left.has(tag))
  }
  return [
    ...taking.map(move => ({ move, hasLeft: !isGiven(move) && hasLeft(move) })),
    ...giving.filter(move => !isTaken(move)).map(move => ({ move, hasLeft: false })),
  ]
}

const isLeftTo = (to: string) => (mark: Mark) => mark.state === 'left' && mark.other === to

const groups = (marks: readonly Mark[], states: readonly string[]): (readonly [string, string[]])[] =>
  [...Map.groupBy(marks, ({ other }) => other)]
    .map(
      ([other, of]) =>
        [other, of.filter(({ state }) => states.includes(state)).map(({ tag }) => tag)] as const,
    )
    .filter(([, tags]) => tags.length > 0)

/** All of them, when `map` gives their users to that end of each. Throws MoveRefused. */
async function movesUnderWayTo(work: Work, map: string, end: 'from' | 'to'): Promise<readonly UnderWay[]> {
  const home = readMap(map, work.databases)
  const found = await movesUnderWay(work)
  if (found.length === 0) throw new MoveRefused('No move is under way.')
  for (const { move } of found) {
    if (move.tags.some(tag => home(tag) !== move[end])) {
      throw new MoveRefused(
        `SHARDS is ${map}, which does not give the users of ${nameOf(move)} to ${move[end]}.`,
      )
    }
  }
  return found
}

async function checkSame({ access, pageRows }: Work, move: Move): Promise<void> {
  const different = await findDifferences(access, move, pageRows)
  if (different.length > 0) {
    throw new MoveRefused(
      `${nameOf(move)}: the databases differ in ${different.join(', ')}. Cancel, and begin anew.`,
    )
  }
}

const endOfMove = ({ from }: Move): readonly string[] => [
  `DELETE FROM shard_moves WHERE state IN ('arriving', 'arrived') AND other = ${literal(from)}`,
  `DELETE FROM shard_copies WHERE source = ${literal(from)}`,
]

async function isArriving(access: ShardAccess, database: string, tags: readonly string[]): Promise<boolean> {
  const known = new Set(tags)
  const marks = await readMarks(access, database)
  return marks.some(({ tag, state }) => (state === 'arriving' || state === 'arrived') && known.has(tag))
}

const isSame = (one: Move, other: Move): boolean =>
  one.from === other.from &&
  one.to === other.to &&
  [...one.tags].sort().join() === [...other.tags].sort().join()

export const nameOf = ({ from, to, tags }: Move): string => `${from} to ${to} (${tags.length} of 1024 tags)`
