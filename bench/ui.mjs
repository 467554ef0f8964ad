import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
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
/** Batches before the heap is measured: until then, compiled code and pools grow. */
const HEAP_WARM_UP = 250
/** Limits of the page's cost: % of the time of a batch, and bytes of the heap for the batches that it keeps. */
const MARKS = { percent: 2, bytes: 20e6 }

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
    const heap = await heapBytes(threads, records)
    const percents = Object.entries(costs).flatMap(([page, cost]) =>
      Object.entries(cost).map(([of, all]) => ({ page, of, ...spread(all) })),
    )
    log(`\ncost of the page in % of the time of ${BATCHES} batches with ${LINES} lines, ${runs} runs`)
    const rows = percents.map(({ page, of, median, min, max }) => [`${page}, ${of}`, ...[median, min, max].map(figure)])
    log(table(['page', 'median', 'least', 'most'], rows))
    log(
      `heap of ${RETAINED} kept batches with their jobs and tasks: ${figure(heap / 1e6)} MB (as JSON: ${figure(held / 1e6)} MB)`,
    )
    const marks = marksOf(percents, heap)
    for (const mark of marks) log(textOf(mark))
    return { percents, heapMB: heap / 1e6, jsonMB: held / 1e6, marks }
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

/**
 * The bytes of the heap that the page needs for the batches that it keeps: the growth of the heap in batches of streams with a page,
 * less the growth in batches of streams without one.
 */
async function heapBytes(threads, records) {
  const growth = []
  for (const ui of [{ port: 0 }, false]) {
    const stream = await opened(threads, records, ui)
    await advance(stream, HEAP_WARM_UP)
    const before = usedHeap()
    await advance(stream, RETAINED - HEAP_WARM_UP)
    growth.push(usedHeap() - before)
    await stream.ssc.stop()
  }
  return Math.max(0, growth[0] - growth[1]) * (RETAINED / (RETAINED - HEAP_WARM_UP))
}

/** Bytes of the heap after a full collection. */
function usedHeap() {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

function marksOf(percents, heap) {
  const costs = percents
    .filter(({ of }) => of === 'time')
    .map(({ page, median }) => ({ name: `page ${page}, % of batch time`, value: median, most: MARKS.percent }))
  return [...costs, { name: `MB of heap for ${RETAINED} batches`, value: heap / 1e6, most: MARKS.bytes / 1e6 }]
}

function textOf({ name, value, most }) {
  const result = value < most ? 'reached' : `missed by ${figure(value - most)}`
  return `mark: ${name} under ${most}: ${figure(value)}, ${result}`
}

async function drain(response) {
  try {
    for await (const _ of response.body);
  } catch (error) {
    if (error.name !== 'AbortError') throw error
  }
}
