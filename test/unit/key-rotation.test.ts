import { describe, expect, it } from 'vitest'
import { decideKeys, isNoChange, isOverdue, type KeyLife } from '../../src/domain/key-rotation.ts'
import {
  DAY_SECONDS,
  KEY_PUBLISHED_SECONDS,
  KEY_RETIRING_SECONDS,
  KEY_ROTATION_SECONDS,
} from '../../src/domain/limits.ts'

const NOW = 1_800_000_000

const key = (kid: string, state: KeyLife['state'], more: Partial<KeyLife> = {}): KeyLife => ({
  kid,
  state,
  known_at: NOW - DAY_SECONDS,
  active_at: state === 'pending' ? null : NOW - DAY_SECONDS,
  rotation_ordered_at: null,
  retiring_at: state === 'retiring' ? NOW - 60 : null,
  ...more,
})
const A = key('A', 'active')
const P = key('P', 'pending')
const R = key('R', 'retiring')
const YOUNG = key('P', 'pending', { known_at: NOW + 1 })

const SETTLE = { type: 'settle' } as const
const ROTATE = { type: 'rotate', from: 'A' } as const
const remove = (kid: string) => ({ type: 'remove', kid }) as const

/** The decision in short: `-gone ~retired +promoted ?ordered *created`. */
function short(
  keys: readonly KeyLife[],
  command: Parameters<typeof decideKeys>[1],
  now = NOW,
): string | null {
  const change = decideKeys(keys, command, now)
  if (change === null) return null
  const parts = [
    ...change.moves.map(
      ({ key: { kid }, to }) => `${{ gone: '-', retiring: '~', active: '+', pending: '!' }[to]}${kid}`,
    ),
    ...(change.order === null ? [] : [`?${change.order.kid}`]),
    ...change.create.map(({ state, knownAt }) => `*${state}@${knownAt - now}`),
  ]
  expect(isNoChange(change)).toBe(parts.length === 0)
  return parts.join(' ')
}

const NEXT = `*pending@${KEY_PUBLISHED_SECONDS}`
const ORDERED = { ...A, rotation_ordered_at: NOW - 5 }
const OLD = { ...A, active_at: NOW - KEY_ROTATION_SECONDS }

describe('what becomes of the signing keys', () => {
  it.each<[string, readonly KeyLife[], Parameters<typeof decideKeys>[1], string | null]>([
    [
      'KY-03: the first ones come together, so whoever knows one knows both',
      [],
      SETTLE,
      '*active@0 *pending@0',
    ],
    ['KY-03: a pending key that is missing is made', [A], SETTLE, NEXT],
    ['KY-03: nothing happens by itself while nothing is due', [A, P, R], SETTLE, ''],
    ['KY-03: a rotation promotes a key that every cache knows', [A, P], ROTATE, `~A +P ${NEXT}`],
    ['KY-03: a rotation is ordered while the pending key is young', [A, YOUNG], ROTATE, '?A'],
    ['KY-03: ordered once', [ORDERED, YOUNG], ROTATE, ''],
    ['KY-03: what is ordered waits for the pending key', [ORDERED, YOUNG], SETTLE, ''],
    ['KY-03: and happens when every cache knows it', [ORDERED, P], SETTLE, `~A +P ${NEXT}`],
    ['KY-03: a rotation away from a key that signs no more is done', [{ ...A, kid: 'B' }, P], ROTATE, ''],
    ['KY-03: an old key is replaced by itself', [OLD, P], SETTLE, `~A +P ${NEXT}`],
    ['KY-03: an old key waits for its successor too', [OLD, YOUNG], SETTLE, ''],
    ['KY-03: with nothing pending an old key stays until there is', [OLD], SETTLE, NEXT],
    ['KY-04: an emergency moves on at once', [A, P], remove('A'), `-A +P ${NEXT}`],
    ['KY-04: even to a key that is young', [A, YOUNG], remove('A'), `-A +P ${NEXT}`],
    ['KY-04: or to a new one', [A], remove('A'), `-A *active@${KEY_PUBLISHED_SECONDS} ${NEXT}`],
    [
      'KY-04: a pending key is replaced, and what was ordered stays so',
      [ORDERED, P],
      remove('P'),
      `-P ${NEXT}`,
    ],
    ['KY-04: a retiring key just goes', [A, P, R], remove('R'), '-R'],
    ['KY-04: an unknown key changes nothing', [A, P, R], remove('X'), null],
  ])('%s', (_, keys, command, expected) => {
    expect(short(keys, command)).toBe(expected)
  })

  it('KY-03: a retiring key goes when its last token has expired, not a second before', () => {
    const end = NOW - 60 + KEY_RETIRING_SECONDS
    expect(short([A, P, R], SETTLE, end - 1)).toBe('')
    expect(short([A, P, R], SETTLE, end)).toBe('-R')
  })

  it('is overdue a week after it should have been replaced, if it still signs', () => {
    const at = (A.active_at ?? 0) + KEY_ROTATION_SECONDS + 7 * DAY_SECONDS
    expect([isOverdue(A, at - 1), isOverdue(A, at), isOverdue(R, at), isOverdue(P, at)]).toEqual([
      false,
      true,
      false,
      false,
    ])
  })
})
