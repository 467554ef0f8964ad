import { type RDD, StateError, type StreamingContext } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, run, sorted } from './support.js'

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})

type Pair = [string, number]

function started(options: Parameters<typeof manual>[0] = {}) {
  const made = manual({ threads: 1, spare: false, ...options })
  open.push(made.ssc)
  return made
}

const add = (values: number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0)

describe('reading state at another time than its batch', () => {
  test.each(['updateStateByKey', 'window', 'event time'])(
    '%s cannot be read yet; later batches are right',
    async (kind) => {
      const { ssc } = started()
      const pairs = ssc.queueStream(Array.from({ length: 6 }, (_, i): Pair[] => [['a', i + 1]]))
      const kept =
        kind === 'updateStateByKey'
          ? pairs.updateStateByKey<number>(add)
          : kind === 'window'
            ? pairs.reduceByKeyAndWindow((a, b) => a + b, '10s', '1s', { inverse: (a, b) => a - b })
            : pairs
                .withTimestamps(([, n]) => n * 1000)
                .tumbling('1s')
                .reduceByKey((a, b) => a + b)
                .map(({ key, value }): Pair => [key, value])
      const wider = kept.map(([key, n]): Pair => [key, n])
      const refused: unknown[] = []
      wider.foreachRDD((_, time) => {
        for (const stream of [kept, wider]) {
          try {
            stream.slice(time + 1000, time + 2000)
          } catch (error) {
            refused.push(error instanceof StateError && /cannot be read yet/.test(error.message))
          }
        }
      })
      wider.output('totals')
      await ssc.start()
      const totals = gather<Pair>(ssc, 'totals')
      await run(ssc, 4)
      await ssc.stop()
      expect(refused).toEqual(Array.from({ length: 8 }, () => true))
      const event = [[], [], [['a', 1]], [['a', 2]]]
      const sums = [1, 3, 6, 10].map((n) => [['a', n]])
      expect((await totals).map(({ records }) => records)).toEqual(kind === 'event time' ? event : sums)
    },
  )

  test('batches that the clock has reached but that have not run are ahead, too', async () => {
    const { ssc, clock } = started()
    const totals = ssc.queueStream(Array.from({ length: 4 }, (): Pair[] => [['a', 1]])).updateStateByKey<number>(add)
    let refused: unknown
    let go = () => {}
    const moved = new Promise<void>((resolve) => {
      go = resolve
    })
    totals.foreachRDD(async (_, time) => {
      if (time !== 1000) return
      await moved
      try {
        totals.slice(1000, clock.now())
      } catch (error) {
        refused = error
      }
    })
    totals.output('totals')
    await ssc.start()
    const got = gather<Pair>(ssc, 'totals')
    await clock.advance(4000)
    go()
    await ssc.awaitIdle()
    await ssc.stop()
    expect(refused).toBeInstanceOf(StateError)
    expect((await got).map(({ records }) => records)).toEqual([1, 2, 3, 4].map((n) => [['a', n]]))
  })

  test('a forgotten version is refused, not computed from a later one', async () => {
    const { ssc } = started()
    const totals = ssc.queueStream(Array.from({ length: 8 }, (): Pair[] => [['a', 1]])).updateStateByKey<number>(add)
    totals.output('totals')
    await ssc.start()
    const got = gather<Pair>(ssc, 'totals')
    await run(ssc, 4)
    expect(() => totals.slice(2000, 2000)).toThrow(/call remember\(duration\) before start/)
    expect(await totals.slice(4000, 4000)[0]!.collect()).toEqual([['a', 4]])
    await run(ssc, 2)
    await ssc.stop()
    expect((await got).map(({ records }) => records)).toEqual([1, 2, 3, 4, 5, 6].map((n) => [['a', n]]))
  })

  test('a window of what has not arrived yet is not taken for the window of its batch', async () => {
    const { ssc, clock } = started()
    const words = ssc.pushStream<string>('words')
    const window = words.window('2s')
    window.output('window')
    await ssc.start()
    const got = gather<string>(ssc, 'window')
    words.push('a')
    const ahead = window.slice(1000, 2000) as RDD<string>[]
    expect(await Promise.all(ahead.map((rdd) => rdd.collect()))).toEqual([[], []])
    await clock.advance(1000)
    await ssc.awaitIdle()
    words.push('b')
    await clock.advance(1000)
    await ssc.awaitIdle()
    await ssc.stop()
    expect((await got).map(({ records }) => records)).toEqual([['a'], ['a', 'b']])
  })
})

