import { metrics, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { Context } from 'millrace'
import { openTelemetry } from 'millrace/opentelemetry'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manual, run } from '../engine/support.js'

const spans = new InMemorySpanExporter()
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 2 ** 31 - 1 })
const cleanups: (() => unknown)[] = []

beforeEach(() => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
})

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
  trace.disable()
  metrics.disable()
  spans.reset()
})

async function started(options: Parameters<typeof openTelemetry>[0] = { metrics: false }) {
  cleanups.push(await openTelemetry(options))
}

function streams(options: Parameters<typeof manual>[0] = {}) {
  const { ssc } = manual({ threads: 1, parallelism: 1, spare: false, ...options })
  cleanups.unshift(() => ssc.stop())
  return ssc
}

const named = (name: string) => spans.getFinishedSpans().filter((span) => span.name.startsWith(name))
const parentOf = (span: ReadableSpan) => span.parentSpanContext?.spanId

describe('spans', () => {
  test('nest: a batch, its stages, their tasks', async () => {
    await started()
    const ssc = streams()
    ssc
      .queueStream([['a', 'b'], ['c']])
      .map((word) => [word, 1] as [string, number])
      .reduceByKey((a, b) => a + b)
      .foreachRDD(async (rdd) => void (await rdd.collect()))
    await ssc.start()
    await run(ssc, 2)
    const [batch, second] = named('millrace batch')
    expect(named('millrace batch')).toHaveLength(2)
    expect(parentOf(batch!)).toBe(undefined)
    expect(batch!.attributes).toMatchObject({
      'millrace.batch.time': 1000,
      'millrace.batch.status': 'succeeded',
      'millrace.batch.records': 2,
    })
    expect(batch!.spanContext().traceId).not.toBe(second!.spanContext().traceId)
    const stages = named('millrace stage').filter((stage) => parentOf(stage) === batch!.spanContext().spanId)
    expect(stages.map((stage) => stage.attributes['millrace.stage.kind']).sort()).toEqual(['map', 'result'])
    for (const stage of stages) {
      const tasks = named('millrace task').filter((task) => parentOf(task) === stage.spanContext().spanId)
      expect(tasks.map((task) => task.attributes['millrace.task.status'])).toEqual(['succeeded'])
      expect(tasks[0]!.spanContext().traceId).toBe(batch!.spanContext().traceId)
    }
    // Names have no number of a dataset, which grows with every batch.
    expect(new Set(named('millrace').map(({ name }) => name)).size).toBeLessThanOrEqual(5)
  })

  test('have the error of a batch and of its tasks', async () => {
    await started()
    const ssc = streams({ onBatchError: 'skip', maxFailures: 1 })
    ssc
      .queueStream([[1]])
      .map(() => {
        throw new Error('no good')
      })
      .foreachRDD(async (rdd) => void (await rdd.count()))
    await ssc.start()
    await run(ssc, 1)
    for (const kind of ['batch', 'stage', 'task']) {
      const [span] = named(`millrace ${kind}`)
      expect(span!.status.message, kind).toContain('no good')
      expect(span!.events.map(({ name }) => name)).toEqual(['exception'])
    }
  })

  test('of a job outside of batches are below the job, for each context of the process', async () => {
    await started({ spans: 'stage', metrics: false })
    for (let i = 0; i < 2; i++) {
      const ctx = new Context({ threads: 1, spare: false })
      cleanups.unshift(() => ctx.stop())
      await ctx.range(3).count()
    }
    const jobs = named('millrace job')
    expect(jobs.map((job) => job.attributes['millrace.job.id'])).toEqual([0, 0])
    expect(named('millrace stage').map(parentOf)).toEqual(jobs.map((job) => job.spanContext().spanId))
    expect(named('millrace task')).toEqual([])
  })

  test('of an abandoned batch end with the streams', async () => {
    await started({ spans: 'batch', metrics: false })
    const ssc = streams()
    ssc.queueStream([[1]]).foreachRDD(() => new Promise(() => {}))
    await ssc.start()
    const isRunning = new Promise((resolve) => ssc.on('batchStarted', resolve))
    await (ssc.clock as import('millrace').ManualClock).advance(1000)
    await isRunning
    await ssc.stop({ timeout: 1 })
    expect(named('millrace batch')).toHaveLength(1)
  })

  test('are absent with spans: none, and after the end', async () => {
    await started({ spans: 'none', metrics: false })
    const end = await openTelemetry({ metrics: false })
    end()
    const ctx = new Context({ threads: 1, spare: false })
    cleanups.unshift(() => ctx.stop())
    await ctx.range(3).count()
    expect(spans.getFinishedSpans()).toEqual([])
    await expect(openTelemetry({ spans: 'all' as never })).rejects.toThrow(/it must be one of none, batch, stage, task/)
  })
})

test('metrics have units, and the number of their context', async () => {
  const provider = new MeterProvider({ readers: [reader] })
  cleanups.push(() => provider.shutdown())
  metrics.setGlobalMeterProvider(provider)
  await started({ spans: 'none' })
  const ssc = streams()
  ssc.queueStream([[1, 2], [3]]).foreachRDD(async (rdd) => void (await rdd.count()))
  await ssc.start()
  await run(ssc, 2)
  await reader.forceFlush()
  const all = measured.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
  const metric = (name: string) => all.find(({ descriptor }) => descriptor.name === name)!
  expect(metric('millrace.batches').dataPoints).toMatchObject([
    { value: 2, attributes: { status: 'succeeded', 'millrace.context': expect.any(Number) } },
  ])
  expect(metric('millrace.records_received').dataPoints[0]!.value).toBe(3)
  const delay = metric('millrace.batch_total_delay')
  expect(delay.descriptor.unit).toBe('s')
  expect(delay.dataPoints[0]!.value).toMatchObject({
    count: 2,
    buckets: { boundaries: expect.arrayContaining([0.005]) },
  })
  expect(metric('millrace.received_bytes').descriptor.unit).toBe('By')
})
