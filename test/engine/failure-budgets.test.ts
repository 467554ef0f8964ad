import { Context, type ContextOptions, type DirectSource, ManualClock, StreamingContext, withEnv } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { manual, run } from './support.js'

declare const passes: Int32Array

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const open: (Context | StreamingContext)[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop()
})
function context(options: ContextOptions = {}): { ctx: Context; lost: () => number } {
  const ctx = new Context({ threads: 2, logger: quiet, maxFailures: 3, ...options })
  open.push(ctx)
  let lost = 0
  ctx.on('threadLost', () => lost++)
  return { ctx, lost: () => lost }
}
const pairs = (n: number) => Array.from({ length: n }, (_, i) => [i, 1] as [number, number])

/** Each makes its thread end, in a way of its own. */
const ENDINGS = {
  exit: () => process.exit(1),
  loop: () => {
    for (;;);
  },
  memory: () => {
    const all: unknown[] = []
    for (;;) all.push(new Array(1000).fill(all.length))
  },
  unhandled: () => {
    void Promise.reject(new Error('nobody handles this'))
    setTimeout(() => {}, 10)
    for (;;);
  },
} satisfies Record<string, () => unknown>

// A loop ends by timeout, and so may a heap that fills slowly.
const lostThread = expect.stringMatching(/^ERR_MILLRACE_(THREAD_LOST|TASK_TIMEOUT)$/)
const failure = { code: 'ERR_MILLRACE_TASK_FAILED', cause: { code: lostThread } }

describe.each(Object.keys(ENDINGS) as (keyof typeof ENDINGS)[])('a task that ends its thread by %s', (ending) => {
  // Long enough for a healthy task on a busy machine: what these count is failures of the task that ends its thread.
  const taskTimeout = ending === 'exit' ? '5m' : 1000
  const options = { threads: 2, taskTimeout, resourceLimits: { maxOldGenerationSizeMb: 24 } }

  test.each([
    [
      'a stage that reads a shuffle',
      (ctx: Context) =>
        ctx
          .parallelize(pairs(4), 2)
          .reduceByKey((a, b) => a + b)
          .map(ENDINGS[ending])
          .collect(),
    ],
    [
      'a map stage after a shuffle',
      (ctx: Context) =>
        ctx
          .parallelize(pairs(4), 2)
          .groupByKey()
          .map(ENDINGS[ending])
          .map((x) => [x, 1] as [unknown, number])
          .groupByKey()
          .collect(),
    ],
    [
      'the sampling stage of a sort after a shuffle',
      (ctx: Context) =>
        ctx
          .parallelize(pairs(4), 2)
          .groupByKey()
          .sortBy(ENDINGS[ending] as () => number)
          .collect(),
    ],
    ['take after a shuffle', (ctx: Context) => ctx.parallelize(pairs(4), 2).groupByKey().map(ENDINGS[ending]).take(3)],
  ])('in %s: its job fails', async (_, job) => {
    const { ctx, lost } = context(options)
    await expect(job(ctx)).rejects.toMatchObject(failure)
    expect(lost()).toBeLessThan(12)
    expect(await ctx.range(10).count()).toBe(10)
  })
})

test('with one thread and no spare, where the outputs go with each thread', async () => {
  const { ctx } = context({ threads: 1, spare: false })
  const poison = ctx
    .parallelize(pairs(3), 3)
    .groupByKey()
    .map(() => process.exit(1))
  await expect(poison.collect()).rejects.toMatchObject(failure)
})

test('in one partition of many, all others are done: the failures of that one count, however often it is planned', async () => {
  const { ctx, lost } = context({ threads: 3 })
  const poison = ctx
    .parallelize(pairs(12), 3)
    .groupByKey(6)
    .map(([key]) => (key === 5 ? process.exit(1) : key))
  await expect(poison.collect()).rejects.toMatchObject(failure)
  expect(lost()).toBe(3)
})

test('a job whose tasks each end a thread or two, but never the same task too often, ends as well', async () => {
  const { ctx, lost } = context({ maxFailures: 2 })
  const count = new Int32Array(new SharedArrayBuffer(4 * 64))
  const poison = ctx
    .range(0, 64, 1, 64)
    .map(withEnv({ passes: count }, (n: number) => (Atomics.add(passes, n, 1) === 0 ? process.exit(1) : n)))
  await expect(poison.collect()).rejects.toMatchObject(failure)
  expect(lost()).toBeLessThanOrEqual(16 + 2)
})

test('a batch: its stream ends with the error, in stages sent together too', async () => {
  const { ssc } = manual({ logger: quiet, maxFailures: 3 })
  open.push(ssc)
  const batches = 40
  const data = Array.from({ length: batches }, (_, i) => [['a', i === batches - 1 ? -1 : i]] as [string, number][])
  ssc
    .queueStream(data)
    .reduceByKey((a, b) => a + b)
    .map(([, n]) => (n < 0 ? process.exit(1) : n))
    .foreachRDD(async (rdd) => void (await rdd.count()))
  let lost = 0
  ssc.on('threadLost', () => lost++)
  await ssc.start()
  const ended = ssc.awaitTermination()
  const [, outcome] = await Promise.allSettled([run(ssc, batches), ended])
  expect(outcome).toMatchObject({ reason: { code: 'ERR_MILLRACE_TASK_FAILED' } })
  expect(lost).toBe(3)
})

test('an unreadable answer counts as a failure of its task', async () => {
  const { ctx } = context({ maxFailures: 2 })
  let retries = 0
  ctx.on('taskRetried', () => retries++)
  await ctx.start()
  const { pool } = localEngineOf(ctx)
  const send = pool!.run.bind(pool)
  pool!.run = async (thread, tasks) => {
    await send(thread, tasks)
    return tasks.map(() => ({ ok: false }) as never)
  }
  await expect(ctx.range(0, 2, 1, 1).count()).rejects.toMatchObject({
    code: 'ERR_MILLRACE_TASK_FAILED',
    message: expect.stringContaining('answer'),
  })
  expect(retries).toBe(1)
})

