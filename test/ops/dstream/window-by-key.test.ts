import { streamTable } from '../../support/stream-table.js'

type Pair = [string, number]

const letters: Pair[][] = [
  [['a', 1]],
  [
    ['a', 1],
    ['b', 1],
  ],
  [
    ['b', 1],
    ['b', 5],
  ],
  [],
  [],
  [['a', 2]],
]

streamTable<[Pair]>(
  'windows by key',
  [letters],
  [
    {
      name: 'without an inverse',
      of: (s) => s.reduceByKeyAndWindow((x, y) => x + y, '2s', '1s'),
      expected: [
        [1, [['a', 1]]],
        [
          2,
          [
            ['a', 2],
            ['b', 1],
          ],
        ],
        [
          3,
          [
            ['a', 1],
            ['b', 7],
          ],
        ],
        [4, [['b', 6]]],
        [5, []],
        [6, [['a', 2]]],
      ],
    },
    {
      name: 'with an inverse zeros stay',
      of: (s) => s.reduceByKeyAndWindow((x, y) => x + y, '2s', '1s', { inverse: (x, y) => x - y }),
      expected: [
        [1, [['a', 1]]],
        [
          2,
          [
            ['a', 2],
            ['b', 1],
          ],
        ],
        [
          3,
          [
            ['a', 1],
            ['b', 7],
          ],
        ],
        [
          4,
          [
            ['a', 0],
            ['b', 6],
          ],
        ],
        [
          5,
          [
            ['a', 0],
            ['b', 0],
          ],
        ],
        [
          6,
          [
            ['a', 2],
            ['b', 0],
          ],
        ],
      ],
    },
    {
      name: 'with an inverse and a filter zeros leave',
      of: (s) =>
        s.reduceByKeyAndWindow((x, y) => x + y, '2s', '1s', {
          inverse: (x, y) => x - y,
          filter: ([, n]) => n !== 0,
          partitions: 3,
        }),
      expected: [
        [1, [['a', 1]]],
        [
          2,
          [
            ['a', 2],
            ['b', 1],
          ],
        ],
        [
          3,
          [
            ['a', 1],
            ['b', 7],
          ],
        ],
        [4, [['b', 6]]],
        [5, []],
        [6, [['a', 2]]],
      ],
    },
    {
      name: 'the filter sees pairs',
      of: (s) =>
        s.reduceByKeyAndWindow((x, y) => x + y, '2s', '1s', { inverse: (x, y) => x - y, filter: ([k]) => k === 'a' }),
      expected: [
        [1, [['a', 1]]],
        [2, [['a', 2]]],
        [3, [['a', 1]]],
        [4, [['a', 0]]],
        [5, [['a', 0]]],
        [6, [['a', 2]]],
      ],
    },
    {
      name: 'window = slide, with an inverse',
      of: (s) => s.reduceByKeyAndWindow((x, y) => x + y, '2s', '2s', { inverse: (x, y) => x - y }),
      expected: [
        [
          2,
          [
            ['a', 2],
            ['b', 1],
          ],
        ],
        [
          4,
          [
            ['a', 0],
            ['b', 6],
          ],
        ],
        [
          6,
          [
            ['a', 2],
            ['b', 0],
          ],
        ],
      ],
    },
    {
      name: 'slide 2 of a window of 4, with an inverse',
      of: (s) => s.reduceByKeyAndWindow((x, y) => x + y, '4s', '2s', { inverse: (x, y) => x - y }),
      expected: [
        [
          2,
          [
            ['a', 2],
            ['b', 1],
          ],
        ],
        [
          4,
          [
            ['a', 2],
            ['b', 7],
          ],
        ],
        [
          6,
          [
            ['a', 2],
            ['b', 6],
          ],
        ],
      ],
    },
    {
      name: 'slide 2 of a window of 4',
      of: (s) => s.reduceByKeyAndWindow((x, y) => x + y, '4s', '2s'),
      expected: [
        [
          2,
          [
            ['a', 2],
            ['b', 1],
          ],
        ],
        [
          4,
          [
            ['a', 2],
            ['b', 7],
          ],
        ],
        [
          6,
          [
            ['a', 2],
            ['b', 6],
          ],
        ],
      ],
    },
    {
      name: 'slide 3 of a window of 2',
      of: (s) => s.reduceByKeyAndWindow((x, y) => x + y, '2s', '3s'),
      expected: [
        [
          3,
          [
            ['a', 1],
            ['b', 7],
          ],
        ],
        [6, [['a', 2]]],
      ],
    },
    {
      name: 'an inverse that is asked with the reduced values that leave',
      of: (s) =>
        s
          .mapValues((n) => [n])
          .reduceByKeyAndWindow((x, y) => [...x, ...y], '2s', '1s', { inverse: (x, y) => x.slice(y.length) }),
      expected: [
        [1, [['a', [1]]]],
        [
          2,
          [
            ['a', [1, 1]],
            ['b', [1]],
          ],
        ],
        [
          3,
          [
            ['a', [1]],
            ['b', [1, 1, 5]],
          ],
        ],
        [
          4,
          [
            ['a', []],
            ['b', [1, 5]],
          ],
        ],
        [
          5,
          [
            ['a', []],
            ['b', []],
          ],
        ],
        [
          6,
          [
            ['a', [2]],
            ['b', []],
          ],
        ],
      ],
    },
    {
      name: 'groupByKeyAndWindow',
      of: (s) => s.groupByKeyAndWindow('2s', '1s'),
      expected: [
        [1, [['a', [1]]]],
        [
          2,
          [
            ['a', [1, 1]],
            ['b', [1]],
          ],
        ],
        [
          3,
          [
            ['a', [1]],
            ['b', [1, 1, 5]],
          ],
        ],
        [4, [['b', [1, 5]]]],
        [5, []],
        [6, [['a', [2]]]],
      ],
    },
    {
      name: 'a window of what is placed in another number of partitions',
      of: (s) =>
        s
          .reduceByKey((x, y) => x + y, 7)
          .reduceByKeyAndWindow((x, y) => x + y, '2s', '1s', { inverse: (x, y) => x - y, filter: ([, n]) => n !== 0 }),
      expected: [
        [1, [['a', 1]]],
        [
          2,
          [
            ['a', 2],
            ['b', 1],
          ],
        ],
        [
          3,
          [
            ['a', 1],
            ['b', 7],
          ],
        ],
        [4, [['b', 6]]],
        [5, []],
        [6, [['a', 2]]],
      ],
    },
    {
      name: 'batches that are placed each in another number of partitions',
      of: (s) =>
        s
          .transform((rdd, time) => rdd.partitionBy(time / 1000 + 2))
          .reduceByKeyAndWindow((x, y) => x + y, '2s', '1s', { inverse: (x, y) => x - y }),
      expected: [
        [1, [['a', 1]]],
        [
          2,
          [
            ['a', 2],
            ['b', 1],
          ],
        ],
        [
          3,
          [
            ['a', 1],
            ['b', 7],
          ],
        ],
        [
          4,
          [
            ['a', 0],
            ['b', 6],
          ],
        ],
        [
          5,
          [
            ['a', 0],
            ['b', 0],
          ],
        ],
        [
          6,
          [
            ['a', 2],
            ['b', 0],
          ],
        ],
      ],
    },
    {
      name: 'batches that are placed each in another number of partitions, without an inverse',
      of: (s) =>
        s.transform((rdd, time) => rdd.partitionBy(time / 1000 + 2)).reduceByKeyAndWindow((x, y) => x + y, '2s', '1s'),
      expected: [
        [1, [['a', 1]]],
        [
          2,
          [
            ['a', 2],
            ['b', 1],
          ],
        ],
        [
          3,
          [
            ['a', 1],
            ['b', 7],
          ],
        ],
        [4, [['b', 6]]],
        [5, []],
        [6, [['a', 2]]],
      ],
    },
    {
      name: 'a window by key of a window by key',
      of: (s) =>
        s
          .reduceByKeyAndWindow((x, y) => x + y, '2s', '2s')
          .reduceByKeyAndWindow((x, y) => x + y, '4s', '2s', { inverse: (x, y) => x - y }),
      expected: [
        [
          2,
          [
            ['a', 2],
            ['b', 1],
          ],
        ],
        [
          4,
          [
            ['a', 2],
            ['b', 7],
          ],
        ],
        [
          6,
          [
            ['a', 2],
            ['b', 6],
          ],
        ],
      ],
    },
  ],
  { partitions: 2 },
)

/** Sums that are 0, or small, while records are in the window. */
const signed: Pair[][] = [[['a', 1]], [['a', -1]], [], [['a', 5]], [['a', 7]], [], [], []]

streamTable<[Pair]>(
  'a filter, where values cancel out',
  [signed],
  [
    {
      name: 'removes keys from the results only while the window has records of them',
      of: (s) =>
        s.reduceByKeyAndWindow((x, y) => x + y, '3s', '1s', { inverse: (x, y) => x - y, filter: ([, n]) => n !== 0 }),
      expected: [
        [1, [['a', 1]]],
        [2, []],
        [3, []],
        [4, [['a', 4]]],
        [5, [['a', 12]]],
        [6, [['a', 12]]],
        [7, [['a', 7]]],
        [8, []],
      ],
    },
    {
      name: 'may refuse any value',
      of: (s) =>
        s.reduceByKeyAndWindow((x, y) => x + y, '3s', '2s', { inverse: (x, y) => x - y, filter: ([, n]) => n > 5 }),
      expected: [
        [2, []],
        [4, []],
        [6, [['a', 12]]],
        [8, []],
      ],
    },
  ],
)
