import { streamTable } from '../../support/stream-table.js'

streamTable<[number]>(
  'windows without any dataset',
  [[null, null, [7], null, null]],
  [
    {
      name: 'are empty, not absent',
      of: (s) => s.window('2s'),
      expected: [
        [1, []],
        [2, []],
        [3, [7]],
        [4, [7]],
        [5, []],
      ],
    },
    {
      name: 'count to 0',
      of: (s) => s.window('2s').count(),
      expected: [
        [1, [0]],
        [2, [0]],
        [3, [1]],
        [4, [1]],
        [5, [0]],
      ],
    },
    {
      name: 'can be joined',
      of: (s) => s.window('2s').union(s.window('1s')),
      expected: [
        [1, []],
        [2, []],
        [3, [7, 7]],
        [4, [7]],
        [5, []],
      ],
    },
    {
      name: 'can be shuffled',
      of: (s) => s.window('1s').countByValue(),
      expected: [
        [1, []],
        [2, []],
        [3, [[7, 1]]],
        [4, []],
        [5, []],
      ],
    },
  ],
  { partitions: 2 },
)

streamTable<[number]>(
  'windows',
  [[[1], [2], [], [4], null, [6]]],
  [
    {
      name: 'window > slide',
      of: (s) => s.window('2s', '1s'),
      ordered: true,
      expected: [
        [1, [1]],
        [2, [1, 2]],
        [3, [2]],
        [4, [4]],
        [5, [4]],
        [6, [6]],
      ],
    },
    {
      name: 'window = slide',
      of: (s) => s.window('2s', '2s'),
      ordered: true,
      expected: [
        [2, [1, 2]],
        [4, [4]],
        [6, [6]],
      ],
    },
    {
      name: 'window < slide',
      of: (s) => s.window('1s', '2s'),
      ordered: true,
      expected: [
        [2, [2]],
        [4, [4]],
        [6, [6]],
      ],
    },
    {
      name: 'window < slide, slide 3',
      of: (s) => s.window('2s', '3s'),
      ordered: true,
      expected: [
        [3, [2]],
        [6, [6]],
      ],
    },
    {
      name: "the slide is the stream's own by default",
      of: (s) => s.window(3000),
      ordered: true,
      expected: [
        [1, [1]],
        [2, [1, 2]],
        [3, [1, 2]],
        [4, [2, 4]],
        [5, [4]],
        [6, [4, 6]],
      ],
    },
    {
      name: 'a window of one batch',
      of: (s) => s.window(1000),
      ordered: true,
      expected: [
        [1, [1]],
        [2, [2]],
        [3, []],
        [4, [4]],
        [5, []],
        [6, [6]],
      ],
    },
    {
      name: 'longer than the stream',
      of: (s) => s.window('1m', '3s'),
      ordered: true,
      expected: [
        [3, [1, 2]],
        [6, [1, 2, 4, 6]],
      ],
    },
    {
      name: 'a window of a window',
      of: (s) => s.window('2s', '2s').window('4s', '4s'),
      ordered: true,
      expected: [[4, [1, 2, 4]]],
    },
    {
      name: "a window that slides by multiples of a window's slide",
      of: (s) => s.window('2s', '2s').window('4s', '2s'),
      ordered: true,
      expected: [
        [2, [1, 2]],
        [4, [1, 2, 4]],
        [6, [4, 6]],
      ],
    },
    {
      name: 'operators after a slide',
      of: (s) =>
        s
          .window('2s', '2s')
          .map((x) => x * 10)
          .count(),
      ordered: true,
      expected: [
        [2, [2]],
        [4, [1]],
        [6, [1]],
      ],
    },
    {
      name: 'windows of one slide can be joined',
      of: (s) => s.window('4s', '2s').union(s.window('2s', '2s')),
      ordered: true,
      expected: [
        [2, [1, 2, 1, 2]],
        [4, [1, 2, 4, 4]],
        [6, [4, 6, 6]],
      ],
    },
    {
      name: 'reduceByWindow',
      of: (s) => s.reduceByWindow((a, b) => a + b, '2s', '1s'),
      ordered: true,
      expected: [
        [1, [1]],
        [2, [3]],
        [3, [2]],
        [4, [4]],
        [5, [4]],
        [6, [6]],
      ],
    },
    {
      name: 'reduceByWindow with an inverse',
      of: (s) => s.reduceByWindow((a, b) => a + b, '2s', '1s', { inverse: (a, b) => a - b }),
      ordered: true,
      expected: [
        [1, [1]],
        [2, [3]],
        [3, [2]],
        [4, [4]],
        [5, [4]],
        [6, [6]],
      ],
    },
    {
      name: 'countByWindow',
      of: (s) => s.countByWindow('2s', '1s'),
      ordered: true,
      expected: [
        [1, [1]],
        [2, [2]],
        [3, [1]],
        [4, [1]],
        [5, [1]],
        [6, [1]],
      ],
    },
    {
      name: 'countByValueAndWindow',
      of: (s) => s.map((x) => x % 2).countByValueAndWindow('3s', '1s'),
      expected: [
        [1, [[1, 1]]],
        [
          2,
          [
            [1, 1],
            [0, 1],
          ],
        ],
        [
          3,
          [
            [1, 1],
            [0, 1],
          ],
        ],
        [4, [[0, 2]]],
        [5, [[0, 1]]],
        [6, [[0, 2]]],
      ],
    },
  ],
  { partitions: 2 },
)

streamTable<[number]>(
  'windows that are empty',
  [[[], null, [7], [], [], [], []]],
  [
    {
      name: 'window',
      of: (s) => s.window('2s'),
      expected: [
        [1, []],
        [2, []],
        [3, [7]],
        [4, [7]],
        [5, []],
        [6, []],
        [7, []],
      ],
    },
    {
      name: 'countByWindow: nothing before the first element, 0 after the last',
      of: (s) => s.countByWindow('2s'),
      expected: [
        [1, []],
        [2, []],
        [3, [1]],
        [4, [1]],
        [5, [0]],
        [6, [0]],
        [7, [0]],
      ],
    },
    {
      name: 'reduceByWindow over an emptied window: nothing',
      of: (s) => s.reduceByWindow((a, b) => a + b, '2s'),
      expected: [
        [1, []],
        [2, []],
        [3, [7]],
        [4, [7]],
        [5, []],
        [6, []],
        [7, []],
      ],
    },
    {
      name: 'reduceByWindow with an inverse over an emptied window: what is left',
      of: (s) => s.reduceByWindow((a, b) => a + b, '2s', '1s', { inverse: (a, b) => a - b }),
      expected: [
        [1, []],
        [2, []],
        [3, [7]],
        [4, [7]],
        [5, [0]],
        [6, [0]],
        [7, [0]],
      ],
    },
    {
      name: 'countByValueAndWindow: values without occurrence are left out',
      of: (s) => s.countByValueAndWindow('2s'),
      expected: [
        [1, []],
        [2, []],
        [3, [[7, 1]]],
        [4, [[7, 1]]],
        [5, []],
        [6, []],
        [7, []],
      ],
    },
    {
      name: 'count of a window',
      of: (s) => s.window('2s', '2s').count(),
      expected: [
        [2, [0]],
        [4, [1]],
        [6, [0]],
      ],
    },
  ],
  { partitions: 2 },
)
