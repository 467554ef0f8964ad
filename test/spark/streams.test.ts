import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { ManualClock, StreamingContext, type StreamingOptions, type TaskContext, withEnv } from 'millrace'
import { prometheusMetrics } from 'millrace/metrics'
import { sql } from 'millrace/sql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { buildBridge, onSpark } from '../services/spark.js'
import { openPage, startBrowser } from '../support/browser.js'
import { eventually } from '../support/eventually.js'
import { processesBelow } from './processes.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-spark-streams-'))
const jsonFolder = mkdtempSync(join(tmpdir(), 'millrace-spark-json-'))
const archives = mkdtempSync(join(tmpdir(), 'millrace-spark-archives-'))
afterAll(() => {
  for (const path of [folder, jsonFolder, archives]) rmSync(path, { recursive: true })
})

/** Writes a file that belongs to the batch at `ms`. */
function write(name: string, text: string, ms: number, into = folder): void {
  writeFileSync(join(into, name), text)
  utimesSync(join(into, name), ms / 1000, ms / 1000)
}

const READER = `export const times = { async *read({ time }) { yield [time, time + 1] } }`

/** A direct source whose reader is a module of its own: two records for each batch. */
const times = {
  kind: 'direct' as const,
  name: 'times',
  reader: { module: `data:text/javascript,${encodeURIComponent(READER)}`, export: 'times' },
  create: () => ({
    open: async () => {},
    next: async (time: number) => ({ partitions: [{ time }] }),
    close: async () => {},
  }),
}