test('kills from outside do not count as failures, but a task that never gets to its end fails its job', {
  timeout: 600_000,
}, async () => {
  const { ctx, lost } = context({ threads: 1 })
  await ctx.start()
  const begun = new Int32Array(new SharedArrayBuffer(4))
  const endless = ctx.range(0, 1, 1, 1).map(
    withEnv({ passes: begun }, (n: number) => {
      Atomics.add(passes, 0, 1)
      Atomics.notify(passes, 0)
      while (n >= 0);
      return n
    }),
  )
  let over = false
  const job = expect(endless.collect().finally(() => (over = true))).rejects.toMatchObject({
    code: 'ERR_MILLRACE_TASK_FAILED',
    message: expect.stringMatching(/interrupted too often/),
  })
  for (let seen = 0; !over; ) {
    const wait = Atomics.waitAsync(begun, 0, seen, 200)
    await wait.value
    if (begun[0] === seen) continue
    seen = begun[0]!
    for (const thread of localEngineOf(ctx).pool!.ready()) void thread.worker.terminate()
  }
  await job
  expect(lost()).toBeGreaterThan(20)
})

test('an error with properties nested so deep that only threads can read them arrives', async () => {
  const { ctx, lost } = context({ maxFailures: 2 })
  const job = ctx.range(0, 2, 1, 1).map(() => {
    let tree: unknown = 'leaf'
    for (let i = 0; i < 3000; i++) tree = { tree }
    throw Object.assign(new Error('felled'), { tree, height: 3000 })
  })
  await expect(job.collect()).rejects.toMatchObject({ cause: { message: 'felled', height: 3000 } })
  expect(lost()).toBe(0)
})

/** Makes every answer of its thread one that the driver's smaller stack cannot deserialize. */
const spoilAnswers = (records: Iterable<number>) => {
  const { MessagePort } = process.getBuiltinModule('node:worker_threads')
  const { postMessage } = MessagePort.prototype
  MessagePort.prototype.postMessage = function (message: { result?: unknown }, ...rest: never[]) {
    let deep: unknown = message.result
    for (let i = 0; i < 3000; i++) deep = { deep }
    postMessage.call(this, { ...message, result: deep }, ...rest)
  }
  return records
}

test.each([1, 2, 8])(
  'an answer that cannot be deserialized is a failure at once, of %i partitions',
  async (partitions) => {
    const { ctx, lost } = context({ maxFailures: 2 })
    await expect(ctx.range(0, 8, 1, partitions).mapPartitions(spoilAnswers).collect()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_TASK_FAILED',
      cause: { code: 'ERR_MILLRACE_THREAD_LOST', reason: 'unreadable' },
    })
    expect(lost()).toBeGreaterThan(1)
    expect(await ctx.range(10).count()).toBe(10)
  },
)

test('a message that its thread cannot deserialize is a failure at once', async () => {
  // Threads whose stack is too small for data that the driver can still write: here, a partition of a source.
  let tree: unknown = 'leaf'
  for (let i = 0; i < 1500; i++) tree = { tree }
  const clock = new ManualClock()
  const options = { maxFailures: 2, resourceLimits: { stackSizeMb: 0.4 } }
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock, logger: quiet, ...options })
  const reader = { open: async () => {}, next: async () => ({ partitions: [{ tree }] }), close: async () => {} }
  const source: DirectSource<object> = {
    kind: 'direct',
    name: 'trees',
    reader: { module: new URL('../fixtures/numbers-reader.mjs', import.meta.url).href, export: 'numbers' },
    create: () => reader,
  }
  ssc.input(source).foreachRDD(async (rdd) => void (await rdd.count()))
  await ssc.start()
  await clock.advance(1000)
  const error = (await ssc.awaitTermination().catch((cause: unknown) => cause)) as Error
  expect(error).toMatchObject({
    code: 'ERR_MILLRACE_TASK_FAILED',
    // Where the stack ends decides whether the port or the language reports it.
    cause: { reason: 'uncaught', message: expect.stringMatching(/Maximum call stack size exceeded/) },
  })
  await ssc.stop()
})

test.each([
  [1, 'is retried', [0, 1, 2, 3]],
  [9, 'fails its job in the end', 'ERR_MILLRACE_TASK_FAILED'],
])('a task whose records %i times cannot be decoded %s', async (times, _, outcome) => {
  const { ctx } = context({ maxFailures: 3 })
  const failures: string[] = []
  ctx.on('taskRetried', ({ error }) => failures.push(error.message))
  await ctx.start()
  const { pool } = localEngineOf(ctx)
  const send = pool!.run.bind(pool)
  let left = times
  pool!.run = async (thread, tasks) => {
    const results = await send(thread, tasks)
    for (const result of results) {
      if (result.ok !== true || left-- <= 0) continue
      const [collected] = result.written as { block: { crc: number } }[]
      Object.assign(collected!.block, { crc: collected!.block.crc ^ 1 })
    }
    return results
  }
  const before = localEngineOf(ctx).memory.usedBytes
  const job = ctx.range(0, 4, 1, 1).collect()
  if (Array.isArray(outcome)) expect(await job).toEqual(outcome)
  else await expect(job).rejects.toMatchObject({ code: outcome, cause: { message: expect.stringMatching(/answer/) } })
  expect(failures).toHaveLength(Math.min(times, 2))
  expect(localEngineOf(ctx).memory.usedBytes).toBe(before)
})
