import { Context, type ContextOptions, withEnv } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'

const open: Context[] = []
afterEach(async () => {
  for (const ctx of open.splice(0)) await ctx.stop()
})
function context(options: ContextOptions = {}): Context {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const ctx = new Context({ threads: 2, logger: quiet, ...options })
  open.push(ctx)
  return ctx
}

describe('a task that fails', () => {
  test('is tried maxFailures times, and each retry is an event', async () => {
    const ctx = context({ maxFailures: 3 })
    const retries: number[] = []
    ctx.on('taskRetried', ({ attempt }) => retries.push(attempt))
    const failing = ctx.range(0, 1, 1, 1).map(
      withEnv({ text: 'no good' }, () => {
        throw new RangeError(text)
      }),
    )
    await expect(failing.collect()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_TASK_FAILED',
      message: 'map failed in partition 0 of job 0, 3 times, lastly with: no good (record: 0)',
      cause: { name: 'RangeError', message: 'no good' },
      details: { operation: 'map', partition: 0, attempts: 3 },
    })
    expect(retries).toEqual([1, 2])
  })

  test('is not tried again after a final error, whatever wraps it', async () => {
    const ctx = context({ maxFailures: 3 })
    const retries: number[] = []
    ctx.on('taskRetried', ({ attempt }) => retries.push(attempt))
    const module = new URL('../fixtures/numbers-reader.mjs', import.meta.url).href
    const refused = await ctx.input({
      kind: 'direct',
      name: 'refused',
      reader: { module, export: 'refused' },
      create: () => ({ open: async () => {}, next: async () => ({ partitions: [{}] }), close: async () => {} }),
    })
    await expect(refused.collect()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_TASK_FAILED',
      message: 'refused failed in partition 0 of job 0, and a repetition cannot succeed: no entry',
      details: { attempts: 1 },
    })
    expect(retries).toEqual([])
  })

  test('does not disturb other jobs', async () => {
    const ctx = context()
    const bad = ctx.range(100).map((x) => (x as unknown as { a: { b: number } }).a.b)
    const [failed, good] = await Promise.allSettled([bad.collect(), ctx.range(1000).reduce((a, b) => a + b)])
    expect(failed.status).toBe('rejected')
    expect(good).toEqual({ status: 'fulfilled', value: 499_500 })
  })

  test('names the operation of a chain that threw', async () => {
    const ctx = context({ threads: 1, maxFailures: 1 })
    const chain = ctx
      .parallelize([{ a: 1 }, null as unknown as { a: number }])
      .filter(() => true)
      .flatMap((x) => [x, x])
      .map((x) => x.a)
      .mapPartitions((xs) => xs)
    await expect(chain.collect()).rejects.toMatchObject({ details: { operation: 'map' } })
  })

  test('an async function is refused instead of losing its answer', async () => {
    const ctx = context({ threads: 1, maxFailures: 1 })
    expect(() => ctx.range(3).map(async (x) => x)).toThrow('map got an async function')
  })

  test('a result that cannot travel fails the task, not the thread', async () => {
    const ctx = context({ threads: 1, maxFailures: 1, spare: false })
    await ctx.start()
    const before = localEngineOf(ctx).pool!.ready()[0]!.id
    await expect(ctx.range(1).reduce(() => 0)).resolves.toBe(0)
    await expect(
      ctx
        .parallelize([1])
        .map(() => () => 1)
        .take(1),
    ).rejects.toThrow()
    expect(localEngineOf(ctx).pool!.ready()[0]!.id).toBe(before)
  })
})

describe('a task that kills its thread', () => {
  test('process.exit: the job fails after maxFailures, the threads come back, other jobs go on', async () => {
    const ctx = context({ maxFailures: 2 })
    const poison = ctx.range(0, 1, 1, 1).map(() => process.exit(3))
    await expect(poison.collect()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_TASK_FAILED',
      cause: { code: 'ERR_MILLRACE_THREAD_LOST', reason: 'exit' },
      details: { partition: 0 },
    })
    expect(await ctx.range(100).count()).toBe(100)
    await localEngineOf(ctx).pool!.whenStrong()
    expect(localEngineOf(ctx).pool!.ready()).toHaveLength(2)
  })

  test('an endless loop: taskTimeout ends the thread, and the job names what hung', async () => {
    const ctx = context({ taskTimeout: 400, maxFailures: 2 })
    const hung = ctx.range(0, 4, 1, 1).map((x) => {
      while (x >= 0) x++
      return x
    })
    await expect(hung.collect()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_TASK_FAILED',
      cause: { code: 'ERR_MILLRACE_TASK_TIMEOUT', reason: 'timeout' },
    })
    expect(await ctx.range(10).count()).toBe(10)
  })

  test('a task that is slow but makes progress is left alone', async () => {
    const ctx = context({ taskTimeout: 1000, threads: 1 })
    const slow = ctx.range(0, 3000, 1, 1).map((x) => {
      const end = performance.now() + 0.5
      while (performance.now() < end) x += 0
      return x
    })
    expect(await slow.count()).toBe(3000)
  })
})

describe('bad input', () => {
  test('a function that captures a variable is refused at the call', () => {
    const factor = 3
    expect(() =>
      context()
        .range(3)
        .map((x) => x * factor),
    ).toThrow(/`factor`/)
  })
  test('a file that is not there', async () => {
    await expect(context().textFile('no/such/file.txt').count()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_SOURCE',
      message: expect.stringContaining('no/such/file.txt'),
    })
  })
  test('reduce and first of nothing', async () => {
    const ctx = context()
    await expect(ctx.emptyRDD<number>().reduce((a, b) => a + b)).rejects.toThrow(/empty/)
    await expect(ctx.emptyRDD().first()).rejects.toThrow(/empty/)
  })
  test('an action after stop', async () => {
    const ctx = context()
    await ctx.stop()
    expect(() => ctx.range(3)).toThrow(/stopped/)
  })
  test('stop while a job runs rejects the job', async () => {
    const ctx = context()
    await ctx.start()
    const job = expect(
      ctx
        .range(0, 2, 1, 2)
        .map((x) => {
          while (x >= 0) x++
          return x
        })
        .collect(),
    ).rejects.toMatchObject({ code: 'ERR_MILLRACE_JOB_CANCELLED' })
    await ctx.stop()
    await job
  })
})

declare const text: string
