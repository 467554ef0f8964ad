import { expect, test } from 'vitest'
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
  checked.map((word) => [word, 1] as [string, number]).updateStateByKey<number>((values, state) => values.reduce((a, b) => a + b, state ?? 0)).output('totals')
  const skipped: unknown[] = []
  ssc.on('batchSkipped', ({ time, outputs }) => skipped.push([time, outputs]))
  await ssc.start()
  const outputs = Promise.all([gather<number>(ssc, 'size'), gather<[string, number]>(ssc, 'window'), gather<[string, number]>(ssc, 'totals')])
  await run(ssc, data.length, async (batch) => {
    // The state must come back from snapshots and replays that know nothing of the skipped batches.
    if (batch === 3) await Promise.all(ssc.context.engine.pool!.threads().map((thread) => thread.worker.terminate()))
  })
  await ssc.stop()
  const [size, window, totals] = await outputs
  expect(size.map((batch) => batch.records[0])).toEqual([3, 1, 2, 1, 1, 2])
  expect(ssc.skippedBatches).toEqual([2000, 5000])
  expect(skipped).toEqual([2000, 5000].map((time) => [time, ['output(window)', 'output(totals)']]))
  expect(log.filter((line) => line.includes('was skipped'))).toHaveLength(2)
  const good = data.map((batch, i) => ({ batch, time: (i + 1) * 1000 })).filter(({ batch }) => batch[0] !== 'poison')
  const model = good.map(({ time }) => ({
    window: countOf(good.filter((other) => other.time > time - 3000 && other.time <= time).flatMap(({ batch }) => batch)),
    totals: countOf(good.filter((other) => other.time <= time).flatMap(({ batch }) => batch)),
  }))
  expect(window.map(({ time }) => time)).toEqual(good.map(({ time }) => time))
  window.forEach(({ records }, i) => expect(sorted(records)).toEqual(sorted(model[i]!.window)))
  totals.forEach(({ records }, i) => expect(sorted(records)).toEqual(sorted(model[i]!.totals)))
})
