import { trace } from '@opentelemetry/api'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { ManualClock, StreamingContext } from 'millrace'
import { prometheusMetrics, streamHealth } from 'millrace/metrics'
import { openTelemetry } from 'millrace/opentelemetry'
import { figure, table } from './report.mjs'
import { median, quantile } from './stats.mjs'
import { zipfLines } from './words.mjs'

const PARTITIONS = 4
/** Tasks of a batch: one shuffle. */
const TASKS = 2 * PARTITIONS
/** Batches until the compilers have optimised the driver. */
const WARM_UP = 1000
const BATCHES = 500

/** The observers whose cost is measured. Each returns a function that ends it. */
const OBSERVERS = {
  none: async () => () => {},
  probes: async (ssc) => {
    const health = streamHealth(ssc)
    return () => health.close()
  },
  metrics: async (ssc) => (await prometheusMetrics(ssc)).close,
  'spans of batches': () => openTelemetry({ spans: 'batch', metrics: false }),
  'spans of tasks': () => openTelemetry({ spans: 'task', metrics: false }),
}

/** Measures what observers add to batches of 100 lines in eight tasks: in processing time, and in CPU of the process. */
export async function run({ threads, runs }, log) {
  // Spans are collected and dropped: exporting is the exporter's cost.
  const exporter = { export: (_, done) => done({ code: 0 }), shutdown: async () => {} }
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] }))
  const lines = zipfLines()
  const records = Array.from({ length: 100 }, () => lines.next().value.trimEnd())
  const taken = Object.fromEntries(Object.keys(OBSERVERS).map((name) => [name, []]))
  log(`batches of 100 lines, ${TASKS} tasks, ${BATCHES} batches a run after ${WARM_UP}, ${runs} runs in turn`)
  for (let i = 0; i < runs; i++)
    for (const [name, observe] of Object.entries(OBSERVERS)) taken[name].push(await observed(threads, records, observe))
  const results = Object.entries(taken).map(([name, all]) => ({
    name,
    p50: median(all.map(({ p50 }) => p50)),
    cpu: median(all.map(({ cpu }) => cpu)),
    bestCpu: Math.min(...all.map(({ cpu }) => cpu)),
    runs: all,
  }))
  const [none] = results
  const row = ({ name, p50, cpu, bestCpu }) => [
    name,
    figure(p50),
    figure(cpu),
    figure(bestCpu),
    figure(bestCpu - none.bestCpu),
  ]
  log(await recording())
  log(table(['observer', 'processing ms p50', 'CPU µs a batch', 'best CPU µs', 'more than none'], results.map(row)))
  return results
}

/** Measures the recorder alone, without streams: it is too quick to be seen in a batch. */
async function recording() {
  let listener
  const listen = (given) => {
    listener = given
    return () => {}
  }
  await prometheusMetrics({ listen, status: () => Promise.reject(new Error('none')) })
  const task = { label: 'reduceByKey#3', status: 'succeeded', ms: 1.5, shuffleBytes: 100 }
  const inputs = [{ stream: 0, name: 'words', records: 10, bytes: 100 }]
  const batch = { time: 1, schedulingDelay: 1, processingDelay: 2, totalDelay: 3, inputs, eventTime: [] }
  const phases = { allocate: 1, plan: 1, run: 1, commit: 1, checkpoint: 1 }
  const outputs = [{ id: 0, label: 'print', ms: 1 }]
  const progress = { time: 1, status: 'succeeded', records: 10, phases, outputs, state: [] }
  const taskUs = cpuOf(() => listener.taskEnded(task))
  const batchUs = cpuOf(() => {
    listener.batchSubmitted(batch)
    listener.batchCompleted(batch)
    listener.batchProgress(progress)
  })
  return `recording for prom-client: ${figure(taskUs)} µs a task, ${figure(batchUs)} µs a batch`
}

/** Returns the least CPU of a call, in µs. */
function cpuOf(call) {
  const calls = 50_000
  const taken = Array.from({ length: 4 }, () => {
    const before = process.cpuUsage()
    for (let i = 0; i < calls; i++) call()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / calls
  })
  return Math.min(...taken)
}

async function observed(threads, records, observe) {
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: 10, threads, parallelism: PARTITIONS, clock, spare: false })
  ssc
    .queueStream([], { default: records })
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
    .foreachRDD((rdd) => rdd.count())
  const end = await observe(ssc)
  const times = []
  let started = 0
  ssc.on('batchStarted', () => {
    started = performance.now()
  })
  ssc.on('batchCompleted', () => times.push(performance.now() - started))
  await ssc.start()
  let before
  for (let i = 0; i < WARM_UP + BATCHES; i++) {
    if (i === WARM_UP) before = process.cpuUsage()
    await clock.advance(10)
    await ssc.awaitIdle()
  }
  const { user, system } = process.cpuUsage(before)
  end()
  await ssc.stop()
  return { p50: quantile(times.slice(WARM_UP), 0.5), cpu: (user + system) / BATCHES }
}
