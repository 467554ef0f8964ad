import { Context, JobCancelledError, type RDD, withEnv } from 'millrace'
import { expect, test } from 'vitest'
import { manual } from './support.js'

/** Counters in shared memory: calls that are out, and calls whose signal has aborted. */
function counters() {
  const counts = new Int32Array(new SharedArrayBuffer(8))
  /** Resolves when `n` calls have been counted at `at`. */
  const reached = async (at: 0 | 1, n: number) => {
    for (let now = Atomics.load(counts, at); now < n; now = Atomics.load(counts, at))
      await Atomics.waitAsync(counts, at, now).value
  }
  return { counts, out: (n: number) => reached(0, n), aborted: (n: number) => reached(1, n) }
}

/** Never settles; notes in `counts` that it is out, and the abort of its signal. */
function neverSettling(counts: Int32Array) {
  return withEnv({ counts }, (_: unknown, { signal }: { signal: AbortSignal }) => {
    const count = (at: number) => {
      Atomics.add(counts, at, 1)
      Atomics.notify(counts, at)
    }
    signal.addEventListener('abort', () => count(1))
    count(0)
    return new Promise<never>(() => {})
  })
}

test('jobs under one signal listen to it once', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  await using ctx = new Context({ threads: 1, spare: false })
  const { signal } = new AbortController()
  await ctx.withSignal(signal, () => Promise.all(Array.from({ length: 40 }, () => ctx.range(2).count())))
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', note)
  expect(warnings).toEqual([])
})

test('calls of an aborted job hear of it, and their threads are free at once', async () => {
  await using ctx = new Context({ threads: 2, spare: false })
  const { counts, out, aborted } = counters()
  const stopper = new AbortController()
  const job = ctx.withSignal(stopper.signal, () => ctx.range(0, 8, 1, 4).mapAsync(neverSettling(counts)).collect())
  const failing = expect(job).rejects.toThrow(JobCancelledError)
  await out(4)
  stopper.abort()
  await failing
  await aborted(4)
  expect(await ctx.range(0, 8, 1, 8).count()).toBe(8)
  // Tasks of the job that waited behind those have not run.
  expect([...counts]).toEqual([4, 4])
})

test('so do those of a job that another of its tasks has failed', async () => {
  await using ctx = new Context({ threads: 2, spare: false, maxFailures: 1 })
  const { counts, aborted } = counters()
  const call = neverSettling(counts)
  const job = ctx
    .range(0, 2, 1, 2)
    .mapAsync(
      withEnv({ call, counts }, async (x, { signal }) => {
        if (x === 0) return call(x, { signal })
        await Atomics.waitAsync(counts, 0, 0).value
        throw new Error('the other one')
      }),
    )
    .collect()
  await expect(job).rejects.toThrow('the other one')
  await aborted(1)
  expect(await ctx.range(0, 8, 1, 8).count()).toBe(8)
})

const awaiting: [string, (rdd: RDD<number>, out: () => Promise<never>) => Promise<unknown>][] = [
  ['mapPartitionsAsync', (rdd, out) => rdd.mapPartitionsAsync(out).count()],
  ['foreach', (rdd, out) => rdd.foreach(out)],
  ['foreachPartition', (rdd, out) => rdd.foreachPartition(out)],
]
test.each(awaiting)('the thread of an aborted %s that never settles is free', async (_, run) => {
  await using ctx = new Context({ threads: 1, spare: false })
  const { counts, out } = counters()
  const stopper = new AbortController()
  const never = withEnv({ counts }, () => {
    Atomics.add(counts, 0, 1)
    Atomics.notify(counts, 0)
    return new Promise<never>(() => {})
  })
  const job = ctx.withSignal(stopper.signal, () => run(ctx.range(0, 4, 1, 1), never))
  const failing = expect(job).rejects.toThrow(JobCancelledError)
  await out(1)
  stopper.abort()
  await failing
  expect(await ctx.range(3).count()).toBe(3)
  expect(counts[0]).toBe(1)
})

test('an aborted foreach calls its function with no further record', async () => {
  await using ctx = new Context({ threads: 1, spare: false })
  const { counts, out } = counters()
  const stopper = new AbortController()
  const call = withEnv({ counts }, async () => {
    Atomics.add(counts, 0, 1)
    Atomics.notify(counts, 0)
    await Atomics.waitAsync(counts, 1, 0).value
  })
  const job = ctx.withSignal(stopper.signal, () => ctx.range(0, 4, 1, 1).foreach(call))
  const failing = expect(job).rejects.toThrow(JobCancelledError)
  await out(1)
  stopper.abort()
  await failing
  expect(await ctx.range(3).count()).toBe(3)
  Atomics.store(counts, 1, 1)
  Atomics.notify(counts, 1)
  expect(await ctx.range(3).count()).toBe(3)
  expect(counts[0]).toBe(1)
})

test('stopping a context aborts the signals of calls that are out', async () => {
  const ctx = new Context({ threads: 2, spare: false })
  const { counts, out, aborted } = counters()
  const failing = expect(ctx.range(0, 2, 1, 2).mapAsync(neverSettling(counts)).collect()).rejects.toMatchObject({
    code: 'ERR_MILLRACE_JOB_CANCELLED',
  })
  await out(2)
  await ctx.stop()
  await failing
  await aborted(2)
})

test('so does giving up a batch', async () => {
  const { ssc, clock } = manual({ threads: 1, spare: false })
  await using _ssc = ssc
  const { counts, out, aborted } = counters()
  ssc
    .queueStream([[1]])
    .mapAsync(neverSettling(counts))
    .foreachRDD((rdd) => rdd.count())
  await ssc.start()
  await clock.advance(1000)
  await out(1)
  await ssc.stop({ stopContext: false, timeout: 50 })
  await aborted(1)
})