describe('versions that outputs leave unmade', () => {
  test('an output that runs no job, or takes some partitions only', async () => {
    const keys = Array.from({ length: 40 }, (_, i): Pair => [`k${i}`, 1])
    const { ssc } = started({ threads: 2, parallelism: 8, stateSnapshotInterval: 3 })
    const batches = 24
    const pairs = ssc.queueStream(Array.from({ length: batches }, () => [...keys]))
    const first = pairs.updateStateByKey<number>(add)
    first.foreachRDD(() => {})
    const second = pairs.reduceByKeyAndWindow((a, b) => a + b, '3s', '1s', { inverse: (a, b) => a - b })
    second.foreachRDD((rdd) => rdd.take(1))
    const last: { totals: Pair[]; sums: Pair[] }[] = []
    first.foreachRDD(async (rdd, time) => {
      if (time === 24_000)
        last.push({ totals: await rdd.collect(), sums: await second.slice(time, time)[0]!.collect() })
    })
    const rebuilt: number[] = []
    ssc.on('stateRebuilt', ({ versions }) => rebuilt.push(versions))
    const sizes: number[] = []
    await ssc.start()
    await run(ssc, batches, async (batch) => {
      sizes.push(localEngineOf(ssc).blocks.size)
      if (batch === 20)
        await Promise.all(
          localEngineOf(ssc)
            .pool!.threads()
            .map((t) => t.worker.terminate()),
        )
    })
    expect(last).toHaveLength(1)
    expect(sorted(last[0]!.totals)).toEqual(sorted(keys.map(([key]) => [key, 24])))
    expect(sorted(last[0]!.sums)).toEqual(sorted(keys.map(([key]) => [key, 3])))
    // The one rebuild after the deaths, of no more versions than lie between two snapshots.
    expect(rebuilt.length).toBeGreaterThan(0)
    expect(Math.max(...rebuilt)).toBeLessThanOrEqual(3)
    // Copies of tasks add blocks for a while on a busy machine; what leaks stays.
    expect(Math.min(...sizes.slice(16, 20))).toBeLessThanOrEqual(Math.max(...sizes.slice(6, 12)))
  })

  test('state that is read once in a long while takes no more memory, and no more replays', {
    timeout: 600_000,
  }, async () => {
    const { ssc } = started({ stateSnapshotInterval: 4 })
    const pairs = ssc.queueStream(Array.from({ length: 60 }, (_, i): Pair[] => [[`k${i % 3}`, 1]]))
    pairs.updateStateByKey<number>(add).window('1s', '12s').output('totals')
    const rebuilt: number[] = []
    ssc.on('stateRebuilt', ({ versions }) => rebuilt.push(versions))
    await ssc.start()
    const totals = gather<Pair>(ssc, 'totals')
    const sizes: number[] = []
    await run(ssc, 60, async (batch) => {
      sizes.push(localEngineOf(ssc).blocks.size)
      if (batch === 57)
        await Promise.all(
          localEngineOf(ssc)
            .pool!.threads()
            .map((t) => t.worker.terminate()),
        )
    })
    await ssc.stop()
    expect((await totals).map(({ records }) => sorted(records))).toEqual(
      [4, 8, 12, 16, 20].map((n) => sorted([0, 1, 2].map((k) => [`k${k}`, n]))),
    )
    expect(Math.max(...rebuilt)).toBeLessThanOrEqual(4)
    expect(Math.min(...sizes.slice(50, 57))).toBeLessThanOrEqual(Math.max(...sizes.slice(20, 40)))
  })

  test('a failure while nothing reads the state is one of the batch, and named', async () => {
    const { ssc } = started({ maxFailures: 1 })
    ssc
      .queueStream(Array.from({ length: 4 }, (_, i): Pair[] => [['a', i]]))
      .updateStateByKey<number>((values) => {
        if (values[0] === 2) throw new RangeError('two')
        return values[0]
      })
      .window('1s', '4s')
      .output('never')
    await ssc.start()
    await expect(run(ssc, 4)).rejects.toThrow(/updateStateByKey#1 failed in partition 0 of batch 3000 ms.*two/)
  })
})

describe('skipped batches', () => {
  test('windows with and without an inverse agree on what a longer slide gives up', async () => {
    const { ssc } = started({ onBatchError: 'skip', maxFailures: 1 })
    const words = ssc.queueStream(Array.from({ length: 12 }, (_, i): Pair[] => [[i === 4 ? 'poison' : `k${i + 1}`, 1]]))
    const checked = words.map((pair): Pair => {
      if (pair[0] === 'poison') throw new RangeError('poison')
      return pair
    })
    checked.reduceByKeyAndWindow((a, b) => a + b, '9s', '3s').output('plain')
    checked
      .map((pair) => pair)
      .reduceByKeyAndWindow((a, b) => a + b, '9s', '3s', { inverse: (a, b) => a - b, filter: ([, n]) => n > 0 })
      .output('inverse')
    await ssc.start()
    const outputs = Promise.all([gather<Pair>(ssc, 'plain'), gather<Pair>(ssc, 'inverse')])
    await run(ssc, 12)
    await ssc.stop()
    expect(ssc.skippedBatches).toEqual([6000])
    const expected = [
      [3000, ['k1', 'k2', 'k3']],
      // What arrived since 3 s was given up with the batch in which it was first read.
      [9000, ['k1', 'k2', 'k3', 'k7', 'k8', 'k9']],
      [12_000, ['k7', 'k8', 'k9', 'k10', 'k11', 'k12']],
    ].map(([time, keys]) => [time, sorted((keys as string[]).map((key) => [key, 1]))])
    for (const output of await outputs)
      expect(output.map(({ time, records }) => [time, sorted(records)])).toEqual(expected)
  })

  test('state that another failing output does not read keeps the batch', async () => {
    const { ssc } = started({ onBatchError: 'skip', maxFailures: 1 })
    const pairs = ssc.queueStream(Array.from({ length: 4 }, (_, i): Pair[] => [['a', i + 1]]))
    pairs.foreachRDD((_, time) => {
      if (time === 3000) throw new Error('an output')
    })
    pairs.updateStateByKey<number>(add).window('1s', '2s').output('totals')
    await ssc.start()
    const totals = gather<Pair>(ssc, 'totals')
    await run(ssc, 4)
    await ssc.stop()
    expect(ssc.skippedBatches).toEqual([3000])
    expect((await totals).map(({ records }) => records)).toEqual([[['a', 3]], [['a', 10]]])
  })

  test('a function of the driver that throws gives up its batch only', async () => {
    const { ssc } = started({ onBatchError: 'skip' })
    const words = ssc.queueStream(Array.from({ length: 4 }, (_, i): Pair[] => [[`k${i + 1}`, 1]]))
    const made = words.transform((rdd, time) => {
      if (time === 2000) throw new Error('no table today')
      return rdd
    })
    made.window('4s').output('window')
    made.updateStateByKey<number>(add).output('totals')
    await ssc.start()
    const outputs = Promise.all([gather<Pair>(ssc, 'window'), gather<Pair>(ssc, 'totals')])
    await run(ssc, 4)
    await ssc.stop()
    expect(ssc.skippedBatches).toEqual([2000])
    for (const output of await outputs)
      expect(output.map(({ time, records }) => [time, records.map(([key]) => key).sort()])).toEqual([
        [1000, ['k1']],
        [3000, ['k1', 'k3']],
        [4000, ['k1', 'k3', 'k4']],
      ])
  })
})
