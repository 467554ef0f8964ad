import { Context } from 'millrace'
import { statsReport } from 'millrace/metrics'
import { expect, test } from 'vitest'
import { manual, run } from '../engine/support.js'

test('reports the delays of the last batches at the end of each', async () => {
  const { ssc, clock } = manual({ threads: 1, spare: false })
  await using _ssc = ssc
  ssc.queueStream([[1], [2], [3]]).foreachRDD(async (_, time) => {
    // The batch takes 10 ms for each second of its time.
    await clock.advance(time / 100)
  })
  const reports: string[] = []
  const end = statsReport(ssc, { batches: 2, write: (report) => void reports.push(report) })
  await ssc.start()
  for (let batch = 1; batch <= 3; batch++) {
    await clock.advance(batch * 1000 - clock.now())
    await ssc.awaitIdle()
  }
  expect(reports[2]!.split('\n')).toEqual([
    'Total delay: (count: 2, mean: 25.0 ms, stdev: 5.0 ms, max: 30.0 ms, min: 20.0 ms)',
    'Total delay: 0%: 20.0 5%: 20.0 10%: 20.0 25%: 20.0 50%: 30.0 75%: 30.0 90%: 30.0 95%: 30.0 100%: 30.0',
    'Processing time: (count: 2, mean: 25.0 ms, stdev: 5.0 ms, max: 30.0 ms, min: 20.0 ms)',
    'Processing time: 0%: 20.0 5%: 20.0 10%: 20.0 25%: 20.0 50%: 30.0 75%: 30.0 90%: 30.0 95%: 30.0 100%: 30.0',
  ])
  end()
  await run(ssc, 1)
  expect(reports).toHaveLength(3)
})

test('reports the tasks of stages on request', async () => {
  await using ctx = new Context({ threads: 1, spare: false, parallelism: 3 })
  const reports: string[] = []
  statsReport(ctx, { stages: true, write: (report) => void reports.push(report) })
  await ctx.range(9).count()
  expect(reports).toHaveLength(1)
  expect(reports[0]).toMatch(/^Stage 0 \(result of range#?\d*, [\d.]+ ms\): tasks: \(count: 3, mean: [\d.]+ ms, /)
})

test('checks its options', () => {
  const { ssc } = manual()
  expect(() => statsReport(ssc, { batches: 0 })).toThrow(/batches is 0; it must be a whole number from 1 on/)
  expect(() => statsReport(ssc, { write: 1 as never })).toThrow(/write is 1; it must be a function/)
})
