import { ArgumentError, customPartitioner, StreamingContext } from 'millrace'
import { runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { THREADS } from '../../support/contexts.js'
import { streamTable } from '../../support/stream-table.js'

streamTable<[string, string]>(
  'several streams',
  [
    [['a', 'b'], ['a', ''], []],
    [['c'], [], ['d', 'd']],
  ],
  [
    {
      name: 'glom',
      of: (a) => a.glom(),
      expected: [
        [1, [['a'], ['b']]],
        [2, [['a'], ['']]],
        [3, [[], []]],
      ],
      ordered: true,
    },
    {
      name: 'glom behind repartition',
      of: (a) =>
        a
          .repartition(1)
          .glom()
          .map((xs) => xs.length),
      expected: [
        [1, [2]],
        [2, [2]],
        [3, [0]],
      ],
    },
    {
      name: 'transformWith',
      of: (a, b) => a.transformWith(b, (x, y) => x.cartesian(y)),
      expected: [
        [
          1,
          [
            ['a', 'c'],
            ['b', 'c'],
          ],
        ],
        [2, []],
        [3, []],
      ],
    },
    {
      name: 'transformWith is told the time',
      in: (ssc, a, b) => a.transformWith(b, (_x, _y, time) => ssc.context.parallelize([time])),
      expected: [
        [1, [1000]],
        [2, [2000]],
        [3, [3000]],
      ],
    },
    {
      name: 'transformWith itself',
      of: (a) => a.transformWith(a, (x, y) => x.union(y)),
      expected: [
        [1, ['a', 'b', 'a', 'b']],
        [2, ['a', '', 'a', '']],
        [3, []],
      ],
    },
    {
      name: 'union of three',
      in: (ssc, a, b) => ssc.union([a, b, a.map((x) => x + x)]),
      expected: [
        [1, ['a', 'b', 'c', 'aa', 'bb']],
        [2, ['a', '', 'aa', '']],
        [3, ['d', 'd']],
      ],
    },
    {
      name: 'union of one',
      in: (ssc, a) => ssc.union([a]),
      expected: [
        [1, ['a', 'b']],
        [2, ['a', '']],
        [3, []],
      ],
    },
    {
      name: 'transform of two',
      in: (ssc, a, b) =>
        ssc.transform([a, b], ([x, y], time) =>
          y!
            .subtract(x!)
            .map((s) => s + s)
            .union(ssc.context.parallelize([String(time)])),
        ),
      expected: [
        [1, ['cc', '1000']],
        [2, ['2000']],
        [3, ['dd', 'dd', '3000']],
      ],
    },
    {
      name: 'cogroup',
      of: (a, b) => a.map((x) => [x, 1] as [string, number]).cogroup(b.map((x) => ['a', x] as [string, string])),
      expected: [
        [
          1,
          [
            ['a', [[1], ['c']]],
            ['b', [[1], []]],
          ],
        ],
        [
          2,
          [
            ['a', [[1], []]],
            ['', [[1], []]],
          ],
        ],
        [3, [['a', [[], ['d', 'd']]]]],
      ],
    },
    {
      name: 'combineByKey',
      of: (a) =>
        a
          .map((x) => [x === '' ? 'empty' : 'text', x] as [string, string])
          .combineByKey(
            (x) => [x],
            (xs, x) => [...xs, x],
            (xs, ys) => [...xs, ...ys],
          ),
      expected: [
        [1, [['text', ['a', 'b']]]],
        [
          2,
          [
            ['text', ['a']],
            ['empty', ['']],
          ],
        ],
        [3, []],
      ],
    },
  ],
  { partitions: 2 },
)

describe.each(THREADS)('several streams, %i threads', (threads) => {
  test('a batch without a dataset fails', async () => {
    const inputs = [
      [[1], null],
      [[2], [3]],
    ] as const
    const seen: number[] = []
    for (const with2 of [true, false]) {
      const run = runBatches<[number, number], ReturnType<StreamingContext['union']>>(
        (ssc, a, b) => {
          const made = with2
            ? a.transformWith(b, (x, y) => x.union(y))
            : ssc.transform([a, b], ([x, y]) => x!.union(y!))
          made.foreachRDD((_, time) => {
            seen.push(time)
          })
          return made
        },
        inputs,
        { threads },
      )
      await expect(run).rejects.toThrow('has no dataset for this batch')
    }
    expect(seen).toEqual([1000, 1000])
  })

  test('partitioners by a function', async () => {
    const parity = customPartitioner(2, (key: number) => key % 2)
    const batches = await runBatches<[[number, number]], ReturnType<StreamingContext['union']>>(
      (_, pairs) => pairs.reduceByKey((a, b) => a + b, parity).glom() as never,
      [
        [
          [
            [1, 1],
            [2, 5],
            [3, 1],
            [1, 1],
          ],
        ],
      ],
      { threads },
    )
    expect(batches[0]!.records).toEqual([
      [[2, 5]],
      [
        [1, 2],
        [3, 1],
      ],
    ])
  })
})

test('what is refused', async () => {
  await using ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false })
  await using other = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false })
  const a = ssc.queueStream([[1]])
  expect(() => ssc.union([])).toThrow(ArgumentError)
  expect(() => ssc.transform([], () => ssc.context.emptyRDD())).toThrow(ArgumentError)
  expect(() => ssc.union([a, a.window(2000, 2000)])).toThrow('different slide durations')
  expect(() => a.transformWith(a.window(2000, 2000), (x) => x)).toThrow('different slide durations')
  expect(() => ssc.union([a, other.queueStream([[1]])])).toThrow('different contexts')
})
