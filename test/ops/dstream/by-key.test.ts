import { type BaseStream, StateError } from 'millrace'
import { runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { streamTable } from '../../support/stream-table.js'

type Pair = [string, number]

streamTable<[Pair]>(
  'operators by key',
  [
    [
      [
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ],
      [],
      null,
      [['c', 4]],
    ],
  ],
  [
    {
      name: 'reduceByKey',
      of: (s) => s.reduceByKey((x, y) => x + y),
      expected: [
        [
          1,
          [
            ['a', 4],
            ['b', 2],
          ],
        ],
        [2, []],
        [4, [['c', 4]]],
      ],
    },
    {
      name: 'reduceByKey into 1 partition',
      of: (s) => s.reduceByKey((x, y) => x + y, 1),
      ordered: true,
      expected: [
        [
          1,
          [
            ['a', 4],
            ['b', 2],
          ],
        ],
        [2, []],
        [4, [['c', 4]]],
      ],
    },
    {
      name: 'groupByKey',
      of: (s) => s.groupByKey(3),
      expected: [
        [
          1,
          [
            ['a', [1, 3]],
            ['b', [2]],
          ],
        ],
        [2, []],
        [4, [['c', [4]]]],
      ],
    },
    {
      name: 'reduceByKey twice',
      of: (s) =>
        s
          .reduceByKey((x, y) => x + y, 3)
          .map(([k, v]): [string, number] => [k === 'c' ? k : 'x', v])
          .reduceByKey((x, y) => x * y),
      expected: [
        [1, [['x', 8]]],
        [2, []],
        [4, [['c', 4]]],
      ],
    },
  ],
  { partitions: 2 },
)

streamTable<[unknown]>(
  'counting values',
  [
    [
      ['a', 'b', 'a'],
      [],
      [Number.NaN, Number.NaN, 0, -0, null, undefined],
      [[1, 'x'], [1, 'x'], { a: 1, b: 2 }, { b: 2, a: 1 }, new Date(1), new Date(1)],
    ],
  ],
  [
    {
      name: 'countByValue',
      of: (s) => s.countByValue(),
      expected: [
        [
          1,
          [
            ['a', 2],
            ['b', 1],
          ],
        ],
        [2, []],
        [
          3,
          [
            [Number.NaN, 2],
            [0, 2],
            [null, 1],
            [undefined, 1],
          ],
        ],
        [
          4,
          [
            [[1, 'x'], 2],
            [{ a: 1, b: 2 }, 2],
            [new Date(1), 2],
          ],
        ],
      ],
    },
    {
      name: 'count',
      of: (s) => s.count(),
      ordered: true,
      expected: [
        [1, [3]],
        [2, [0]],
        [3, [6]],
        [4, [6]],
      ],
    },
    {
      name: 'count of a count',
      of: (s) => s.count().count(),
      ordered: true,
      expected: [
        [1, [1]],
        [2, [1]],
        [3, [1]],
        [4, [1]],
      ],
    },
  ],
  { partitions: 3 },
)

streamTable<[number]>(
  'reducing batches',
  [[[1, 2, 3, 4], [], null, [5]]],
  [
    {
      name: 'reduce',
      of: (s) => s.reduce((a, b) => a + b),
      ordered: true,
      expected: [
        [1, [10]],
        [2, []],
        [4, [5]],
      ],
    },
    {
      name: 'reduce in the order of partitions',
      of: (s) => s.map(String).reduce((a, b) => a + b),
      ordered: true,
      expected: [
        [1, ['1234']],
        [2, []],
        [4, ['5']],
      ],
    },
  ],
  { partitions: 3 },
)

streamTable<[number]>(
  'repartitioning',
  [[[1, 2, 3, 4, 5, 6, 7, 8], [], [9]]],
  [
    {
      name: 'keeps every element',
      of: (s) => s.repartition(5),
      expected: [
        [1, [1, 2, 3, 4, 5, 6, 7, 8]],
        [2, []],
        [3, [9]],
      ],
    },
    {
      name: 'makes that many partitions',
      of: (s) =>
        s
          .repartition(5)
          .mapPartitions(() => [1])
          .count(),
      expected: [
        [1, [5]],
        [2, [5]],
        [3, [5]],
      ],
    },
    {
      name: 'leaves none empty where there is enough',
      of: (s) => s.repartition(4).mapPartitions((xs) => [[...xs].length > 0]),
      expected: [
        [1, [true, true, true, true]],
        [2, [false, false, false, false]],
        [3, [true, false, false, false]],
      ],
    },
  ],
  { partitions: 2 },
)

streamTable<[Pair, [string, string]]>(
  'joins of streams',
  [
    [
      [
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ],
      [['a', 1]],
      [],
      [],
    ],
    [
      [
        ['a', 'x'],
        ['c', 'y'],
      ],
      [],
      [['a', 'x']],
      [],
    ],
  ],
  [
    {
      name: 'join',
      of: (l, r) => l.join(r),
      expected: [
        [
          1,
          [
            ['a', [1, 'x']],
            ['a', [3, 'x']],
          ],
        ],
        [2, []],
        [3, []],
        [4, []],
      ],
    },
    {
      name: 'leftOuterJoin',
      of: (l, r) => l.leftOuterJoin(r, 3),
      expected: [
        [
          1,
          [
            ['a', [1, 'x']],
            ['a', [3, 'x']],
            ['b', [2, undefined]],
          ],
        ],
        [2, [['a', [1, undefined]]]],
        [3, []],
        [4, []],
      ],
    },
    {
      name: 'rightOuterJoin',
      of: (l, r) => l.rightOuterJoin(r),
      expected: [
        [
          1,
          [
            ['a', [1, 'x']],
            ['a', [3, 'x']],
            ['c', [undefined, 'y']],
          ],
        ],
        [2, []],
        [3, [['a', [undefined, 'x']]]],
        [4, []],
      ],
    },
    {
      name: 'fullOuterJoin',
      of: (l, r) => l.fullOuterJoin(r, 1),
      expected: [
        [
          1,
          [
            ['a', [1, 'x']],
            ['a', [3, 'x']],
            ['b', [2, undefined]],
            ['c', [undefined, 'y']],
          ],
        ],
        [2, [['a', [1, undefined]]]],
        [3, [['a', [undefined, 'x']]]],
        [4, []],
      ],
    },
    {
      name: 'join with itself',
      of: (l) => l.join(l).mapValues(([a, b]) => a * b),
      expected: [
        [
          1,
          [
            ['a', 1],
            ['a', 3],
            ['a', 3],
            ['a', 9],
            ['b', 4],
          ],
        ],
        [2, [['a', 1]]],
        [3, []],
        [4, []],
      ],
    },
    {
      name: 'join of what is placed already',
      of: (l, r) => l.reduceByKey((a, b) => a + b, 3).join(r.reduceByKey((a) => a, 3)),
      expected: [
        [1, [['a', [4, 'x']]]],
        [2, []],
        [3, []],
        [4, []],
      ],
    },
  ],
  { partitions: 2 },
)

describe('a batch without a dataset fails what needs one', () => {
  const needy: Record<string, (stream: BaseStream<Pair>) => BaseStream<unknown>> = {
    count: (s) => s.count(),
    union: (s) => s.union(s),
    transform: (s) => s.transform((rdd) => rdd),
    repartition: (s) => s.repartition(2),
  }
  test.each(Object.keys(needy))('%s', async (name) => {
    const run = (batches: number) =>
      runBatches((_, s) => needy[name]!(s), [[[['a', 1]], null]] as [(Pair[] | null)[]], { batches })
    expect(await run(1)).toHaveLength(1)
    await expect(run(2)).rejects.toThrow(StateError)
    await expect(run(2)).rejects.toThrow(/2000 ms.*no dataset/)
  })
  test.each(['join', 'leftOuterJoin', 'rightOuterJoin', 'fullOuterJoin'] as const)('%s', async (name) => {
    const run = (inputs: [(Pair[] | null)[], (Pair[] | null)[]], batches: number) =>
      runBatches((_, l, r): BaseStream<unknown> => l[name](r), inputs, { batches })
    const full: Pair[] = [['a', 1]]
    expect(
      await run(
        [
          [full, null],
          [full, full],
        ],
        1,
      ),
    ).toHaveLength(1)
    await expect(
      run(
        [
          [full, null],
          [full, full],
        ],
        2,
      ),
    ).rejects.toThrow(StateError)
    await expect(
      run(
        [
          [full, full],
          [full, null],
        ],
        2,
      ),
    ).rejects.toThrow(StateError)
  })
})
