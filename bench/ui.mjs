import { ManualClock, StreamingContext } from 'millrace'
import { stopwatch } from './machine.mjs'
import { figure, table } from './report.mjs'
import { spread } from './stats.mjs'
import { zipfLines } from './words.mjs'

const INTERVAL = 10
const PARTITIONS = 4
const WARM_UP = 1000
const BATCHES = 150
/** Lines of a batch: 100,000 per second at batches of 10 ms. */
const LINES = 1000
/** Batches that the page keeps. */
const RETAINED = 1000

/**
 * Measures the cost of the page: streams with and without it, in turn, in one process. A batch starts when the previous one
 * has ended, so the cost is one of throughput. `open`: a reader of the live feed is connected.
 */
export async function run({ threads, runs }, log) {
  const lines = zipfLines()
  const records = Array.from({ length: LINES }, () => lines.next().value.trimEnd())
  const kinds = { off: false, on: { port: 0 }, open: { port: 0 } }
  const streams = {}
  for (const [name, ui] of Object.entries(kinds)) streams[name] = await opened(threads, records, ui)
  const abort = new AbortController()
  const response = await fetch(new URL('api/v1/events', streams.open.ssc.ui.url), { signal: abort.signal })
  const read = drain(response)
  const costs = { on: { time: [], processor: [] }, open: { time: [], processor: [] } }
  try {
    for (const stream of Object.values(streams)) await advance(stream, WARM_UP)
    for (let run = 0; run < runs; run++) {
      const names = run % 2 === 0 ? ['off', 'on', 'open'] : ['open', 'on', 'off']
      const taken = {}
      for (const name of names) taken[name] = await advance(streams[name], BATCHES)
      for (const [name, cost] of Object.entries(costs)) {
        cost.time.push((taken[name].ms / taken.off.ms - 1) * 100)
        cost.processor.push((taken[name].cpuMs / taken.off.cpuMs - 1) * 100)
      }
    }
    const held = await heldBytes(streams.on)
    const percents = Object.entries(costs).flatMap(([page, cost]) =>
      Object.entries(cost).map(([of, all]) => ({ page, of, ...spread(all) })),
    )
    log(`\ncost of the page in % of the time of ${BATCHES} batches with ${LINES} lines, ${runs} runs`)
    const rows = percents.map(({ page, of, median, min, max }) => [`${page}, ${of}`, ...[median, min, max].map(figure)])
    log(table(['page', 'median', 'least', 'most'], rows))
    log(`JSON of ${RETAINED} batches with their jobs: ${figure(held / 2 ** 20)} MiB`)
    return { percents, heldMiB: held / 2 ** 20 }
  } finally {
    abort.abort()
    await read
    for (const { ssc } of Object.values(streams)) await ssc.stop()
  }
}

async function opened(threads, records, ui) {
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: INTERVAL, threads, parallelism: PARTITIONS, clock, ui })
  ssc
    .queueStream([], { default: records })
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
    .foreachRDD((rdd) => rdd.count())
  await ssc.start()
  return { ssc, clock }
}

/** Runs batches back to back. Returns their time and processor time in ms. */
async function advance({ ssc, clock }, batches) {
  const lap = stopwatch()
  for (let i = 0; i < batches; i++) {
    await clock.advance(INTERVAL)
    await ssc.awaitIdle()
  }
  return lap()
}

/** The bytes of everything that the page keeps of its batches, as JSON: about the bytes that they take in the heap. */
async function heldBytes(stream) {
  await advance(stream, RETAINED)
  const { url } = stream.ssc.ui
  const batches = await (await fetch(new URL('api/v1/batches', url))).json()
  let bytes = 0
  for (const { time } of batches) bytes += (await (await fetch(new URL(`api/v1/batches/${time}`, url))).text()).length
  return bytes
}

async function drain(response) {
  try {
    for await (const _ of response.body);
  } catch (error) {
    if (error.name !== 'AbortError') throw error
  }
}
