import { expect, test, vi } from 'vitest'
import { createRecent } from '../../src/verifier/recent.ts'

test('what was used least recently goes first, and whoever keeps more of it is told', () => {
  const evicted: number[] = []
  const recent = createRecent<number>(3, value => evicted.push(value))
  for (const value of [1, 2, 3]) recent.remember(`${value}`, value)
  expect([recent.find('1'), recent.find('3'), recent.find('1'), recent.find('4')]).toEqual([
    1,
    3,
    1,
    undefined,
  ])
  recent.remember('4', 4)
  recent.remember('3', 33)
  recent.remember('5', 5)
  expect(evicted).toEqual([2, 1])
  expect(['1', '2', '3', '4', '5'].map(recent.find)).toEqual([undefined, undefined, 33, 4, 5])
  for (const key of ['4', '4', '3', '5']) recent.forget(key)
  for (const value of [6, 7, 8, 9]) recent.remember(`${value}`, value)
  expect(evicted).toEqual([2, 1, 6])
})

test('what is used again and again leaves no gaps in a Map, which each use would walk past', () => {
  const recent = createRecent<number>(3)
  for (const value of [1, 2, 3]) recent.remember(`${value}`, value)
  const changes = [vi.spyOn(Map.prototype, 'set'), vi.spyOn(Map.prototype, 'delete')]
  for (const key of ['1', '1', '2', '3', '1']) expect(recent.find(key)).toBe(Number(key))
  expect(changes.map(each => each.mock.calls.length)).toEqual([0, 0])
  for (const each of changes) each.mockRestore()
})
