import { expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { countOf, gather, manual, run, sorted } from './support.js'

const data = ['a a b', 'poison', 'b c', 'a', 'poison', 'c c'].map((line) => line.split(' '))

test('a batch that fails is skipped, listed, and has no effect on windows and states that failed with it', async () => {
  const { ssc, log } = manual({ onBatchError: 'skip', maxFailures: 2, stateSnapshotInterval: 2 })
  const words = ssc.queueStream(data.map((batch) => [...batch]))
  words.count().output('size')
  const checked = words.map((word) => {
    if (word === 'poison') throw new RangeError('poison')
    return word
  })
  checked.countByValueAndWindow('3s').output('window')
  checked
    .map((word) => [word, 1] as [string, number])
    .updateStateByKey<number>((values, state) => values.reduce((a, b) => a + b, state ?? 0))
    .output('totals')
  const skipped: unknown[] = []
  ssc.on('batchSkipped', ({ time, outputs }) => skipped.push([time, outputs]))
  await ssc.start()
  const outputs = Promise.all([
    gather<number>(ssc, 'size'),
    gather<[string, number]>(ssc, 'window'),
    gather<[string, number]>(ssc, 'totals'),
  ])
  await run(ssc, data.length, async (batch) => {
    // The state must come back from snapshots and replays that know nothing of the skipped batches.
    if (batch === 3)
      await Promise.all(
        localEngineOf(ssc)
          .pool!.threads()
          .map((thread) => thread.worker.terminate()),
      )
  })
  await ssc.stop()
  const [size, window, totals] = await outputs
  expect(size.map((batch) => batch.records[0])).toEqual([3, 1, 2, 1, 1, 2])
  expect(ssc.skippedBatches).toEqual([2000, 5000])
  expect(skipped).toEqual([2000, 5000].map((time) => [time, ['output(window)', 'output(totals)']]))
  expect(log.filter((line) => line.includes('was skipped'))).toHaveLength(2)
  const good = data.map((batch, i) => ({ batch, time: (i + 1) * 1000 })).filter(({ batch }) => batch[0] !== 'poison')
  const model = good.map(({ time }) => ({
    window: countOf(
      good.filter((other) => other.time > time - 3000 && other.time <= time).flatMap(({ batch }) => batch),
    ),
    totals: countOf(good.filter((other) => other.time <= time).flatMap(({ batch }) => batch)),
  }))
  expect(window.map(({ time }) => time)).toEqual(good.map(({ time }) => time))
  window.forEach(({ records }, i) => expect(sorted(records)).toEqual(sorted(model[i]!.window)))
  totals.forEach(({ records }, i) => expect(sorted(records)).toEqual(sorted(model[i]!.totals)))
})

test('a snapshot that good partitions wrote in a skipped batch is taken back with it', async () => {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => [key, 1] as [string, number])
  const { ssc } = manual({ onBatchError: 'skip', maxFailures: 1, stateSnapshotInterval: 2 })
  const window = ssc
    .queueStream(Array.from({ length: 8 }, () => [...keys]))
    .reduceByKeyAndWindow((a, b) => a + b, '100s', '1s', { inverse: (total, old) => total - old })
  window
    .transform((rdd, time) => {
      if (time !== 3000 && time !== 4000) return rdd
      return rdd.mapPartitions((records, partition) => {
        if (partition === 1) throw new Error('bad partition')
        return records
      })
    })
    .output('sums')
  await ssc.start()
  const sums = gather<[string, number]>(ssc, 'sums')
  await run(ssc, 8, async (batch) => {
    if (batch === 5)
      await Promise.all(
        localEngineOf(ssc)
          .pool!.threads()
          .map((thread) => thread.worker.terminate()),
      )
  })
  await ssc.stop()
  expect(ssc.skippedBatches).toEqual([3000, 4000])
  expect((await sums).map(({ time, records }) => [time, [...new Set(records.map(([, n]) => n))]])).toEqual([
    [1000, [1]],
    [2000, [2]],
    [5000, [3]],
    [6000, [4]],
    [7000, [5]],
    [8000, [6]],
  ])
})
