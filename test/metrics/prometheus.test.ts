import { StreamingContext } from 'millrace'
import { prometheusMetrics } from 'millrace/metrics'
import { terminateThread } from 'millrace/testing'
import { Counter, Gauge, Registry } from 'prom-client'
import { afterEach, describe, expect, test } from 'vitest'
import { METRICS } from '#build/metrics/definitions.js'
import { manual, run } from '../engine/support.js'
import { parse, seriesOf } from './exposition.js'

const open: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop()
})

function streams(options: Parameters<typeof manual>[0] = {}) {
  const made = manual({ threads: 1, spare: false, ...options })
  open.push(made.ssc)
  return made
}

describe('the text', () => {
  test('has every metric, with the type that is documented for it', async () => {
    const { ssc } = streams()
    ssc.queueStream([[1, 2]]).foreachRDD(async (rdd) => void (await rdd.count()))
    const { registry } = await prometheusMetrics(ssc)
    await ssc.start()
    await run(ssc, 1)
    const families = parse(await registry.metrics())
    const types = Object.fromEntries([...families.values()].map(({ name, type, help }) => [name, { type, help }]))
    const wanted = Object.entries(METRICS).map(([name, { kind, help }]) => [`millrace_${name}`, { type: kind, help }])
    expect(types).toEqual(Object.fromEntries(wanted))
  })

  test('escapes what a source puts into its name', async () => {
    const name = 'a"b\\c\nd} 1'
    const { ssc } = streams()
    const numbers = ssc.pushStream<number>(name)
    numbers.foreachRDD(() => {})
    const { registry } = await prometheusMetrics(ssc)
    await ssc.start()
    await run(ssc, 1, () => void numbers.push(1, 2, 3))
    const received = parse(await registry.metrics()).get('millrace_records_received_total')!
    expect(received.samples).toEqual([
      { name: received.name, labels: { stream: expect.stringContaining(name) }, value: 3 },
    ])
  })
})

describe('the values', () => {
  test('count batches, records, outputs, tasks and keys', async () => {
    const { ssc } = streams({ onBatchError: 'skip', batchInterval: 2000, stateMemory: 65536 })
    const words = ssc.pushStream<string>('words')
    words
      .map((word) => [word, 1] as [string, number])
      .updateStateByKey((values: number[], sum: number | undefined) => (sum ?? 0) + values.length)
      .foreachRDD(async (rdd, time) => {
        await rdd.count()
        if (time === 4000) throw new Error('no')
      })
    const { registry } = await prometheusMetrics(ssc)
    await ssc.start()
    const batches = [['a', 'b'], ['c'], ['b', 'b', 'd']]
    await run(ssc, 3, (batch) => void words.push(...batches[batch]!))
    const families = parse(await registry.metrics())
    const value = (name: string, labels?: Record<string, string>) => seriesOf(families, `millrace_${name}`, labels)
    expect(value('batches_total', { status: 'succeeded' })).toBe(2)
    expect(value('batches_total', { status: 'skipped' })).toBe(1)
    expect(value('batches_waiting')).toBe(0)
    expect(value('batch_interval_seconds')).toBe(2)
    expect(value('batch_last_time_seconds')).toBe(6)
    expect(value('batch_total_delay_seconds_count')).toBe(3)
    expect(value('batch_phase_duration_seconds_count', { phase: 'run' })).toBe(3)
    expect(value('records_received_total')).toBe(6)
    expect(value('records_processed_total')).toBe(5)
    expect(value('sink_errors_total')).toBe(1)
    expect(value('output_duration_seconds_count')).toBe(3)
    expect(value('state_keys')).toBe(3)
    expect(value('state_bytes', { state: 'memory' })).toBeGreaterThan(0)
    expect(value('state_bytes', { state: 'file' })).toBe(0)
    expect(value('tasks_total', { status: 'succeeded' })).toBeGreaterThanOrEqual(3)
    expect(value('task_duration_seconds_count')).toBeGreaterThan(0)
    expect(value('shuffle_bytes_total')).toBeGreaterThan(0)
    expect(value('workers')).toBe(1)
    expect(value('workers_live')).toBe(1)
    expect(value('worker_busy_ratio')).toBeGreaterThan(0)
    expect(value('worker_busy_ratio')).toBeLessThanOrEqual(1)
    expect(value('arena_bytes', { kind: 'limit' })).toBeGreaterThan(0)
    expect(value('block_bytes', { state: 'memory' })).toBeGreaterThan(0)
  })

  test('count dropped records by reason, and lost threads', async () => {
    const { ssc } = streams()
    ssc
      .queueStream(['1', 'x', 'y'].map((text) => [text]))
      .map((text) => BigInt(text), { onRecordError: 'dead-letter' })
      .foreachRDD(async (rdd) => void (await rdd.count()))
    const { registry } = await prometheusMetrics(ssc)
    await ssc.start()
    await run(ssc, 3)
    const restored = new Promise((resolve) => ssc.on('poolRestored', resolve))
    await terminateThread(ssc)
    await restored
    const families = parse(await registry.metrics())
    expect(seriesOf(families, 'millrace_records_dropped_total', { reason: 'dead_letter' })).toBe(2)
    expect(seriesOf(families, 'millrace_worker_restarts_total', { reason: 'terminated' })).toBe(1)
    expect(seriesOf(families, 'millrace_recovery_duration_seconds_count')).toBe(1)
  })

  test('come from a driver thread too', async () => {
    const { clock } = manual()
    const module = new URL('../engine/driver-pipelines/queue.mjs', import.meta.url)
    const options = { batchInterval: 1000, threads: 1, spare: false, clock, driver: 'thread' } as const
    const handle = await StreamingContext.fromPipeline(module, options)
    open.push(handle)
    const { registry } = await prometheusMetrics(handle)
    await handle.start()
    await clock.advance(1000)
    await handle.awaitIdle()
    const families = parse(await registry.metrics())
    expect(seriesOf(families, 'millrace_records_received_total')).toBe(2)
    expect(seriesOf(families, 'millrace_tasks_total', { status: 'succeeded' })).toBeGreaterThan(0)
    expect(seriesOf(families, 'millrace_workers_live')).toBe(1)
    await handle.stop()
    // The thread has ended, so nothing can be sampled; counters stay.
    expect(seriesOf(parse(await registry.metrics()), 'millrace_records_received_total')).toBe(2)
  })
})

