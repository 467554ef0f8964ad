import { type KeyState, StateSpec } from 'millrace'
import { runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { expectBag } from '../../support/compare.js'
import { THREADS } from '../../support/contexts.js'
import { streamTable } from '../../support/stream-table.js'

type Pair = [string, number]

const sum = StateSpec.function((key: string, value: number | undefined, state: KeyState<number>): Pair => {
  state.update((value ?? 0) + (state.getOption() ?? 0))
  return [key, state.get()]
})

streamTable<[Pair]>(
  'updateStateByKey',
  [
    [
      null,
      [
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ],
      [],
      null,
      [
        ['c', 1],
        ['b', -2],
      ],
      [['b', 7]],
    ],
  ],
  [
    {
      name: 'every live key in every batch, nothing before the first dataset',
      of: (s) => s.updateStateByKey<number>((values, state) => values.reduce((a, b) => a + b, state ?? 0)),
      expected: [
        [
          2,
          [
            ['a', 4],
            ['b', 2],
          ],
        ],
        [
          3,
          [
            ['a', 4],
            ['b', 2],
          ],
        ],
        [
          4,
          [
            ['a', 4],
            ['b', 2],
          ],
        ],
        [
          5,
          [
            ['a', 4],
            ['b', 0],
            ['c', 1],
          ],
        ],
        [
          6,
          [
            ['a', 4],
            ['b', 7],
            ['c', 1],
          ],
        ],
      ],
    },
    {
      name: 'undefined ends a key, which may begin anew',
      of: (s) => s.updateStateByKey<number>((values, state) => values.reduce((a, b) => a + b, state ?? 0) || undefined),
      expected: [
        [
          2,
          [
            ['a', 4],
            ['b', 2],
          ],
        ],
        [
          3,
          [
            ['a', 4],
            ['b', 2],
          ],
        ],
        [
          4,
          [
            ['a', 4],
            ['b', 2],
          ],
        ],
        [
          5,
          [
            ['a', 4],
            ['c', 1],
          ],
        ],
        [
          6,
          [
            ['a', 4],
            ['b', 7],
            ['c', 1],
          ],
        ],
      ],
    },
    {
      name: 'null ends a key too',
      of: (s) => s.updateStateByKey<number>((values) => values.at(-1) ?? null),
      expected: [
        [
          2,
          [
            ['a', 3],
            ['b', 2],
          ],
        ],
        [3, []],
        [4, []],
        [
          5,
          [
            ['c', 1],
            ['b', -2],
          ],
        ],
        [6, [['b', 7]]],
      ],
    },
    {
      name: 'with time and key',
      of: (s) =>
        s.updateStateByKey<string>(
          (time, key, values, state) => `${state ?? key}${values.length > 0 ? time / 1000 : ''}`,
          { form: 'time', partitions: 3 },
        ),
      expected: [
        [
          2,
          [
            ['a', 'a2'],
            ['b', 'b2'],
          ],
        ],
        [
          3,
          [
            ['a', 'a2'],
            ['b', 'b2'],
          ],
        ],
        [
          4,
          [
            ['a', 'a2'],
            ['b', 'b2'],
          ],
        ],
        [
          5,
          [
            ['a', 'a2'],
            ['b', 'b25'],
            ['c', 'c5'],
          ],
        ],
        [
          6,
          [
            ['a', 'a2'],
            ['b', 'b256'],
            ['c', 'c5'],
          ],
        ],
      ],
    },
    {
      name: 'partition by partition',
      of: (s) =>
        s.updateStateByKey<number>(
          (entries) =>
            Array.from(entries, ([key, values, state]): Pair => [key, values.length + (state ?? 0)]).filter(
              ([key]) => key !== 'a',
            ),
          { form: 'iterator' },
        ),
      expected: [
        [2, [['b', 1]]],
        [3, [['b', 1]]],
        [4, [['b', 1]]],
        [
          5,
          [
            ['b', 2],
            ['c', 1],
          ],
        ],
        [
          6,
          [
            ['b', 3],
            ['c', 1],
          ],
        ],
      ],
    },
    {
      name: 'state of a state',
      of: (s) =>
        s
          .updateStateByKey<number>((values, state) => values.length + (state ?? 0))
          .updateStateByKey<number>((values, state) => Math.max(...values, state ?? 0)),
      expected: [
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
            ['a', 2],
            ['b', 1],
          ],
        ],
        [
          4,
          [
            ['a', 2],
            ['b', 1],
          ],
        ],
        [
          5,
          [
            ['a', 2],
            ['b', 2],
            ['c', 1],
          ],
        ],
        [
          6,
          [
            ['a', 2],
            ['b', 3],
            ['c', 1],
          ],
        ],
      ],
    },
  ],
  { partitions: 2 },
)

