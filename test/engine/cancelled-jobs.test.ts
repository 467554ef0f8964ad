import { ArgumentError, Context, JobCancelledError, withEnv } from 'millrace'
import { expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'

/** A dataset whose second partition waits until the test releases it, and signals that it has started. */
function held(ctx: Context) {
  const gate = new Int32Array(new SharedArrayBuffer(8))
  const range = ctx.range(0, 40, 1, 4).mapPartitions(
    withEnv({ gate }, (records: Iterable<number>, p) => {
      if (p === 1) {
        Atomics.store(gate, 1, 1)
        Atomics.notify(gate, 1)
        Atomics.wait(gate, 0, 0)
      }
      return records
    }),
  )
  const begun = async () => {
    await Atomics.waitAsync(gate, 1, 0).value
  }
  const release = () => {
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
  }
  return { range, begun, release }
}

test('a signal ends the actions that were called under it, and nothing else', async () => {
  await using ctx = new Context({ threads: 2, spare: false })
  const { range, begun, release } = held(ctx)
  const stopper = new AbortController()
  const jobs = ctx.withSignal(stopper.signal, () => [
    range.collect(),
    range
      .map((x) => [x % 3, x] as [number, number])
      .groupByKey()
      .collect(),
  ])
  const outcomes = Promise.allSettled(jobs)
  const other = range.count()
  await begun()
  const reason = new Error('no longer asked for')
  stopper.abort(reason)
  for (const outcome of await outcomes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ERR_MILLRACE_JOB_CANCELLED', cause: reason } })
  }
  release()
  expect(await other).toBe(40)
  expect(await range.sum()).toBe(780)
})

test('a job that waits for a shuffle which a cancelled one was making makes the rest itself', async () => {
  await using ctx = new Context({ threads: 2, spare: false })
  const { range, begun, release } = held(ctx)
  const byKey = range.map((x) => [x % 4, 1] as [number, number]).reduceByKey((a, b) => a + b, 2)
  const stopper = new AbortController()
  const cancelled = ctx.withSignal(stopper.signal, () => byKey.collect())
  const failing = expect(cancelled).rejects.toThrow(JobCancelledError)
  await begun()
  const other = byKey.collectAsMap()
  stopper.abort()
  await failing
  release()
  expect([...(await other)].sort()).toEqual([
    [0, 10],
    [1, 10],
    [2, 10],
    [3, 10],
  ])
})

test('results that come too late take no memory', async () => {
  await using ctx = new Context({ threads: 2, spare: false })
  await ctx.range(10).count()
  const before = localEngineOf(ctx).segments.liveBlocks
  const { range, begun, release } = held(ctx)
  const stopper = new AbortController()
  const failing = expect(ctx.withSignal(stopper.signal, () => range.collect())).rejects.toThrow(JobCancelledError)
  await begun()
  stopper.abort()
  await failing
  release()
  expect(await range.count()).toBe(40)
  // The waiting thread may answer after the other has counted all partitions. No event reports when.
  await expect.poll(() => localEngineOf(ctx).segments.liveBlocks, { timeout: 600_000 }).toBe(before)
})

test('results that were there before the job failed take no memory', async () => {
  await using ctx = new Context({ threads: 1, spare: false, maxFailures: 1 })
  const failing = () =>
    ctx
      .range(0, 40, 1, 4)
      .map((n) => {
        if (n === 39) throw new Error('the last')
        return n
      })
      .collect()
  await expect(failing()).rejects.toThrow('the last')
  expect(localEngineOf(ctx).segments.liveBlocks).toBe(0)
})

test.each(['outer', 'inner'] as const)('of nested signals, the %s one cancels', async (which) => {
  await using ctx = new Context({ threads: 2, spare: false })
  const stoppers = { outer: new AbortController(), inner: new AbortController() }
  const { range, begun, release } = held(ctx)
  const nested = ctx.withSignal(stoppers.outer.signal, async () => {
    const job = ctx.withSignal(stoppers.inner.signal, () => range.count())
    await job.catch(() => undefined)
    return [
      await job.catch((error: Error) => error.cause),
      await ctx
        .range(1)
        .count()
        .catch((error: Error) => error.cause),
    ]
  })
  await begun()
  stoppers[which].abort('enough')
  release()
  expect(await nested).toEqual(['enough', which === 'outer' ? 'enough' : 1])
})

test('a signal that was aborted before: nothing runs', async () => {
  await using ctx = new Context({ threads: 1, spare: false })
  const sum = ctx.longAccumulator()
  const counting = ctx.range(3).map(withEnv({ sum }, (x: number) => sum.add(x + 1)))
  await expect(ctx.withSignal(AbortSignal.abort('late'), () => counting.count())).rejects.toMatchObject({
    cause: 'late',
  })
  expect(sum.value).toBe(0)
  expect(await ctx.withSignal(AbortSignal.timeout(60_000), () => counting.count())).toBe(3)
  expect(() => ctx.withSignal(5 as never, () => 1)).toThrow(ArgumentError)
})
