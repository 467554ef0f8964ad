import type { DStream } from 'millrace'
import { runBatches } from 'millrace/testing'
import { expect, test } from 'vitest'
import { manual, run } from './support.js'

interface Visits {
  readonly count: number
}
type Update = (values: number[], state: Visits | undefined) => Visits | undefined

const BATCHES: readonly [string, number][][] = [
  [
    ['a', 1],
    ['b', 1],
  ],
  [['a', 2]],
  [],
  [['b', 3]],
  [],
  [['c', 1]],
]

/** Its text proves that it changes no part of its arguments. */
const keeps: Update = (values, state) => {
  if (state !== undefined && values.length === 0) return state
  return { count: values.reduce((a, b) => a + b, state?.count ?? 0) }
}
/** It returns the same object too, but may have changed it. */
const changes: Update = (values, state) => {
  if (state === undefined) return { count: values.reduce((a, b) => a + b, 0) }
  ;(state as { count: number }).count += values.reduce((a, b) => a + b, 0)
  return state
}

test.each([
  ['a function that keeps its arguments: a returned state is unchanged', keeps, [2, 1, 0, 1, 0, 1]],
  ['any other function: a returned state may have changed', changes, [2, 2, 2, 2, 2, 3]],
] as const)('%s', async (_, update, expected) => {
  const { ssc } = manual({ spare: false, threads: 1, parallelism: 1 })
  const updated: (number | undefined)[] = []
  ssc.on('batchProgress', ({ state }) => void updated.push(state[0]?.updated))
  const visits = ssc.queueStream([...BATCHES]).updateStateByKey<Visits>(update)
  visits.foreachRDD(async (rdd) => void (await rdd.count()))
  await ssc.start()
  try {
    await run(ssc, BATCHES.length)
  } finally {
    await ssc.stop()
  }
  expect(updated).toEqual(expected)
})

test('0 in the place of -0 is a change', async () => {
  const states = await runBatches(
    (_, pairs: DStream<[string, number]>) =>
      pairs.updateStateByKey<number>((values, state) => (state === undefined ? values[0]! : 0)),
    [[[['a', -0]], []]],
  )
  expect(states.map(({ records }) => Object.is(records[0]![1], -0))).toEqual([true, false])
})

test.each([1, 2, 3])(
  'unchanged states survive kills, with a snapshot every %i batches',
  async (stateSnapshotInterval) => {
    const { states, doubled } = await runBatches(
      (_, pairs: DStream<[string, number]>) => {
        const visits = pairs.updateStateByKey<Visits>(keeps)
        const doubles = visits.map(([key, state]): [string, number] => {
          // It spoils its copy.
          const { count } = state
          ;(state as { count: number }).count = -1
          return [key, count * 2]
        })
        return { states: visits, doubled: doubles }
      },
      [BATCHES],
      { threads: 2, stateSnapshotInterval, kill: (batch) => batch % 2 },
    )
    const totals = [
      [
        ['a', 1],
        ['b', 1],
      ],
      [
        ['a', 3],
        ['b', 1],
      ],
      [
        ['a', 3],
        ['b', 1],
      ],
      [
        ['a', 3],
        ['b', 4],
      ],
      [
        ['a', 3],
        ['b', 4],
      ],
      [
        ['a', 3],
        ['b', 4],
        ['c', 1],
      ],
    ] as const
    const inOrder = (batches: readonly { readonly records: readonly unknown[] }[]) =>
      batches.map(({ records }) => [...records].sort())
    expect(inOrder(states)).toEqual(totals.map((batch) => batch.map(([key, count]) => [key, { count }])))
    expect(inOrder(doubled)).toEqual(totals.map((batch) => batch.map(([key, count]) => [key, count * 2])))
  },
)
