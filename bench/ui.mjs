import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ManualClock, StreamingContext } from 'millrace'
import { stopwatch } from './machine.mjs'
import { figure, table } from './report.mjs'
import { spread } from './stats.mjs'
import { zipfLines } from './words.mjs'

const INTERVAL = 10
const KINDS = { off: false, on: { port: 0 }, open: { port: 0 } }
/** Each kind is the first, second and third one twice. */
const ORDERS = [
  ['off', 'on', 'open'],
  ['on', 'open', 'off'],
  ['open', 'off', 'on'],
  ['open', 'on', 'off'],
  ['off', 'open', 'on'],
  ['on', 'off', 'open'],
]
const PARTITIONS = 4
const WARM_UP = 400
const BATCHES = 150
/** Lines of a batch that takes about its interval, on two cores. */
const LINES = 4000
/** Batches that the page keeps. */
const RETAINED = 1000
/** Batches before the heap is measured: until then, compiled code and pools grow. */
const HEAP_WARM_UP = 250
/** Limits of the page's cost: % of the time of a batch, and bytes of the heap for the batches that it keeps. */
const MARKS = { percent: 2, bytes: 20e6 }

/**
 * Measures the cost of the page: streams with and without it, in turn, in one process. A batch starts when the previous one
 * has ended, so the cost is one of throughput. `open`: a reader of the live feed is connected. The stream that is opened first
 * is faster than the next ones by some percent, so each kind is the first, second and third one equally often.
 */
export async function run({ threads, runs }, log) {
  const lines = zipfLines()
  const records = Array.from({ length: LINES }, () => lines.next().value.trimEnd())
  const costs = { on: { time: [], processor: [] }, open: { time: [], processor: [] } }
  const without = []
  let held = 0
  for (const order of ORDERS) {
    const streams = await Streams.open(order, threads, records)
    try {
      for (let run = 0; run < runs; run++) {
        const taken = await streams.turns(run)
        streams.compare(taken, costs)
        without.push(taken.off.ms / BATCHES)
      }
      if (held === 0) held = await heldBytes(streams.of.on)
    } finally {
      await streams.stop()
    }
  }
  const heap = await heapBytes(threads, records)
  const percents = Object.entries(costs).flatMap(([page, cost]) =>
    Object.entries(cost).map(([of, all]) => ({ page, of, ...spread(all) })),
  )
  log(
    `\ncost of the page in % of the time of ${BATCHES} batches with ${LINES} lines, ${ORDERS.length} x ${runs} runs; a batch without the page takes ${figure(spread(without).median)} ms`,
  )
  const rows = percents.map(({ page, of, median, min, max }) => [`${page}, ${of}`, ...[median, min, max].map(figure)])
  log(table(['page', 'median', 'least', 'most'], rows))
  log(
    `heap of ${RETAINED} kept batches with their jobs and tasks: ${figure(heap / 1e6)} MB (as JSON: ${figure(held / 1e6)} MB)`,
  )
  const marks = marksOf(percents, heap)
  for (const mark of marks) log(textOf(mark))
  return { percents, heapMB: heap / 1e6, jsonMB: held / 1e6, marks }
}

/** A stream of each kind, opened in an order and warmed up. */
class Streams {
  #reader
  of = {}

  static async open(order, threads, records) {
    const streams = new Streams()
    for (const name of order) streams.of[name] = await opened(threads, records, KINDS[name])
    streams.#reader = reader(streams.of.open.ssc.ui.url)
    await once(streams.#reader.stdout, 'data')
    for (const name of order) await advance(streams.of[name], WARM_UP)
    return streams
  }

  /** Returns the times of each kind, which have their turns in an order that changes. */
  async turns(run) {
    const names = Object.keys(this.of)
    const taken = {}
    for (const name of run % 2 === 0 ? names : names.reverse()) taken[name] = await advance(this.of[name], BATCHES)
    return taken
  }

  compare(taken, costs) {
    for (const [name, cost] of Object.entries(costs)) {
      cost.time.push((taken[name].ms / taken.off.ms - 1) * 100)
      cost.processor.push((taken[name].cpuMs / taken.off.cpuMs - 1) * 100)
    }
  }

  async stop() {
    this.#reader.kill()
    await once(this.#reader, 'exit')
    for (const { ssc } of Object.values(this.of)) await ssc.stop()
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

/** A process that reads the live feed, as a browser does, and writes that it is connected. */
function reader(url) {
  const program = `fetch(new URL('api/v1/events', ${JSON.stringify(url)})).then(async ({ body }) => {
    console.log('connected')
    for await (const _ of body);
  })`
  return spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
}
