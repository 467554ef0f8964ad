import { streamTable } from '../../support/stream-table.js'

streamTable<[number]>(
  'element-wise operators of streams',
  [[[1, 2, 3], [], null, [4]]],
  [
    {
      name: 'map',
      of: (s) => s.map((x) => x * 10),
      ordered: true,
      expected: [
        [1, [10, 20, 30]],
        [2, []],
        [4, [40]],
      ],
    },
    {
      name: 'filter',
      of: (s) => s.filter((x) => x % 2 === 0),
      ordered: true,
      expected: [
        [1, [2]],
        [2, []],
        [4, [4]],
      ],
    },
    {
      name: 'flatMap',
      of: (s) => s.flatMap((x) => [x, -x]),
      ordered: true,
      expected: [
        [1, [1, -1, 2, -2, 3, -3]],
        [2, []],
        [4, [4, -4]],
      ],
    },
    {
      name: 'mapPartitions',
      of: (s) => s.mapPartitions((xs, p) => [[p, ...xs]]),
      ordered: true,
      expected: [
        [
          1,
          [
            [0, 1],
            [1, 2, 3],
          ],
        ],
        [2, [[0], [1]]],
        [4, [[0], [1, 4]]],
      ],
    },
    {
      name: 'mapValues',
      of: (s) => s.map((x): [string, number] => ['k', x]).mapValues((v) => v + 1),
      ordered: true,
      expected: [
        [
          1,
          [
            ['k', 2],
            ['k', 3],
            ['k', 4],
          ],
        ],
        [2, []],
        [4, [['k', 5]]],
      ],
    },
    {
      name: 'flatMapValues',
      of: (s) => s.map((x): [string, number] => ['k', x]).flatMapValues((v) => (v === 2 ? [] : [v])),
      ordered: true,
      expected: [
        [
          1,
          [
            ['k', 1],
            ['k', 3],
          ],
        ],
        [2, []],
        [4, [['k', 4]]],
      ],
    },
    {
      name: 'a chain',
      of: (s) =>
        s
          .map((x) => x + 1)
          .filter((x) => x > 2)
          .flatMap((x) => [x])
          .map((x) => `n${x}`),
      ordered: true,
      expected: [
        [1, ['n3', 'n4']],
        [2, []],
        [4, ['n5']],
      ],
    },
    {
      name: 'map to undefined and null',
      of: (s) => s.map((x) => (x === 1 ? undefined : null)),
      ordered: true,
      expected: [
        [1, [undefined, null, null]],
        [2, []],
        [4, [null]],
      ],
    },
    {
      name: 'a stream that is used twice',
      of: (s) => {
        const t = s.map((x) => x * 2)
        return t.map((x) => [x])
      },
      ordered: true,
      expected: [
        [1, [[2], [4], [6]]],
        [2, []],
        [4, [[8]]],
      ],
    },
  ],
  { partitions: 2 },
)

streamTable<[number]>(
  'element-wise operators over 1,000 partitions',
  [[Array.from({ length: 3000 }, (_, i) => i)]],
  [
    {
      name: 'map and filter',
      of: (s) => s.map((x) => x + 1).filter((x) => x % 1000 === 0),
      ordered: true,
      expected: [[1, [1000, 2000, 3000]]],
    },
  ],
  { partitions: 1000 },
)
