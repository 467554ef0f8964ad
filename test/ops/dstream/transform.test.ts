import { ArgumentError, StreamingContext } from 'millrace'
import { ManualClock, runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { sorted } from '../../support/compare.js'
import { THREADS } from '../../support/contexts.js'
import { streamTable } from '../../support/stream-table.js'

streamTable<[number, string]>(
  'transform and union',
  [
    [[3, 1], [], [2]],
    [['a'], ['b', 'c'], []],
  ],
  [
    {
      name: 'transform',
      of: (n) => n.transform((rdd) => rdd.sortBy((x) => x)),
      ordered: true,
      expected: [
        [1, [1, 3]],
        [2, []],
        [3, [2]],
      ],
    },
    {
      name: 'transform to another type',
      of: (n) => n.transform((rdd) => rdd.map((x) => `${x}`).filter((s) => s !== '3')),
      ordered: true,
      expected: [
        [1, ['1']],
        [2, []],
        [3, ['2']],
      ],
    },
    {
      name: 'transform with a join',
      of: (n) =>
        n.transform((rdd) =>
          rdd.map((x): [number, number] => [x % 2, x]).join(rdd.map((x): [number, string] => [x, 'one'])),
        ),
      expected: [
        [
          1,
          [
            [1, [3, 'one']],
            [1, [1, 'one']],
          ],
        ],
        [2, []],
        [3, []],
      ],
    },
    {
      name: 'union',
      of: (n, s) => n.union(s),
      ordered: true,
      expected: [
        [1, [3, 1, 'a']],
        [2, ['b', 'c']],
        [3, [2]],
      ],
    },
    {
      name: 'union with itself',
      of: (n) => n.union(n),
      ordered: true,
      expected: [
        [1, [3, 1, 3, 1]],
        [2, []],
        [3, [2, 2]],
      ],
    },
    {
      name: 'union of streams placed alike',
      of: (n) => {
        const placed = n.map((x): [number, number] => [x, 1]).reduceByKey((a, b) => a + b, 3)
        return placed.union(placed).reduceByKey((a, b) => a + b, 3)
      },
      expected: [
        [
          1,
          [
            [3, 2],
            [1, 2],
          ],
        ],
        [2, []],
        [3, [[2, 2]]],
      ],
    },
    {
      name: 'what a stream gives is kept with cache',
      of: (n) => {
        const kept = n.map((x) => x + 1).cache()
        return kept.union(kept)
      },
      ordered: true,
      expected: [
        [1, [4, 2, 4, 2]],
        [2, []],
        [3, [3, 3]],
      ],
    },
  ],
  { partitions: 2 },
)

describe('transform', () => {
  test.each(THREADS)('knows the batch time and may use the context, %i threads', async (threads) => {
    const outputs = await runBatches(
      (ssc, numbers) => {
        const names = ssc.context.parallelize<[number, string]>([
          [1, 'one'],
          [2, 'two'],
        ])
        return {
          times: numbers.transform((_, time) => ssc.context.parallelize([time])),
          named: numbers.map((x): [number, number] => [x, x]).transform((rdd) => rdd.join(names)),
        }
      },
      [[[1], [2, 3], []]],
      { threads },
    )
    expect(outputs.times).toEqual([1000, 2000, 3000].map((time) => ({ time, records: [time] })))
    expect(outputs.named.map(({ records }) => sorted(records))).toEqual([[[1, [1, 'one']]], [[2, [2, 'two']]], []])
  })

  test('an error in the function fails the batch with that error', async () => {
    const run = (batches: number) =>
      runBatches(
        (_, s) =>
          s.transform((rdd, time) => {
            if (time === 2000) throw new RangeError('error in transform')
            return rdd
          }),
        [[[1], [2]]],
        { batches },
      )
    expect(await run(1)).toEqual([{ time: 1000, records: [1] }])
    await expect(run(2)).rejects.toThrow(new RangeError('error in transform'))
  })

  test('streams that cannot be read together are refused at once', async () => {
    const options = { batchInterval: 1000, threads: 1, clock: new ManualClock() }
    await using one = new StreamingContext(options)
    await using other = new StreamingContext(options)
    const stream = one.queueStream<[string, number]>([])
    expect(() => stream.union(stream.window('2s', '2s'))).toThrow(/different slide/)
    expect(() => stream.join(stream.window('2s', '2s'))).toThrow(ArgumentError)
    expect(() => stream.union(other.queueStream<number>([]))).toThrow(/different contexts/)
  })
})
