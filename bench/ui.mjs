import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ManualClock, StreamingContext } from 'millrace'
import { stopwatch } from './machine.mjs'
import { figure, table } from './report.mjs'
import { pairedDifferences } from './stats.mjs'
import { SwitchedPage } from './ui-switch.mjs'
import { zipfLines } from './words.mjs'

const INTERVAL = 10
const PARTITIONS = 4
/** Lines of a batch that takes about its interval, on two cores. */
const LINES = 8000
/** Batches that the page keeps. */
const RETAINED = 1000
/**
 * The page without a reader and with one. `batches`: those of a turn: a reader gets four frames a second, and the state of the
 * streams once. `pairs`: turns of each kind per run.
 */
const KINDS = {
  on: { batches: 50, pairs: 40, read: false },
  open: { batches: 200, pairs: 8, read: true },
}
/** Batches before the heap is measured: until then, compiled code and pools grow. */
const HEAP_WARM_UP = 250
/** Limits of the page's cost: % of the time of a batch, and bytes of the heap for the batches that it keeps. */
const MARKS = { percent: 2, bytes: 20e6 }

/**
 * Measures the cost of the page: one stream runs a number of batches with it, then as many without, and so on. A batch starts
 * when the previous one has ended, so the cost in time is one of throughput. The differences of neighbouring turns show a cost
 * that is far below the differences between streams, or between minutes.
 */
export async function run({ threads, runs }, log) {
  const lines = zipfLines()
  const records = Array.from({ length: LINES }, () => lines.next().value.trimEnd())
  const costs = []
  for (const [name, kind] of Object.entries(KINDS)) costs.push(...(await costOf(name, kind, runs, threads, records)))
  const { heap, held } = await heapBytes(threads, records)
  log(
    `\ncost of the page for a batch with ${LINES} lines: differences of neighbouring turns with and without it\n${table(
      ['page', 'batch', 'difference', '%', '95 % of medians', 'mean', 'pairs'],
      costs.map(rowOf),
    )}`,
  )
  log(
    `heap of ${RETAINED} kept batches with their jobs and tasks: ${figure(heap / 1e6)} MB (as JSON: ${figure(held / 1e6)} MB)`,
  )
  const marks = marksOf(costs, heap)
  for (const mark of marks) log(textOf(mark))
  return { costs, heapMB: heap / 1e6, jsonMB: held / 1e6, marks }
}

/** Returns what a page costs in time and in processor time of the process. */
async function costOf(name, { batches, pairs, read }, runs, threads, records) {
  const stream = await opened(threads, records, false)
  const page = new SwitchedPage(stream.ssc)
  try {
    await page.turnOn()
    await advance(stream, RETAINED)
    await page.turnOff()
    const turns = { on: [], off: [] }
    for (let pair = 0; pair < pairs * runs; pair++) {
      for (const kind of pair % 2 === 0 ? ['on', 'off'] : ['off', 'on']) {
        if (kind === 'on') await page.turnOn(read)
        const { ms, cpuMs } = await advance(stream, batches)
        turns[kind].push({ time: ms / batches, processor: cpuMs / batches })
        if (kind === 'on') await page.turnOff()
      }
    }
    const of = (figure) => pairedDifferences(...['on', 'off'].map((kind) => turns[kind].map((turn) => turn[figure])))
    return ['time', 'processor'].map((figure) => ({ page: name, of: figure, pairs: pairs * runs, ...of(figure) }))
  } finally {
    await page.close()
    await stream.ssc.stop()
  }
}

function rowOf({ page, of, base, median, low, high, mean, pairs }) {
  const percent = (ms) => figure((ms / base) * 100)
  return [
    `${page}, ${of}`,
    `${figure(base)} ms`,
    `${figure(median * 1000)} µs`,
    percent(median),
    `${percent(low)} to ${percent(high)}`,
    percent(mean),
    String(pairs),
  ]
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

/**
 * The bytes of the heap that the page needs for the batches that it keeps: the growth of the heap in batches of streams with a page,
 * less the growth in batches of streams without one. `held`: the bytes of these batches as JSON.
 */
async function heapBytes(threads, records) {
  const growth = []
  let held = 0
  for (const ui of [{ port: 0 }, false]) {
    const stream = await opened(threads, records, ui)
    await advance(stream, HEAP_WARM_UP)
    const before = usedHeap()
    await advance(stream, RETAINED - HEAP_WARM_UP)
    growth.push(usedHeap() - before)
    if (ui) held = await heldBytes(stream.ssc.ui.url)
    await stream.ssc.stop()
  }
  return { heap: Math.max(0, growth[0] - growth[1]) * (RETAINED / (RETAINED - HEAP_WARM_UP)), held }
}

/** The bytes of everything that the page keeps of its batches, as JSON. */
async function heldBytes(url) {
  const batches = await (await fetch(new URL('api/v1/batches', url))).json()
  let bytes = 0
  for (const { time } of batches) bytes += (await (await fetch(new URL(`api/v1/batches/${time}`, url))).text()).length
  return bytes
}

/** Bytes of the heap after a full collection. */
function usedHeap() {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

function marksOf(costs, heap) {
  const percents = costs
    .filter(({ of }) => of === 'time')
    .map(({ page, base, median, low, high }) => {
      const [value, least, most] = [median, low, high].map((ms) => (ms / base) * 100)
      return { name: `page ${page}, % of batch time`, value, least, most, limit: MARKS.percent }
    })
  const MB = heap / 1e6
  return [
    ...percents,
    { name: `MB of heap for ${RETAINED} batches`, value: MB, least: MB, most: MB, limit: MARKS.bytes / 1e6 },
  ]
}

/** A mark is reached, or missed, if the whole interval is on that side of it. */
function textOf({ name, value, least, most, limit }) {
  const missed = least < limit ? 'not decided: repeat it with more runs, or on an idle machine' : 'missed'
  return `mark: ${name} under ${limit}: ${figure(value)}, ${most < limit ? 'reached' : missed}`
}
