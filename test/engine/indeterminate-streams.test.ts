import { type StreamingContext, withEnv } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, random, run } from './support.js'

declare const runs: Int32Array
declare const deaths: readonly number[]

const BATCHES = 10
const data = Array.from({ length: BATCHES }, (_, b) => Array.from({ length: 30 }, (_, i) => b * 30 + i))

let open: StreamingContext | undefined
afterEach(async () => open?.stop())

/** Records under keys that are others whenever they are computed. */
function scattered(ssc: StreamingContext) {
  return ssc
    .queueStream(data.map((batch) => [...batch]))
    .map((x): [number, number] => [Math.floor(Math.random() * 1000), x])
    .groupByKey()
    .flatMap(([, xs]) => xs)
}

/** Ends the thread in the runs of partitions that `at` counts from 1 over all batches, once its input was read. */
const dying = (at: readonly number[]) =>
  withEnv({ runs: new Int32Array(new SharedArrayBuffer(4)), deaths: at }, (records: Iterable<number>) => {
    const all = [...records]
    if (deaths.includes(Atomics.add(runs, 0, 1) + 1)) process.exit(1)
    return all
  })

async function finish(ssc: StreamingContext, kills: boolean): Promise<void> {
  const next = random(Number(process.env.SEED ?? 11))
  await ssc.start()
  const victim = () => void localEngineOf(ssc).pool?.ready()[0]?.worker.terminate()
  const timers: NodeJS.Timeout[] = []
  if (kills) ssc.on('batchStarted', () => void timers.push(setTimeout(victim, next() * 15)))
  await run(ssc, BATCHES)
  for (const timer of timers) clearTimeout(timer)
  await ssc.stop()
}

describe.each([
  ['one thread', { threads: 1, spare: false }, false],
  ['two threads, kills from outside too', { threads: 2 }, true],
] as const)('%s', (_, threads, kills) => {
  test.each([[[2, 8, 20, 35]], [[3, 12, 13, 30]], [[5, 17, 29, 41]]])(
    'a window over shuffles of earlier batches that come out different, the thread dying at runs %j',
    { timeout: 600_000 },
    async (deaths) => {
      const { ssc } = manual({ ...threads, maxFailures: 50, parallelism: 3 })
      open = ssc
      scattered(ssc).window('3s').mapPartitions(dying(deaths)).output('window')
      const output = gather<number>(ssc, 'window')
      await finish(ssc, kills)
      for (const [i, { records }] of (await output).entries())
        expect([...records].sort((a, b) => a - b)).toEqual(data.slice(Math.max(0, i - 2), i + 1).flat())
    },
  )

  test.each([[[2, 8, 20, 35]], [[3, 12, 13, 30]], [[5, 17, 29, 41]]])(
    'state made from a shuffle that then comes out different is made again, the thread dying at runs %j',
    { timeout: 600_000 },
    async (deaths) => {
      const { ssc } = manual({ ...threads, maxFailures: 50, parallelism: 3, stateSnapshotInterval: 3 })
      open = ssc
      scattered(ssc)
        .mapPartitions(dying(deaths))
        .map((x): [number, number] => [x, 1])
        .updateStateByKey<number>((values, n = 0) => n + values.length)
        .output('seen')
      const output = gather<[number, number]>(ssc, 'seen')
      await finish(ssc, kills)
      for (const [i, { records }] of (await output).entries())
        expect([...records].sort(([a], [b]) => a - b)).toEqual(
          data
            .slice(0, i + 1)
            .flat()
            .map((x) => [x, 1]),
        )
    },
  )
})
