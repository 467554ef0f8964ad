import { streamTable } from '../../support/stream-table.js'

type Pair = [string, number]

streamTable<[Pair]>(
  'windows over batches without a dataset',
  [[[['a', 1]], null, [['a', 2]], null, null, null, [['b', 3]]]],
  [
    {
      name: 'without an inverse',
      of: (s) => s.reduceByKeyAndWindow((x, y) => x + y, '2s', '1s'),
      expected: [
        [1, [['a', 1]]],
        [2, [['a', 1]]],
        [3, [['a', 2]]],
        [4, [['a', 2]]],
        [5, []],
        [6, []],
        [7, [['b', 3]]],
      ],
    },
    {
      name: 'with an inverse',
      of: (s) => s.reduceByKeyAndWindow((x, y) => x + y, '2s', '1s', { inverse: (x, y) => x - y }),
      expected: [
        [1, [['a', 1]]],
        [2, [['a', 1]]],
        [3, [['a', 2]]],
        [4, [['a', 2]]],
        [5, [['a', 0]]],
        [6, [['a', 0]]],
        [
          7,
          [
            ['a', 0],
            ['b', 3],
          ],
        ],
      ],
    },
    {
      name: 'with an inverse, over another number of partitions',
      of: (s) =>
        s
          .reduceByKey((x, y) => x + y, 7)
          .reduceByKeyAndWindow((x, y) => x + y, '2s', '1s', { inverse: (x, y) => x - y }),
      expected: [
        [1, [['a', 1]]],
        [2, [['a', 1]]],
        [3, [['a', 2]]],
        [4, [['a', 2]]],
        [5, [['a', 0]]],
        [6, [['a', 0]]],
        [
          7,
          [
            ['a', 0],
            ['b', 3],
          ],
        ],
      ],
    },
    {
      name: 'groupByKeyAndWindow',
      of: (s) => s.groupByKeyAndWindow('3s', '1s', 2),
      expected: [
        [1, [['a', [1]]]],
        [2, [['a', [1]]]],
        [3, [['a', [1, 2]]]],
        [4, [['a', [2]]]],
        [5, [['a', [2]]]],
        [6, []],
        [7, [['b', [3]]]],
      ],
    },
  ],
  { partitions: 2 },
)

streamTable<[unknown]>(
  'keys of every kind in a window',
  [
    [
      [[1, 'x'], Number.NaN, null],
      [[1, 'x'], undefined, { a: 1 }],
      [{ a: 1 }, Number.NaN, new Date(3)],
    ],
  ],
  [
    {
      name: 'countByValueAndWindow',
      of: (s) => s.countByValueAndWindow('2s', '1s', 3),
      expected: [
        [
          1,
          [
            [[1, 'x'], 1],
            [Number.NaN, 1],
            [null, 1],
          ],
        ],
        [
          2,
          [
            [[1, 'x'], 2],
            [Number.NaN, 1],
            [null, 1],
            [undefined, 1],
            [{ a: 1 }, 1],
          ],
        ],
        [
          3,
          [
            [[1, 'x'], 1],
            [undefined, 1],
            [{ a: 1 }, 2],
            [Number.NaN, 1],
            [new Date(3), 1],
          ],
        ],
      ],
    },
  ],
  { partitions: 2 },
)

const thirty = Array.from({ length: 30 }, (_, i): Pair[] => [[`k${i % 3}`, i]])
const sumOf = (last: number, length: number) =>
  [0, 1, 2].map((k) =>
    thirty
      .slice(Math.max(0, last - length), last)
      .flat()
      .filter(([key]) => key === `k${k}`)
      .reduce((sum, [, n]) => sum + n, 0),
  )

streamTable<[Pair]>(
  'more batches than a snapshot needs',
  [thirty],
  [
    {
      name: 'with an inverse',
      of: (s) => s.reduceByKeyAndWindow((x, y) => x + y, '5s', '1s', { inverse: (x, y) => x - y }),
      expected: thirty.map(
        (_, i) =>
          [
            i + 1,
            sumOf(i + 1, 5)
              .map((sum, k) => [`k${k}`, sum])
              .slice(0, i + 1),
          ] as const,
      ),
    },
  ],
  { partitions: 2, stateSnapshotInterval: 4 },
)

const many = [...'abcdefghij'].map((key): Pair => [key, 1])
const zeros = many.map(([key]): Pair => [key, 0])
const subtract = { inverse: (x: number, y: number) => x - y }

streamTable<[Pair]>(
  'state whose partitions nothing enters or leaves',
  [[many, null, null, null, [['a', 5]]]],
  [
    {
      name: 'keeps its number of partitions',
      of: (s) => s.reduceByKey((x, y) => x + y, 7).reduceByKeyAndWindow((x, y) => x + y, '2s', '1s', subtract),
      expected: [
        [1, many],
        [2, many],
        [3, zeros],
        [4, zeros],
        [5, [['a', 5], ...zeros.slice(1)]],
      ],
    },
    {
      name: "of the stream's own number",
      of: (s) => s.reduceByKeyAndWindow((x, y) => x + y, '2s', '1s', subtract),
      expected: [
        [1, many],
        [2, many],
        [3, zeros],
        [4, zeros],
        [5, [['a', 5], ...zeros.slice(1)]],
      ],
    },
  ],
  { partitions: 2 },
)