streamTable<[Pair]>(
  'mapWithState',
  [
    [
      null,
      [
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ],
      [],
      [['b', 5]],
    ],
  ],
  [
    {
      name: 'one answer a record',
      of: (s) => s.mapWithState(sum),
      expected: [
        [1, []],
        [
          2,
          [
            ['a', 1],
            ['b', 2],
            ['a', 4],
          ],
        ],
        [3, []],
        [4, [['b', 7]]],
      ],
    },
    {
      name: 'the state itself, in every batch',
      of: (s) => s.mapWithState(sum).stateSnapshots(),
      expected: [
        [1, []],
        [
          2,
          [
            ['a', 4],
            ['b', 2],
          ],
        ],
        [
          3,
          [
            ['a', 4],
            ['b', 2],
          ],
        ],
        [
          4,
          [
            ['a', 4],
            ['b', 7],
          ],
        ],
      ],
    },
    {
      name: 'with time: undefined and null emit nothing',
      of: (s) =>
        s.mapWithState(
          StateSpec.withTime((time: number, key: string, value: number | undefined, _: KeyState<number>) =>
            value === 1 ? undefined : value === 2 ? null : `${time}${key}`,
          ),
        ),
      expected: [
        [1, []],
        [2, ['2000a']],
        [3, []],
        [4, ['4000b']],
      ],
    },
    {
      name: 'without time: undefined is emitted',
      of: (s) =>
        s.mapWithState(
          StateSpec.function((_key: string, _value: number | undefined, _state: KeyState<number>) => undefined),
        ),
      expected: [
        [1, []],
        [2, [undefined, undefined, undefined]],
        [3, []],
        [4, [undefined]],
      ],
    },
    {
      name: 'a key that is removed begins anew',
      of: (s) =>
        s
          .mapWithState(
            StateSpec.function((key: string, value: number | undefined, state: KeyState<number>) => {
              const existed = state.exists()
              if (value === 3) state.remove()
              else state.update(value!)
              return [key, existed]
            }),
          )
          .stateSnapshots(),
      expected: [
        [1, []],
        [2, [['b', 2]]],
        [3, [['b', 2]]],
        [4, [['b', 5]]],
      ],
    },
  ],
  { partitions: 2 },
)

describe('initial state', () => {
  test.each(THREADS)('is there before the first batch, %i threads', async (threads) => {
    const outputs = await runBatches(
      (ssc, pairs) => {
        const initialState = ssc.context.parallelize<Pair>([
          ['a', 10],
          ['z', 20],
        ])
        const mapped = pairs.mapWithState(
          StateSpec.function((key: string, value: number | undefined, state: KeyState<number>): Pair => {
            state.update(value! + (state.getOption() ?? 0))
            return [key, state.get()]
          }).initialState(initialState),
        )
        return {
          updated: pairs.updateStateByKey<number>((values, state) => values.reduce((a, b) => a + b, state ?? 0), {
            initialState,
          }),
          mapped,
          snapshots: mapped.stateSnapshots(),
        }
      },
      [[[['a', 1]], [['b', 2]]] as Pair[][]],
      { threads, partitions: 2 },
    )
    const records = (name: keyof typeof outputs) => outputs[name].map((batch) => batch.records)
    expectBag(records('updated')[0]!, [
      ['a', 11],
      ['z', 20],
    ])
    expectBag(records('updated')[1]!, [
      ['a', 11],
      ['z', 20],
      ['b', 2],
    ])
    expect(records('mapped')).toEqual([[['a', 11]], [['b', 2]]])
    expectBag(records('snapshots')[0]!, [
      ['a', 11],
      ['z', 20],
    ])
    expectBag(records('snapshots')[1]!, [
      ['a', 11],
      ['z', 20],
      ['b', 2],
    ])
  })
})

describe('timeouts', () => {
  test.each(THREADS)('are looked for in batches that checkpoint, %i threads', async (threads) => {
    const idle = await runBatches(
      (_, pairs) => {
        const mapped = pairs.mapWithState(
          StateSpec.withTime((time: number, key: string, value: number | undefined, state: KeyState<number>) => {
            if (value !== undefined) state.update(value)
            return state.isTimingOut() ? `${key}@${time}` : undefined
          }).timeout('2s'),
        )
        mapped.checkpoint('2s')
        return mapped
      },
      // b is idle from 1 s on: at 2 s for 1 s, at 4 s for 3 s. c is idle for 2 s exactly at 4 s, which is not too long.
      [
        [
          [
            ['a', 1],
            ['b', 1],
          ],
          [['c', 1]],
          [['a', 1]],
          [['a', 1]],
          [['a', 1]],
          [['a', 1]],
        ] as Pair[][],
      ],
      { threads },
    )
    expect(idle.filter(({ records }) => records.length > 0)).toEqual([
      { time: 4000, records: ['b@4000'] },
      { time: 6000, records: ['c@6000'] },
    ])
  })
})
