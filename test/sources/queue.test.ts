import { expect, test } from 'vitest'
import { ArgumentError } from '#build/errors.js'
import { queueSource } from '#build/sources/queue.js'

const drain = <T>(source: { next(time: number): readonly T[] | undefined }, batches: number) =>
  Array.from({ length: batches }, (_, i) => source.next((i + 1) * 1000))

test('one entry a batch, then empty batches', () => {
  expect(drain(queueSource([[1, 2], [3]]), 3)).toEqual([[1, 2], [3], []])
})

test('all entries at once', () => {
  const queue: (number[] | undefined)[] = [[1, 2], undefined, [3]]
  const source = queueSource(queue, { oneAtATime: false })
  expect(drain(source, 2)).toEqual([[1, 2, 3], []])
  queue.push([4])
  expect(drain(source, 1)).toEqual([[4]])
  queue.push(undefined)
  expect(drain(source, 1)).toEqual([undefined])
})

test('records that are arrays stay arrays', () => {
  expect(queueSource([[['a', 1]], [['b', 2]]], { oneAtATime: false }).next(0)).toEqual([
    ['a', 1],
    ['b', 2],
  ])
})

test('null and undefined are batches without a dataset, which an empty queue is not', () => {
  expect(drain(queueSource<number>([null, undefined, []]), 4)).toEqual([undefined, undefined, [], []])
})

test('the default stands in for an empty queue only', () => {
  const queue: (number[] | null)[] = [null]
  const source = queueSource(queue, { default: [9] })
  expect(drain(source, 2)).toEqual([undefined, [9]])
  queue.push([])
  expect(drain(source, 2)).toEqual([[], [9]])
})

test('the array is live', () => {
  const queue: number[][] = []
  const source = queueSource(queue)
  expect(drain(source, 1)).toEqual([[]])
  queue.push([1], [2])
  expect(drain(source, 1)).toEqual([[1]])
  expect(queue).toEqual([[2]])
})

test('a queue must be an array', () => {
  expect(() => queueSource('abc' as unknown as string[][])).toThrow(ArgumentError)
})
