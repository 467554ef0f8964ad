import { type StreamingContext, withEnv } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, run } from './support.js'

const BATCHES = 8
const KEYS = 4
const data = Array.from({ length: BATCHES }, (_, b) => Array.from({ length: 12 }, (_, i) => b * 12 + i))

type Sums = ReadonlyMap<number, number>

let open: StreamingContext | undefined
afterEach(async () => open?.stop())

/** Values that are others whenever they are computed. */
const random = withEnv({ keys: KEYS }, (x: number): [number, number] => [x % keys, 1 + Math.floor(Math.random() * 1e6)])
declare const keys: number

function killAll(ssc: StreamingContext): void {
  for (const thread of localEngineOf(ssc).pool?.ready() ?? []) void thread.worker.terminate()
}

/** Kills the threads at the end of each output of a batch, so that the next one finds nothing in them. */
function killingOutput(
  ssc: StreamingContext,
  chosen: () => boolean,
): (rdd: { collect(): Promise<unknown> }) => Promise<void> {
  return async (rdd) => {
    await rdd.collect()
    if (chosen()) killAll(ssc)
  }
}

const sumsOf = (records: readonly (readonly [number, number])[]): Sums => new Map(records.map(([k, n]) => [k, n]))

describe.each([
  ['one thread', { threads: 1, spare: false }],
  ['two threads', { threads: 2 }],
] as const)('%s', (_, threads) => {
  test.each([1, 2])(
    'state and windows agree on values that differ when they are recomputed, with kills by seed %i',
    { timeout: 600_000 },
    async (seed) => {
      let drawn = seed
      const chosen = () => (drawn = (drawn * 16807) % 2147483647) % 2 === 0
      const { ssc } = manual({ ...threads, parallelism: 3, stateSnapshotInterval: 3 })
      open = ssc
      const pairs = ssc.queueStream(data.map((batch) => [...batch])).map(random)
      pairs.foreachRDD(killingOutput(ssc, chosen))
      const sums = pairs.updateStateByKey<number>((values, sum = 0) => values.reduce((a, b) => a + b, sum))
      sums.foreachRDD(killingOutput(ssc, chosen))
      sums.output('state')
      pairs
        .window('3s')
        .reduceByKey((a, b) => a + b)
        .output('window')
      pairs.reduceByKeyAndWindow((a, b) => a + b, '3s', '1s', { inverse: (a, b) => a - b }).output('inverse')
      const outputs = ['state', 'window', 'inverse'].map((name) => gather<[number, number]>(ssc, name))
      await ssc.start()
      await run(ssc, BATCHES, () => {
        if (chosen()) killAll(ssc)
      })
      await ssc.stop()
      const [state, window, inverse] = await Promise.all(outputs)
      for (const [i, batch] of state!.entries()) {
        const now = sumsOf(batch.records)
        const before: Sums = i < 3 ? new Map() : sumsOf(state![i - 3]!.records)
        const difference = [...now].map(([k, n]) => [k, n - (before.get(k) ?? 0)]).sort()
        expect([...sumsOf(window![i]!.records)].sort(), `window of batch ${i}`).toEqual(difference)
        expect([...sumsOf(inverse![i]!.records)].sort(), `inverse window of batch ${i}`).toEqual(difference)
      }
    },
  )

  test('with a snapshot in each batch, a state function is called once for a completed batch', {
    timeout: 600_000,
  }, async () => {
    const { ssc } = manual({ ...threads, parallelism: 3, stateSnapshotInterval: 1 })
    open = ssc
    ssc
      .queueStream(data.map((batch) => [...batch]))
      .map(random)
      .updateStateByKey<number>((_, first) => first ?? Math.random())
      .output('first')
    const output = gather<[number, number]>(ssc, 'first')
    await ssc.start()
    await run(ssc, BATCHES, () => killAll(ssc))
    await ssc.stop()
    const [first, ...later] = (await output).map(({ records }) => [...sumsOf(records)].sort())
    expect(first).toHaveLength(KEYS)
    for (const each of later) expect(each).toEqual(first)
  })
})