/** What streams over files and a queue give in four batches, in events and by outputs. */
async function gathered(options: Partial<StreamingOptions>) {
  const clock = new ManualClock(0)
  const warnings: string[] = []
  const logger = { debug() {}, info() {}, warn: (text: string) => void warnings.push(text), error() {} }
  const given = { threads: 2, parallelism: 3, batchInterval: 1000, clock, logger }
  await using ssc = new StreamingContext({ ...options, ...given })
  const queue = [['a b', 'c'], ['a'], [], ['x y z']]
  write('deleted.txt', 'never read\n', 2500)
  const files = ssc.textFileStream(folder, { newFilesOnly: false }).transform((rdd, time) => {
    // It is listed, and no task has read it.
    if (time === 3000) rmSync(join(folder, 'deleted.txt'))
    return rdd
  })
  const lines = ssc.queueStream<string>(queue).union(files)
  const words = lines.flatMap((line) => line.split(' '))
  const counts = words.map((word): [string, number] => [word, 1]).reduceByKey((a, b) => a + b)
  const checked = words.map(
    (word) => {
      if (word === 'y') throw new RangeError('no y')
      return word
    },
    { onRecordError: 'dead-letter' },
  )
  const outputs: Record<string, unknown[]> = {
    counts: [],
    joined: [],
    window: [],
    checked: [],
    sorted: [],
    read: [],
    json: [],
    queried: [],
    arrow: [],
  }
  const into = (name: string) => async (rdd: { collect(): Promise<unknown[]> }, time: number) => {
    const records = (await rdd.collect()).map((record) => JSON.stringify(record)).sort()
    outputs[name]!.push([time, records])
  }
  counts.foreachRDD(into('counts'))
  const rows = words.map((word) => ({ word })).toTable({ word: 'VARCHAR' })
  sql<object>('select word, count(*) as n from words group by 1', { words: rows }).foreachRDD(into('queried'))
  words.foreachRDD(async (rdd, time) => {
    const bytes = await rdd
      .map((word) => ({ word }))
      .toTable({ word: 'VARCHAR' })
      .toArrow()
    outputs.arrow!.push([time, Array.from(tableFromIPC(bytes), String).sort()])
  })
  const batchTimes = ssc.context.longAccumulator()
  // As many partitions in threads as on Spark.
  const countTimes = withEnv({ batchTimes }, (_: unknown, __: number, { batchTime }: TaskContext) =>
    batchTimes.add(batchTime!),
  )
  counts.foreachRDD((rdd) => rdd.foreachPartition(countTimes))
  counts.join(counts.mapValues((n) => n * 10)).foreachRDD(into('joined'))
  counts.reduceByKeyAndWindow((a, b) => a + b, '3s', '1s').foreachRDD(into('window'))
  checked.foreachRDD(into('checked'))
  words.transform((rdd) => rdd.sortBy((word) => word)).foreachRDD(into('sorted'))
  ssc.input<number>(times).foreachRDD(into('read'))
  ssc
    .fileStream(jsonFolder, { format: 'json', newFilesOnly: false, onRecordError: 'dead-letter' })
    .foreachRDD(into('json'))
  const batches: unknown[] = []
  ssc.on('batchCompleted', ({ time, records, deadLetters }) => batches.push([time, records, deadLetters]))
  await ssc.start()
  for (let i = 0; i < 4; i++) {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  expect(warnings).toEqual([expect.stringContaining('deleted.txt is left out of batch 3000 ms')])
  return { outputs, batches, dropped: ssc.deadLetters.latest.map(({ record }) => record), times: batchTimes.value }
}

/** The status, the page and the metrics show the only executor, and no thread. */
async function clusterIsShown(ssc: StreamingContext): Promise<void> {
  await eventually(async () => {
    const { cluster, threads } = await ssc.status()
    const executors = [expect.objectContaining({ id: 'driver', cores: 2, tasks: 0, failed: 0 })]
    expect(cluster).toEqual({ ui: expect.stringMatching(/^http:/), executors })
    expect(cluster!.executors[0]!.completed).toBeGreaterThan(0)
    expect(cluster!.executors[0]).toMatchObject({ processes: 2, endedProcesses: 0 })
    expect(threads).toEqual([])
  })
  const { registry } = await prometheusMetrics(ssc)
  const metrics = await registry.metrics()
  expect(metrics).toMatch(/^millrace_executors 1$/m)
  expect(metrics).toMatch(/^millrace_executor_cores 2$/m)
  expect(metrics).toMatch(/^millrace_executor_processes 2$/m)
  expect(metrics).toMatch(/^millrace_executor_processes_ended 0$/m)
  expect(metrics).toMatch(/^millrace_workers 0$/m)
  if (!hasService('chromium')) return
  await using browser = await startBrowser()
  const page = await openPage(browser)
  await page.goto(ssc.ui!.url!)
  const executors = page.getByRole('region', { name: 'Executors' })
  await executors.locator('tbody tr').waitFor()
  expect(await executors.locator('td').allTextContents()).toEqual(expect.arrayContaining(['driver', '2']))
  const { cluster } = await ssc.status()
  expect(await page.getByRole('link', { name: /cluster/ }).getAttribute('href')).toBe(cluster!.ui)
  expect(await page.getByRole('heading', { name: 'Threads' }).isVisible()).toBe(false)
  const cells = () => executors.locator('td').allTextContents()
  const processes = processesBelow(process.pid).filter(({ command }) => command.includes('millrace-worker'))
  expect((await cells()).slice(-3, -1)).toEqual(['2', '0'])
  for (const { pid } of processes) process.kill(pid, 'SIGKILL')
  await eventually(async () => expect((await cells()).slice(-3, -1)).toEqual(['0', '2']))
}

describe.runIf(hasService('spark'))('streams on Spark', () => {
  beforeAll(buildBridge)

  test('give what threads give: outputs, windows, counted records, dead letters', async () => {
    write('one.txt', 'b b\n', 500)
    write('two.txt', 'y z\na y\n', 2500)
    write('rows.json', '{"n":1}\n{\n{"n":2}\n', 1500, jsonFolder)
    const here = await gathered({})
    const archive = join(archives, 'modules.tar')
    execFileSync('tar', [
      'cf',
      archive,
      '-C',
      join(import.meta.dirname, '..', '..', 'node_modules'),
      '@duckdb',
      '@uwdata',
    ])
    expect(await gathered(onSpark('local[2]', { 'spark.archives': `${archive}#node_modules` }))).toEqual(here)
    expect(here.outputs.queried).toContainEqual([1000, expect.arrayContaining(['{"word":"b","n":3}'])])
    expect(here.outputs.arrow).toContainEqual([1000, expect.arrayContaining(['{"word": "b"}', '{"word": "c"}'])])
    expect(here.batches).toHaveLength(4)
    expect(here.dropped).toEqual(expect.arrayContaining(['y', expect.objectContaining({ text: '{' })]))
    expect(here.outputs.read).toHaveLength(4)
    expect(here.outputs.json).toContainEqual([2000, ['{"n":1}', '{"n":2}']])
    expect(here.times).toBeGreaterThan(0)
    expect(JSON.stringify(here.outputs)).not.toContain('never')
  })

  test('received records and lines are pulled by workers, within the limit, and freed after their batches', async () => {
    const clock = new ManualClock(0)
    const sender = createServer((socket) => socket.write('of a socket\nlines\n'))
    await once(sender.listen(0, '127.0.0.1'), 'listening')
    const master = onSpark('local[2]', { 'spark.ui.enabled': 'true', 'spark.ui.port': '0' })
    const ui = { port: 0 }
    const options = { ...master, batchInterval: 1000, clock, receiverBufferBytes: 64 * 1024, ui }
    await using ssc = new StreamingContext(options)
    const words = ssc.pushStream<string>('words')
    const lines = ssc.socketTextStream('127.0.0.1', (sender.address() as AddressInfo).port)
    const items = ssc.fromIterable<string>(['x', 'y', 'z'])
    const seen: string[] = []
    const all = words.union(lines).union(items)
    const window = all.window('2s', '1s').count()
    all.foreachRDD(async (rdd) => void seen.push(...(await rdd.collect())))
    const sizes: number[] = []
    window.foreachRDD(async (rdd) => void sizes.push((await rdd.collect())[0]!))
    await ssc.start()
    const long = Array.from({ length: 100 }, (_, i) => `${i} ${'long '.repeat(200)}`)
    // More than the buffer holds: the source must wait for a batch.
    const full = words.push(...long)
    expect(full).toBeInstanceOf(Promise)
    await eventually(async () => {
      const arrived = (await ssc.status()).inputs.map(({ lag }) => lag?.total)
      expect(arrived).toEqual([100, 2, 3])
    })
    for (let i = 0; i < 5; i++) {
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
    await full
    sender.close()
    expect(seen.sort()).toEqual([...long, 'of a socket', 'lines', 'x', 'y', 'z'].sort())
    expect(sizes).toEqual([105, 105, 0, 0, 0])
    expect((await ssc.status()).memory).toMatchObject({ blocks: 0, received: 0 })
    await clusterIsShown(ssc)
  })

  test('a function that throws stops the streams with its error', async () => {
    const clock = new ManualClock(0)
    await using ssc = new StreamingContext({ ...onSpark('local[1]'), maxFailures: 1, batchInterval: 1000, clock })
    ssc
      .queueStream([[1], [2]])
      .map((n) => {
        if (n === 2) throw new RangeError('no twos')
        return n
      })
      .output('numbers')
    await ssc.start()
    await clock.advance(2000)
    await expect(ssc.awaitTermination()).rejects.toThrow(/no twos/)
  })
})
