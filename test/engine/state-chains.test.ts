import type { BaseStream, DStream, StreamingContext } from 'millrace'
import { runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'

interface Sum {
  n: number
  readonly seen: number[]
}

const BATCHES: [string, number][][] = [
  [['a', 1]],
  [
    ['a', 2],
    ['b', 5],
  ],
  [],
  [['b', 1]],
]

/** The sums of each key, after the functions of a chain have seen, and may have changed, the state of each batch. */
async function sumsAfter(chain: (sums: DStream<[string, Sum]>) => BaseStream<unknown>): Promise<unknown> {
  const pipeline = (_: StreamingContext, input: DStream<[string, number]>) => {
    const sums = input.updateStateByKey<Sum>((values, { n, seen } = { n: 0, seen: [] }) => ({
      n: values.reduce((a, b) => a + b, n),
      seen: [...seen, ...values],
    }))
    return { chain: chain(sums), sums: sums.mapValues(({ n, seen }) => [n, ...seen]) } as Record<
      string,
      BaseStream<unknown>
    >
  }
  const { sums } = await runBatches(pipeline, [BATCHES])
  return sums!.map(({ records }) => [...records].sort())
}

const EXPECTED = [
  [['a', [1, 1]]],
  [
    ['a', [3, 1, 2]],
    ['b', [5, 5]],
  ],
  [
    ['a', [3, 1, 2]],
    ['b', [5, 5]],
  ],
  [
    ['a', [3, 1, 2]],
    ['b', [6, 5, 1]],
  ],
]

describe('functions over the entries of state', () => {
  test.each<[string, (sums: DStream<[string, Sum]>) => BaseStream<unknown>]>([
    ['that keep them', (sums) => sums.filter(([, { n }]) => n > 1).map(([, sum]) => sum)],
    ['that change them', (sums) => sums.map(([, sum]) => sum.seen.push(7))],
    [
      'of which one passes a part on and the next changes it',
      (sums) =>
        sums
          .filter(([, { n }]) => n > 0)
          .map(([, sum]) => sum)
          .map(({ seen }) => seen.push(9)),
    ],
    [
      'of which one hides them in a new object',
      (sums) =>
        sums.map(([, sum]) => {
          const holder = { sum }
          holder.sum.n = 0
          return 1
        }),
    ],
  ])('%s: the state stays', async (_, chain) => {
    expect(await sumsAfter(chain)).toEqual(EXPECTED)
  })
})
