import { ArgumentError, StreamingContext } from 'millrace'
import { runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'

describe.each([1, 3])('%i partitions', (partitions) => {
  const run = <U>(of: Parameters<typeof runBatches<[number], ReturnType<StreamingContext['queueStream']>>>[0]) =>
    runBatches(of, [[[5, 1, 4, 9, 2], [], [7]]], { threads: 2, partitions }).then((batches) =>
      batches.map(({ records }) => records as U[]),
    )
  test('top', async () => {
    expect(await run((_, s) => s.top(2))).toEqual([[9, 5], [], [7]])
  })
  test('takeOrdered', async () => {
    expect(await run((_, s) => s.takeOrdered(3))).toEqual([[1, 2, 4], [], [7]])
  })
  test('by an order of ones own, equal ones in their order', async () => {
    expect(await run((_, s) => s.top(3, (a, b) => (a % 2) - (b % 2)))).toEqual([[5, 1, 9], [], [7]])
  })
})

test('a number that is none is refused', async () => {
  await using ssc = new StreamingContext({ batchInterval: '1s', threads: 1 })
  expect(() => ssc.queueStream([[1]]).top(0)).toThrow(ArgumentError)
  expect(() => ssc.queueStream([[1]]).takeOrdered(1.5)).toThrow(/takeOrdered\(1.5\)/)
})
