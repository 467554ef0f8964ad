import { sql } from 'millrace/sql'
import { streamTable } from '../support/stream-table.js'

streamTable<[string, string]>(
  'a query over each batch',
  [
    [['a', 'b', 'a'], [], null, ['b'], ['b', 'c']],
    [['x'], ['x', 'y'], [], [], ['y']],
  ],
  [
    {
      name: 'one stream; a batch without a dataset has no result',
      of: (words) => words.sql('select value, count(*) as n from batch group by value order by value'),
      ordered: true,
      expected: [
        [
          1,
          [
            { value: 'a', n: 2 },
            { value: 'b', n: 1 },
          ],
        ],
        [2, []],
        [4, [{ value: 'b', n: 1 }]],
        [
          5,
          [
            { value: 'b', n: 1 },
            { value: 'c', n: 1 },
          ],
        ],
      ],
    },
    {
      name: 'a window is a table',
      of: (words) =>
        words
          .map((word) => ({ word }))
          .window('2s', '1s')
          .sql('select count(distinct word) as n from batch'),
      expected: [
        [1, [{ n: 2 }]],
        [2, [{ n: 2 }]],
        [3, [{ n: 0 }]],
        [4, [{ n: 1 }]],
        [5, [{ n: 2 }]],
      ],
    },
    {
      name: 'state is a table',
      of: (words) =>
        words
          .map((word): [string, number] => [word, 1])
          .updateStateByKey<number>((values, n = 0) => n + values.length)
          .sql('select key as word, value as n from batch order by n desc, word limit 1'),
      expected: [
        [1, [{ word: 'a', n: 2 }]],
        [2, [{ word: 'a', n: 2 }]],
        [3, [{ word: 'a', n: 2 }]],
        [4, [{ word: 'a', n: 2 }]],
        [5, [{ word: 'b', n: 3 }]],
      ],
    },
    {
      name: 'a batch joined with a dataset',
      in: (ssc, words) =>
        sql('select price from words join prices on words.value = prices.word order by price', {
          words,
          prices: ssc.context.parallelize(
            [
              { word: 'a', price: 3 },
              { word: 'b', price: 5 },
            ],
            2,
          ),
        }),
      ordered: true,
      expected: [
        [1, [{ price: 3 }, { price: 3 }, { price: 5 }]],
        [2, []],
        [4, [{ price: 5 }]],
        [5, [{ price: 5 }]],
      ],
    },
    {
      name: 'two streams, one with types',
      of: (_words, letters) =>
        sql('select l.value, (select count(a) from empty) as empty from letters l order by l.value', {
          letters,
          empty: letters.filter(() => false).toTable({ a: 'VARCHAR' }),
        }),
      ordered: true,
      expected: [
        [1, [{ value: 'x', empty: 0 }]],
        [
          2,
          [
            { value: 'x', empty: 0 },
            { value: 'y', empty: 0 },
          ],
        ],
        [3, []],
        [4, []],
        [5, [{ value: 'y', empty: 0 }]],
      ],
    },
    {
      name: 'inside transform, with the time of the batch as a parameter',
      of: (_words, letters) =>
        letters.transform((rdd, time) =>
          rdd.sql('select $now as now, count(*) as n from batch', { params: { now: new Date(time) } }),
        ),
      expected: [1, 2, 0, 0, 1].map((n, i) => [i + 1, [{ now: new Date((i + 1) * 1000), n }]] as const),
    },
  ],
)
