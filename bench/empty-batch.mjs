import { ManualClock, StreamingContext } from 'millrace'
import { figure, table } from './report.mjs'
import { median, quantile } from './stats.mjs'
import { zipfLines } from './words.mjs'

const PARTITIONS = 4
/**
 * Batches until the compilers have optimised the driver, and batches that are measured: in short runs, so many for each second
 * of a run.
 */
const WARM_UP = 2000
const BATCHES = 500
const A_SECOND = { warmUp: 400, batches: 100 }

/** Measures batches with few or no records: one shuffle of 4 to 4 partitions, batch after batch. */
export async function emptyBatches({ threads, runs, seconds }, log) {
  const warmUp = Math.min(WARM_UP, A_SECOND.warmUp * seconds)
  const batches = Math.min(BATCHES, A_SECOND.batches * seconds)
  const lines = zipfLines()
  const few = Array.from({ length: 100 }, () => lines.next().value.trimEnd())
  const inputs = { 'no lines': [], '4 lines': few.slice(0, 4), '100 lines': few }
  const results = Object.fromEntries(Object.keys(inputs).map((name) => [name, []]))
  for (let i = 0; i < runs; i++) {
    for (const [name, records] of Object.entries(inputs))
      results[name].push(await tiny(threads, records, warmUp, batches))
  }
  const rows = Object.entries(results).map(([name, taken]) => [
    name,
    figure(median(taken.map(({ p50 }) => p50))),
    figure(median(taken.map(({ p99 }) => p99))),
    figure(Math.min(...taken.map(({ p50 }) => p50))),
  ])
  log(`\nalmost empty batches: ${PARTITIONS} partitions, one shuffle, ${batches} batches a run, ${runs} runs`)
  log(table(['', 'processing ms p50', 'p99', 'best p50'], rows))
  return results
}

async function tiny(threads, records, warmUp, batches) {
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: 10, threads, parallelism: PARTITIONS, clock })
  const queue = Array.from({ length: warmUp + batches }, () => records)
  ssc
    .queueStream(queue)
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
    .foreachRDD((rdd) => rdd.count())
  const taken = []
  let started = 0
  ssc.on('batchStarted', () => {
    started = performance.now()
  })
  ssc.on('batchCompleted', () => taken.push(performance.now() - started))
  await ssc.start()
  for (let i = 0; i < warmUp + batches; i++) {
    await clock.advance(10)
    await ssc.awaitIdle()
  }
  await ssc.stop()
  const warm = taken.slice(warmUp)
  return { p50: quantile(warm, 0.5), p99: quantile(warm, 0.99) }
}