describe('the registry', () => {
  test('of the user may hold metrics of its own, and several pipelines with labels', async () => {
    const registry = new Registry()
    new Gauge({ name: 'orders_open', help: 'Mine.', registers: [registry] }).set(7)
    for (const pipeline of ['one', 'two']) {
      const { ssc } = streams()
      ssc.queueStream([[1], [2]]).foreachRDD(() => {})
      const recorded = await prometheusMetrics(ssc, { registry, prefix: 'mr_', labels: { pipeline } })
      expect(recorded.registry).toBe(registry)
      await ssc.start()
      await run(ssc, pipeline === 'one' ? 1 : 2)
    }
    const families = parse(await registry.metrics())
    expect(seriesOf(families, 'orders_open')).toBe(7)
    expect(seriesOf(families, 'mr_batches_total', { pipeline: 'one' })).toBe(1)
    expect(seriesOf(families, 'mr_batches_total', { pipeline: 'two' })).toBe(2)
    expect(seriesOf(families, 'mr_workers_live', { pipeline: 'one' })).toBe(1)
    expect(seriesOf(families, 'mr_workers_live', { pipeline: 'two' })).toBe(1)
    const { ssc } = streams()
    await expect(prometheusMetrics(ssc, { registry, prefix: 'mr_' })).rejects.toThrow(
      /has mr_batches_total with the labels .*Set labels with the same names/,
    )
  })

  test('keeps the last values after close()', async () => {
    const { ssc } = streams()
    ssc.queueStream([[1], [2]]).foreachRDD(() => {})
    const { registry, close } = await prometheusMetrics(ssc)
    await ssc.start()
    await run(ssc, 1)
    close()
    await run(ssc, 1)
    expect(seriesOf(parse(await registry.metrics()), 'millrace_batches_total')).toBe(1)
  })

  test('refuses a prefix that is no name, and unknown options', async () => {
    const { ssc } = streams()
    await expect(prometheusMetrics(ssc, { prefix: 'a-b' })).rejects.toThrow(/prefix is 'a-b'|prefix is "a-b"/)
    await expect(prometheusMetrics(ssc, { prefx: 'a' } as never)).rejects.toThrow(/unknown option 'prefx'/)
  })
})

test('the parser refuses what a scraper refuses', async () => {
  const good = '# HELP a x\n# TYPE a counter\na{b="c"} 1\n'
  expect(parse(good).get('a')!.samples).toEqual([{ name: 'a', labels: { b: 'c' }, value: 1 }])
  for (const bad of [
    good.trimEnd(),
    'a 1\n',
    `${good}a{b="c"} 2\n`,
    '# HELP a x\n# TYPE a counter\nb 1\n',
    '# HELP a x\n# TYPE a counter\na{b="c\n"} 1\n',
    '# HELP a x\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
  ])
    expect(() => parse(bad), bad).toThrow()
  const registry = new Registry()
  new Counter({ name: 'x', help: 'A "quote"', registers: [registry] }).inc(2)
  expect(seriesOf(parse(await registry.metrics()), 'x')).toBe(2)
})
