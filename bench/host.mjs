import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { StreamingContext } from 'millrace'
import { startFlood } from './flood.mjs'
import { startSender } from './lines-sent.mjs'
import { figure, table } from './report.mjs'
import { median, quantile } from './stats.mjs'
import { watchMainThread } from './thread-share.mjs'

const MODULE = new URL('./host-pipeline.mjs', import.meta.url)
/**
 * `idle`: a host without an engine. `burners`: a host beside as many busy threads as engine and sender have: with more
 * of them than cores, the system delays any event loop.
 */
const CONTENDERS = { blocked: ['host', 'thread'], full: ['idle', 'burners', 'host', 'thread'] }
const INTERVAL = 100
const BLOCKED_MS = 300
const BLOCKED_EVERY_MS = 1000
const CONNECTIONS = 2
/** The longest time excluded at the beginning of a run; never longer than the run. */
const WARM_UP_SECONDS = 2
const MARKS = { loopDelayP99: 10, core: 0.1 }

/** Measures the effect of a driver thread on the batches of a busy host, and on the host beside a busy engine. */
export async function run({ threads, runs, rate, seconds }, log) {
  const measures = {
    blocked: async (driver, sender) => blockedHost(driver, sender.port, threads, seconds),
    full: async (driver, sender) => fullSpeed(driver, sender.port, threads, seconds),
  }
  const results = {}
  for (const [name, start, text, show] of [
    [
      'blocked',
      () => startSender(rate),
      `a host that blocks for ${BLOCKED_MS} ms every second; ${rate} lines/s, a batch every ${INTERVAL} ms`,
      blockedTable,
    ],
    ['full', startFlood, `an engine at full speed, fed from ${CONNECTIONS} sockets`, fullTable],
  ]) {
    log(`${text}; ${runs} runs of ${seconds} s each, in turn`)
    const drivers = CONTENDERS[name]
    const taken = Object.fromEntries(drivers.map((driver) => [driver, []]))
    for (let i = 0; i < runs; i++) {
      for (const driver of drivers) {
        const sender = await start()
        try {
          taken[driver].push(await measures[name](driver, sender))
        } finally {
          await sender.stop()
        }
      }
    }
    results[name] = drivers.map((driver) => ({ driver, ...middle(taken[driver]), runs: taken[driver] }))
    log(show(results[name]))
  }
  log(marks(results.full))
  return results
}

const warmUp = (seconds) => Math.min(WARM_UP_SECONDS, seconds) * 1000

/**
 * Streams for the given time; `measure` begins after the warm-up and returns a function that ends it and returns its
 * figures.
 */
async function streamed(driver, params, threads, seconds, measure) {
  const ssc = await StreamingContext.fromPipeline(MODULE, { batchInterval: INTERVAL, threads, params, driver })
  await ssc.start()
  const reading = (async () => {
    let records = 0
    for await (const batch of ssc.output('counts')) records += batch.records.length
    return records
  })()
  try {
    await sleep(warmUp(seconds))
    const end = measure(ssc)
    await sleep(seconds * 1000)
    return end()
  } finally {
    await ssc.stop()
    await reading
  }
}

/** The times are the driver's, so late events in the host change nothing. */
function blockedHost(driver, port, threads, seconds) {
  return streamed(driver, { ports: [port], whole: true }, threads, seconds, (ssc) => {
    const scheduling = []
    const total = []
    const processing = []
    ssc.on('batchCompleted', ({ time, startedAt, endedAt }) => {
      scheduling.push(startedAt - time)
      processing.push(endedAt - startedAt)
      total.push(endedAt - time)
    })
    const block = () => {
      for (const until = performance.now() + BLOCKED_MS; performance.now() < until; );
    }
    const timer = setInterval(block, BLOCKED_EVERY_MS)
    return () => {
      clearInterval(timer)
      return {
        batches: total.length,
        scheduling: centiles(scheduling),
        processing: centiles(processing),
        total: centiles(total),
      }
    }
  })
}

async function fullSpeed(driver, port, threads, seconds) {
  if (driver === 'idle') return await withoutEngine(0, seconds)
  if (driver === 'burners') return await withoutEngine(threads + 2, seconds)
  const ports = new Array(CONNECTIONS).fill(port)
  return streamed(driver, { ports, whole: false }, threads, seconds, (ssc) => {
    let bytes = 0
    ssc.on('batchCompleted', ({ inputs }) => {
      for (const input of inputs) bytes += input.bytes
    })
    const began = performance.now()
    const end = watchMainThread()
    return () => ({ ...end(), mbPerSecond: bytes / 1e3 / (performance.now() - began) })
  })
}

/** The same measurement of a host without work, beside busy threads. */
async function withoutEngine(burners, seconds) {
  const workers = Array.from({ length: burners }, () => new Worker('for (;;);', { eval: true }))
  const end = watchMainThread()
  await sleep(seconds * 1000)
  const figures = end()
  await Promise.all(workers.map((worker) => worker.terminate()))
  return { ...figures, mbPerSecond: undefined }
}

function centiles(values) {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99) }
}

/** Returns the medians of several runs, figure by figure. */
function middle(all) {
  const [first] = all
  if (typeof first !== 'object') return first === undefined ? undefined : median(all)
  return Object.fromEntries(Object.keys(first).map((name) => [name, middle(all.map((one) => one[name]))]))
}

function blockedTable(results) {
  const ms = ({ p50, p99 }) => [figure(p50), figure(p99)]
  return table(
    ['driver', 'batches', 'scheduling ms p50', 'p99', 'processing ms p50', 'p99', 'tick to end ms p50', 'p99'],
    results.map(({ driver, batches, scheduling, processing, total }) => [
      driver,
      figure(batches),
      ...ms(scheduling),
      ...ms(processing),
      ...ms(total),
    ]),
  )
}

const percent = (share) => (share === undefined ? '-' : `${(100 * share).toFixed(1)} %`)

function fullTable(results) {
  return table(
    ['driver', 'MB/s', 'host loop delay ms p50', 'p99', 'host loop busy', 'host share of a core'],
    results.map(({ driver, mbPerSecond, loopDelay, busy, core }) => [
      driver,
      figure(mbPerSecond ?? Number.NaN),
      figure(loopDelay.p50),
      figure(loopDelay.p99),
      percent(busy),
      percent(core),
    ]),
  )
}

function marks(results) {
  const { loopDelay, core, busy } = results.find(({ driver }) => driver === 'thread')
  const said = (reached) => (reached ? 'reached' : 'not reached')
  const share = core ?? busy
  return [
    `mark: with the driver in a thread, loop delay p99 below ${MARKS.loopDelayP99} ms: ${said(loopDelay.p99 < MARKS.loopDelayP99)} (${figure(loopDelay.p99)})`,
    `mark: at most ${percent(MARKS.core)} of a core: ${said(share <= MARKS.core)} (${percent(share)})`,
  ].join('\n')
}
