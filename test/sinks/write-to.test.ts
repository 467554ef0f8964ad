import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Context,
  type DataSink,
  ManualClock,
  type MillraceError,
  type SinkWrite,
  StreamingContext,
  type TaskContext,
  withEnv,
} from 'millrace'
import { afterEach, expect, test } from 'vitest'
import { killThread } from '../support/kill.js'
import { range } from '../support/streams.js'

const module = new URL('../fixtures/folder-writer.mjs', import.meta.url).href
const directories: string[] = []
const open: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop()
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true })
})

function newDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-sink-'))
  directories.push(path)
  return path
}

/** One directory a batch. A batch that was committed before is left as it is. */
function folderSink(directory: string, options: { failAt?: number; exported?: string } = {}) {
  const calls: string[] = []
  const sink: DataSink<number> = {
    name: 'folder',
    writer: { module, export: options.exported ?? 'folder', options: { directory, failAt: options.failAt } },
    open: async () => void calls.push('open'),
    commit: async ({ time, output }: SinkWrite, messages) => {
      calls.push(`commit ${time} ${output}`)
      const final = join(directory, `batch-${time}`)
      if (readdirSync(directory).includes(`batch-${time}`)) return
      mkdirSync(`${final}.new`)
      for (const { path, partition } of messages as { path: string; partition: number }[])
        renameSync(path, join(`${final}.new`, String(partition)))
      renameSync(`${final}.new`, final)
    },
    abort: async ({ time }) => void calls.push(`abort ${time}`),
    close: async () => void calls.push('close'),
  }
  return { sink, calls }
}

function batch(directory: string, time: number): number[] {
  const folder = join(directory, `batch-${time}`)
  return readdirSync(folder)
    .sort()
    .flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
}

function context(clock: ManualClock, checkpointDir?: string) {
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, clock, checkpointDir })
  open.push(ssc)
  return ssc
}

test('workers write partitions, the driver commits a batch once', async () => {
  const directory = newDirectory()
  const { sink, calls } = folderSink(directory)
  const clock = new ManualClock()
  const ssc = context(clock)
  ssc.queueStream([range(0, 2500), [], [7]]).writeTo(sink)
  await ssc.start()
  await clock.advance(3000)
  await ssc.awaitIdle()
  await ssc.stop()
  const output = calls[1]!.split(' ')[2]
  expect(output).toMatch(/^[0-9a-f]{12}$/)
  expect(calls).toEqual(['open', ...[1000, 2000, 3000].map((time) => `commit ${time} ${output}`), 'close'])
  expect([1000, 2000, 3000].map((time) => batch(directory, time))).toEqual([range(0, 2500), [], [7]])
})

test('a dataset is written by an action', async () => {
  const directory = newDirectory()
  const ctx = new Context({ threads: 2 })
  open.push(ctx)
  const { sink, calls } = folderSink(directory)
  await ctx.parallelize(range(0, 10), 3).writeTo(sink)
  expect(calls).toEqual(['open', 'commit undefined undefined', 'close'])
  expect(readdirSync(join(directory, 'batch-undefined'))).toHaveLength(3)
})

test('each record is in a batch once, whichever threads die', async () => {
  const directory = newDirectory()
  const { sink } = folderSink(directory)
  const clock = new ManualClock()
  const ssc = context(clock)
  ssc.queueStream(range(0, 10).map((i) => range(i * 1000, (i + 1) * 1000))).writeTo(sink)
  await ssc.start()
  for (let i = 0; i < 10; i++) {
    const advanced = clock.advance(1000)
    await killThread(ssc, i % 2)
    await advanced
    await ssc.awaitIdle()
  }
  const all = range(1, 11).flatMap((i) => batch(directory, i * 1000))
  expect(all).toEqual(range(0, 10_000))
})

test('a task that fails for good aborts the write and fails the batch', async () => {
  const directory = newDirectory()
  const { sink, calls } = folderSink(directory, { failAt: 3 })
  const clock = new ManualClock()
  const ssc = context(clock)
  ssc.queueStream([range(0, 10)]).writeTo(sink)
  await ssc.start()
  await clock.advance(1000)
  const error = (await ssc.awaitTermination().catch((cause: unknown) => cause)) as MillraceError
  expect(error.message).toContain('cannot write 3')
  expect(calls.slice(0, 2)).toEqual(['open', 'abort 1000'])
  expect(readdirSync(directory).filter((name) => name.startsWith('batch'))).toEqual([])
})

test('a commit that fails is an error that names the sink', async () => {
  const ctx = new Context({ threads: 1 })
  open.push(ctx)
  const { sink } = folderSink(newDirectory())
  const broken = { ...sink, commit: () => Promise.reject(new Error('no space')) }
  await expect(ctx.range(3).writeTo(broken)).rejects.toMatchObject({
    code: 'ERR_MILLRACE_SAVE',
    message: 'The sink folder could not commit: no space',
  })
})

test('a module without a writer is an error that says what to export', async () => {
  const ctx = new Context({ threads: 1 })
  open.push(ctx)
  const { sink } = folderSink(newDirectory(), { exported: 'noWriter' })
  await expect(ctx.range(3).writeTo(sink)).rejects.toThrow('export an object with open(context)')
})

test('what is no sink is refused where it is given', () => {
  const ssc = context(new ManualClock())
  for (const sink of [undefined, {}, { name: 'x' }, { name: 'x', writer: {}, commit: async () => {} }])
    expect(() => ssc.queueStream<number>([]).writeTo(sink as never)).toThrow('it takes a sink')
})

test('foreachPartition keeps a connection for later tasks of the thread', async () => {
  const ctx = new Context({ threads: 1 })
  open.push(ctx)
  const opened = ctx.accumulator(0, (a: number, b: number) => a + b)
  const seen = ctx.accumulator(0, (a: number, b: number) => a + b)
  const count = () =>
    ctx.range(0, 8, 1, 4).foreachPartition(
      withEnv({ opened, seen }, async (records: Iterable<number>, partition: number, context: TaskContext) => {
        const connection = await context.resource('numbers', () => {
          opened.add(1)
          return { sent: 0 }
        })
        connection.sent += [...records].length
        if (context.partition !== partition || context.signal.aborted) throw new Error('wrong context')
        seen.add(1)
      }),
    )
  await count()
  await count()
  expect([opened.value, seen.value]).toEqual([1, 8])
})
