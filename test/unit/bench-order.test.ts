// What `npm run bench` says it asks about: all of it, although no round is long enough for that.
import { expect, test } from 'vitest'
import { createOrder, differentOf } from '../bench/order.ts'

const requests = ['a', 'b', 'c', 'd', 'e']
const taken = (order: 'in turn' | 'each once', made: number, count: number) => {
  const take = createOrder({ order, requests, made })
  return Array.from({ length: count }, take)
}

test('requests in turn go on where the round before has ended, and begin again after the last', () => {
  expect([taken('in turn', 0, 3), taken('in turn', 3, 3), taken('in turn', 6, 2)]).toEqual([
    ['a', 'b', 'c'],
    ['d', 'e', 'a'],
    ['b', 'c'],
  ])
  expect([3, 6].map(made => differentOf('in turn', made, requests.length))).toEqual([3, 5])
})

test('what can be used once is made anew for each round, and runs out', () => {
  expect(taken('each once', 5, 6)).toEqual([...requests, null])
  expect(differentOf('each once', 10, requests.length)).toBe(10)
})
