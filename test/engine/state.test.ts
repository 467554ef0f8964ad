import { describe } from 'vitest'
import { checkRows, type Row, rows, table, words } from './state-rows.js'

describe('updateStateByKey', () => {
  const cases: Row[] = [
    {
      name: 'every live key is emitted in every batch',
      input: words('a', 'a b', 'a b c', 'a b', 'a', ''),
      stream: (pairs) =>
        pairs.updateStateByKey((values: number[], state: number | undefined) =>
          values.reduce((a, b) => a + b, state ?? 0),
        ),
      expected: rows(
        [['a', 1]],
        [
          ['a', 2],
          ['b', 1],
        ],
        [
          ['a', 3],
          ['b', 2],
          ['c', 1],
        ],
        [
          ['a', 4],
          ['b', 3],
          ['c', 1],
        ],
        [
          ['a', 5],
          ['b', 3],
          ['c', 1],
        ],
        [
          ['a', 5],
          ['b', 3],
          ['c', 1],
        ],
      ),
    },
    {
      name: 'a batch without a dataset runs with no values; a key that expires is gone, and begins anew',
      input: words('a b', null, 'a c a', 'c', null, null, 'b'),
      stream: (pairs) =>
        pairs
          .updateStateByKey((values: number[], state: { n: number; idle: number } | undefined) => {
            const { n, idle } = state ?? { n: 0, idle: 0 }
            if (values.length > 0) return { n: n + values.length, idle: 0 }
            return idle === 1 ? undefined : { n, idle: idle + 1 }
          })
          .mapValues(({ n }) => n),
      expected: rows(
        [
          ['a', 1],
          ['b', 1],
        ],
        [
          ['a', 1],
          ['b', 1],
        ],
        [
          ['a', 3],
          ['c', 1],
        ],
        [
          ['a', 3],
          ['c', 2],
        ],
        [['c', 2]],
        [],
        [['b', 1]],
      ),
    },
    {
      name: 'before there is any state, a batch without a dataset has none either, and an empty one is empty',
      input: words(null, null, '', null, 'a'),
      stream: (pairs) =>
        pairs.updateStateByKey((values: number[], state: number | undefined) => values.length + (state ?? 0)),
      expected: table([
        { time: 3000, records: [] },
        { time: 4000, records: [] },
        { time: 5000, records: [['a', 1]] },
      ]),
    },
    {
      name: 'values of a key come in the order of the batch',
      input: [
        [
          ['a', 3],
          ['b', 9],
          ['a', 1],
          ['a', 2],
        ],
        [
          ['a', 5],
          ['a', 4],
        ],
      ],
      stream: (pairs) =>
        pairs.updateStateByKey((values: number[], state: number[] | undefined) => [...(state ?? []), ...values]),
      expected: rows(
        [
          ['a', [3, 1, 2]],
          ['b', [9]],
        ],
        [
          ['a', [3, 1, 2, 5, 4]],
          ['b', [9]],
        ],
      ),
    },
    {
      name: 'null ends a key as undefined does; 0, false and an empty text are states',
      input: words('a b c d e', ''),
      stream: (pairs) =>
        pairs.updateStateByKey<unknown>(
          ((_time: number, key: string) => ({ a: null, b: undefined, c: 0, d: false, e: '' })[key]) as never,
          { form: 'time' } as never,
        ),
      expected: rows(
        [
          ['c', 0],
          ['d', false],
          ['e', ''],
        ],
        [
          ['c', 0],
          ['d', false],
          ['e', ''],
        ],
      ),
    },
    {
      name: "form 'time' is given the batch time and the key",
      input: words('a', 'b a a'),
      stream: (pairs) =>
        pairs.updateStateByKey(
          (time: number, key: string, values: number[], state: string | undefined) =>
            `${state ?? key}|${time}:${values.length}`,
          { form: 'time' },
        ),
      expected: rows(
        [['a', 'a|1000:1']],
        [
          ['a', 'a|1000:1|2000:2'],
          ['b', 'b|2000:1'],
        ],
      ),
    },
    {
      name: "form 'iterator' sees all entries once; keys that it leaves out end, keys that it adds live",
      input: words('a b', 'c', 'd', ''),
      stream: (pairs) =>
        pairs.updateStateByKey(
          function* (entries: Iterable<[string, number[], number | undefined]>): Iterable<[string, number]> {
            for (const [key, values, state] of entries) {
              const n = values.length + (state ?? 0) * 10
              if (n < 100) yield [key, n]
              else yield [`${key}!`, 1]
            }
          },
          { form: 'iterator', partitions: 1 },
        ),
      expected: rows(
        [
          ['a', 1],
          ['b', 1],
        ],
        [
          ['a', 10],
          ['b', 10],
          ['c', 1],
        ],
        [
          ['a!', 1],
          ['b!', 1],
          ['c', 10],
          ['d', 1],
        ],
        [
          ['a!', 10],
          ['b!', 10],
          ['c!', 1],
          ['d', 10],
        ],
      ),
    },
    {
      name: 'an initial state is there in the first batch that has a dataset, also keys that only it has',
      input: words(null, 'a', 'a b'),
      stream: (pairs, ssc) =>
        pairs.updateStateByKey(
          (values: number[], state: number | undefined) => values.reduce((a, b) => a + b, state ?? 0),
          {
            initialState: ssc.context.parallelize<[string, number]>([
              ['a', 100],
              ['z', 7],
            ]),
          },
        ),
      expected: table([
        {
          time: 2000,
          records: [
            ['a', 101],
            ['z', 7],
          ],
        },
        {
          time: 3000,
          records: [
            ['a', 102],
            ['b', 1],
            ['z', 7],
          ],
        },
      ]),
    },
    {
      name: 'keys are compared by content',
      input: words('a b a', 'b a'),
      stream: (pairs) =>
        pairs
          .map(([key, n]): [{ name: string; at: number[] }, number] => [{ name: key, at: [1, 2] }, n])
          .updateStateByKey((values: number[], state: number | undefined) =>
            values.reduce((a, b) => a + b, state ?? 0),
          ),
      expected: rows(
        [
          [{ name: 'a', at: [1, 2] }, 2],
          [{ name: 'b', at: [1, 2] }, 1],
        ],
        [
          [{ name: 'a', at: [1, 2] }, 3],
          [{ name: 'b', at: [1, 2] }, 2],
        ],
      ),
    },
    {
      name: 'two in a row: the second sees what the first answers for each live key',
      input: words('a', 'b', 'a'),
      stream: (pairs) =>
        pairs
          .updateStateByKey((values: number[], state: number | undefined) => values.reduce((a, b) => a + b, state ?? 0))
          .updateStateByKey((values: number[], state: number[] | undefined) => [...(state ?? []), ...values]),
      expected: rows(
        [['a', [1]]],
        [
          ['a', [1, 1]],
          ['b', [1]],
        ],
        [
          ['a', [1, 1, 2]],
          ['b', [1, 1]],
        ],
      ),
    },
  ]
  checkRows(cases)
})
