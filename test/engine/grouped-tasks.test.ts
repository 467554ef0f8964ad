import { Context, TaskFailedError, ThreadLostError, withEnv } from 'millrace'
import { expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Runs a program and answers how many tasks each of its messages to threads holds. */
async function messages(ctx: Context, job: () => Promise<unknown>): Promise<number[]> {
  await ctx.start()
  const pool = localEngineOf(ctx).pool!
  const run = pool.run.bind(pool)
  const sent: number[] = []
  pool.run = (thread, tasks) => {
    sent.push(tasks.length)
    return run(thread, tasks)
  }
  await job()
  pool.run = run
  return sent
}

/**
 * Runs a program until the scheduler knows that its tasks are quick, so that it takes no more than so many messages. That
 * may take some runs: tasks that the machine holds up look slow. Rejects if it never comes to that.
 */
async function until(most: number, ctx: Context, job: () => Promise<unknown>): Promise<void> {
  for (let runs = 0; runs < 300; runs++) if ((await messages(ctx, job)).length <= most) return
  throw new Error(`Tasks are never sent in ${most} messages.`)
}

test('quick tasks go to each thread in one message', async () => {
  await using ctx = new Context({ threads: 2, logger: silent })
  const counts = ctx
    .range(0, 100, 1, 8)
    .map((n) => [n % 10, 1] as [number, number])
    .reduceByKey((a, b) => a + b, 8)
  const answer = (rdd: typeof counts) => rdd.collect().then((pairs) => pairs.sort(([a], [b]) => a - b))
  await until(2, ctx, () => answer(counts))
  expect(await answer(counts)).toEqual(Array.from({ length: 10 }, (_, n) => [n, 10]))
})

test('a small job is one message: its shuffle too, in one thread', async () => {
  await using ctx = new Context({ threads: 2, logger: silent })
  const counts = () =>
    ctx
      .range(0, 100, 1, 4)
      .map((n) => [n % 10, 1] as [number, number])
      .reduceByKey((a, b) => a + b, 4)
      .collect()
      .then((pairs) => pairs.sort(([a], [b]) => a - b))
  await until(1, ctx, counts)
  expect(await counts()).toEqual(Array.from({ length: 10 }, (_, n) => [n, 10]))
})

test('both sides of a join belong to the group; of two shuffles in a row, the first and its readers', async () => {
  await using ctx = new Context({ threads: 2, logger: silent })
  const side = () => ctx.range(0, 20, 1, 2).map((n) => [n % 5, n] as [number, number])
  const joined = () => side().join(side(), 2).count()
  await until(1, ctx, joined)
  expect(await joined()).toBe(5 * 4 * 4)
  const sorted = () =>
    side()
      .reduceByKey((a, b) => a + b, 2)
      .map(([key, sum]) => [sum % 3, key] as [number, number])
      .reduceByKey((a, b) => a + b, 2)
      .collect()
  await until(3, ctx, sorted)
  expect((await sorted()).sort(([a], [b]) => a - b)).toEqual([
    [0, 3],
    [1, 5],
    [2, 2],
  ])
})

test('slow tasks go one by one, to whoever is free', async () => {
  await using ctx = new Context({ threads: 2, logger: silent })
  const slow = ctx.range(0, 8, 1, 8).map((n) => {
    for (const end = performance.now() + 3; performance.now() < end; );
    return n
  })
  for (let i = 0; i < 5; i++) await slow.count()
  // A task that waits behind a slower one is taken back and sent again: there may be more than eight messages.
  const sent = await messages(ctx, () => slow.count())
  expect(sent.length).toBeGreaterThanOrEqual(8)
  expect(new Set(sent)).toEqual(new Set([1]))
})

test('of tasks sent together, the one that ends its thread is blamed and no other', async () => {
  await using ctx = new Context({ threads: 1, logger: silent, maxFailures: 1 })
  // A thread has its own environment, so a variable in it changes what the same program does.
  const armed = `MILLRACE_TEST_${process.pid}`
  const job = () =>
    ctx
      .range(0, 4, 1, 4)
      .map(
        withEnv({ armed }, (n: number) => {
          if (n === 2 && process.env[armed]) process.exit(3)
          return n
        }),
      )
      .collect()
  await until(1, ctx, job)
  await ctx.range(0, 1, 1, 1).foreach(
    withEnv({ armed }, () => {
      process.env[armed] = 'yes'
    }),
  )
  const error = await job().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(TaskFailedError)
  expect((error as TaskFailedError).details).toMatchObject({ partition: 2, attempts: 1 })
  expect((error as TaskFailedError).cause).toBeInstanceOf(ThreadLostError)
})
