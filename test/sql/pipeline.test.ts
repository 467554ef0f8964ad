import { ManualClock, StreamingContext } from 'millrace'
import { expect, test } from 'vitest'

test.each(['host', 'thread'] as const)('a pipeline module has queries, with its driver in: %s', async (driver) => {
  const clock = new ManualClock()
  const ssc = await StreamingContext.fromPipeline(new URL('../fixtures/sql/pipeline.mjs', import.meta.url), {
    batchInterval: '1s',
    threads: 2,
    spare: false,
    clock,
    driver,
  })
  await ssc.start()
  await clock.advance(2000)
  await ssc.awaitIdle()
  await ssc.stop()
  const totals: unknown[] = []
  for await (const { records } of ssc.output('totals')) totals.push(records)
  expect(totals).toEqual([[{ total: 11 }], [{ total: 5 }]])
})
