import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { ManualClock, StreamingContext } from 'millrace'
import { expect, test } from 'vitest'
import { gather, run } from './support.js'

// Inside the repository, so that the module finds the package by its name.
const folder = new URL('./.event-time/', import.meta.url)

test('a pipeline module: closures in every function, the same graph in every thread', async () => {
  mkdirSync(folder, { recursive: true })
  const url = new URL(`pipeline-${process.pid}.mjs`, folder)
  writeFileSync(
    url,
    `
      import { customPartitioner, definePipeline } from 'millrace'
      export default definePipeline((ssc, { size, unit }) => {
        const timeOf = ([, time]) => time * unit
        const plus = (a, b) => a + b
        const partitions = customPartitioner(2, (key) => key.length - 1)
        const events = ssc.queueStream([[['a', 1], ['bb', 2], ['a', 5]], [['a', 12]], [['a', 3]], []]).withTimestamps(timeOf)
        const sums = events.filter(([key]) => key !== unit).tumbling(size, { partitions }).aggregateByKey(0, plus, plus)
        sums.map(({ key, value }) => key + value / unit).output('sums')
        sums.lateRecords().output('late')
        events.joinWithin(events, { lower: 1, upper: size, partitions }).mapValues(([a, b]) => b - a).output('pairs')
      })`,
  )
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const ssc = await StreamingContext.fromPipeline(url, {
    batchInterval: 1000,
    threads: 2,
    params: { size: 10_000, unit: 1000 },
    clock: new ManualClock(0),
    logger: quiet,
  })
  try {
    await ssc.start()
    const outputs = Promise.all(['sums', 'late', 'pairs'].map((name) => gather(ssc, name)))
    await run(ssc, 4)
    await ssc.stop()
    const [sums, late, pairs] = (await outputs).map((batches) =>
      batches.map(({ records }) => records.map((record) => JSON.stringify(record)).sort()),
    )
    expect(sums).toEqual([[], [], ['"a0.009"', '"bb0.002"'], []])
    expect(late).toEqual([[], [], [], []])
    expect(pairs).toEqual([['["a",4]'], ['["a",7]'], [], []])
  } finally {
    await ssc.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
