import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StreamingContext } from 'millrace'
import { Batches } from './batches.mjs'
import { linesBuffer } from './data.mjs'
import { HandFed } from './hand-fed.mjs'
import { countLines } from './plain.mjs'
import { figure, table, versusTable } from './report.mjs'
import { median, quantile } from './stats.mjs'
import { versus } from './versus.mjs'

const BATCH_BYTES = 32 * 2 ** 20
/** One batch and the bytes that arrive in it: about 20,000 lines per second. */
const INTERVAL = 10
const PACED_BYTES = 20_000

const wordCount = (lines) =>
  lines
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)

/** Measures the cost of the write-ahead log: throughput of large batches, delays of small ones, and waits of pushes. */
export async function run({ threads, bytes, runs, seconds }, log) {
  const batch = linesBuffer(Math.min(bytes, BATCH_BYTES))
  return {
    throughput: await large(threads, batch, runs, log),
    delays: await small(threads, batch, runs, seconds, log),
    pushes: await pushes(threads, log),
  }
}

/** A context with checkpoints in a directory of its own, and a log or none. */
async function within(writeAheadLog, use) {
  const checkpointDir = mkdtempSync(join(tmpdir(), 'millrace-bench-log-'))
  try {
    return await use({ checkpointDir, writeAheadLog: writeAheadLog && { flushInterval: 10 } })
  } finally {
    rmSync(checkpointDir, { recursive: true })
  }
}

/** Time of a batch while the bytes of the next one arrive, as at the highest rate that a stream can sustain. */
async function large(threads, bytes, runs, log) {
  const volume = { bytes: bytes.length, records: countLines(bytes) }
  log(`word count in batches of ${volume.records} lines, with checkpoints`)
  const define = (lines) => wordCount(lines).output('result')
  return await within(true, (logged) =>
    within(false, async (unlogged) => {
      const [a, b] = [
        await Batches.start({ threads, define, options: logged }),
        await Batches.start({ threads, define, options: unlogged }),
      ]
      const contender = (name, batches) => ({ name, run: () => batches.runWhileFeeding(bytes) })
      const normal = (pairs) => [...pairs].sort(([x], [y]) => (x < y ? -1 : 1))
      try {
        for (const batches of [a, b]) await batches.feed(bytes)
        const result = await versus(contender('log', a), contender('no log', b), { runs, normal, log })
        log(versusTable(result, volume))
        return { volume, ...result }
      } finally {
        await Promise.all([a.stop(), b.stop()])
      }
    }),
  )
}

/** Delays of batches of 10 ms at a steady rate, with a log, with checkpoints only, and without both, in turn. */
async function small(threads, bytes, runs, seconds, log) {
  log(`\nword count in batches of ${INTERVAL} ms, ${PACED_BYTES} bytes each`)
  const delays = { log: [], 'no log': [], 'no checkpoints': [] }
  const measured = (name) => {
    if (name === 'no checkpoints') return paced(threads, bytes, seconds, {})
    return within(name === 'log', (options) => paced(threads, bytes, seconds, options))
  }
  for (let round = 0; round < runs; round++)
    for (const name of Object.keys(delays)) delays[name].push(await measured(name))
  const rows = Object.entries(delays).map(([name, rounds]) => [
    name,
    ...['p50', 'p99'].map((which) => figure(median(rounds.map((round) => round[which])))),
  ])
  log(table(['', 'median p50, ms', 'median p99, ms'], rows))
  return delays
}

async function paced(threads, bytes, seconds, options) {
  const input = new HandFed()
  const ssc = new StreamingContext({ batchInterval: INTERVAL, threads, ...options })
  wordCount(ssc.input(input.source)).foreachRDD(async (rdd) => void (await rdd.collect()))
  const delays = []
  ssc.on('batchCompleted', ({ totalDelay }) => void delays.push(totalDelay))
  await ssc.start()
  let at = 0
  const timer = setInterval(() => {
    at = at + PACED_BYTES > bytes.length ? 0 : at
    input.feed(bytes.subarray(at, at + PACED_BYTES))
    at += PACED_BYTES
  }, INTERVAL)
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  clearInterval(timer)
  await ssc.stop({ graceful: true })
  // The first tenth runs cold code.
  const warm = delays.slice(Math.floor(delays.length / 10))
  return { batches: warm.length, p50: quantile(warm, 0.5), p99: quantile(warm, 0.99) }
}

/** Time from a push until 'logged' to its promise: one after the other, and many at once, which share a sync. */
async function pushes(threads, log) {
  log('\npush until logged')
  return await within(true, async (options) => {
    const ssc = new StreamingContext({ batchInterval: 1000, threads, ...options })
    const events = ssc.pushStream('events')
    events.count().foreachRDD(async (rdd) => void (await rdd.collect()))
    await ssc.start()
    const results = {}
    for (const atOnce of [1, 100]) {
      const waits = []
      for (let i = 0; i < 200; i++) {
        const began = performance.now()
        const push = () => events.push('x'.repeat(100), { until: 'logged' })
        await Promise.all(Array.from({ length: atOnce }, push))
        waits.push(performance.now() - began)
      }
      results[atOnce] = { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99) }
    }
    await ssc.stop({ graceful: true })
    const rows = Object.entries(results).map(([atOnce, { p50, p99 }]) => [atOnce, figure(p50), figure(p99)])
    log(table(['at once', 'p50, ms', 'p99, ms'], rows))
    return results
  })
}
