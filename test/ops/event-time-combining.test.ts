import { type Accumulator, type DStream, withEnv } from 'millrace'
import { runBatches } from 'millrace/testing'
import { expect, test } from 'vitest'

type Click = [key: string, time: number]

test('sessions too: a run of each key and partition travels, not its records', async () => {
  // Each of four partitions has 25 records of both keys, a ms apart.
  const clicks = Array.from({ length: 100 }, (_, i): Click => [i % 2 ? 'odd' : 'even', i])
  let merged: Accumulator<number> | undefined
  const { counts } = await runBatches(
    (ssc, stream: DStream<Click>) => {
      merged = ssc.context.longAccumulator()
      const count = withEnv({ merged }, (a: number, b: number) => {
        merged!.add(1)
        return a + b
      })
      const windows = stream.withTimestamps(([, time]) => time).session('10ms')
      return {
        counts: windows
          .aggregateByKey(0, (n) => n + 1, count)
          .map(({ key, window, value }) => [key, window.start, window.end, value]),
      }
    },
    [[clicks, [['even', 500]], []]],
    { partitions: 4 },
  )
  expect(counts.flatMap(({ records }) => records).sort()).toEqual([
    ['even', 0, 108, 50],
    ['odd', 1, 109, 50],
  ])
  // Four runs of each key meet.
  expect(merged!.value).toBe(2 * (4 - 1))
})

test('records are combined where they are read: what travels follows keys and panes', async () => {
  // Each of four partitions has 25 records of both keys, in two panes.
  const clicks = Array.from({ length: 100 }, (_, i): Click => [i % 2 ? 'odd' : 'even', i % 4 < 2 ? 100 : 1100])
  let merged: Accumulator<number> | undefined
  const { counts } = await runBatches(
    (ssc, stream: DStream<Click>) => {
      merged = ssc.context.longAccumulator()
      const count = withEnv({ merged }, (a: number, b: number) => {
        merged!.add(1)
        return a + b
      })
      const windows = stream.withTimestamps(([, time]) => time).tumbling('1s')
      return {
        counts: windows
          .aggregateByKey(0, (n) => n + 1, count)
          .map(({ key, window, value }) => [key, window.start, value]),
      }
    },
    [[clicks, [], []]],
    { partitions: 4 },
  )
  expect(counts.flatMap(({ records }) => records).sort()).toEqual([
    ['even', 0, 25],
    ['odd', 0, 25],
  ])
  // Four parts of each of four are merged, then each result with the zero. Records shuffled one by one would not be
  // merged.
  expect(merged!.value).toBe(4 * (4 - 1) + 2)
})
