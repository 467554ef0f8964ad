import { Context, type ContextOptions, MemoryLimitError, withEnv } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'

const open: Context[] = []
afterEach(async () => {
  for (const ctx of open.splice(0)) await ctx.stop()
})
function context(options: ContextOptions = {}): Context {
  const ctx = new Context({ threads: 2, ...options })
  open.push(ctx)
  return ctx
}
const MIB = 1024 * 1024

describe('memoryLimit', () => {
  test('kept partitions that can be computed again go first, and are computed again', async () => {
    const ctx = context({ memoryLimit: 10 * MIB, threads: 1, spare: false })
    let evicted = 0
    ctx.on('blocksEvicted', ({ blocks }) => {
      evicted += blocks
    })
    const kept = Array.from({ length: 10 }, (_, i) =>
      ctx
        .range(0, 500_000, 1, 2)
        .map(withEnv({ i }, (x) => x * 2 + i))
        .cache(),
    )
    for (const [i, rdd] of kept.entries()) expect(await rdd.take(2), `dataset ${i}`).toEqual([i, i + 2])
    for (const rdd of kept) expect(await rdd.count()).toBe(500_000)
    expect(evicted).toBeGreaterThan(5)
    expect(localEngineOf(ctx).memory.usedBytes).toBeLessThan(20 * MIB)
  })

  test('a job that needs more fails with what to do, and the next one runs', async () => {
    const ctx = context({ memoryLimit: 8 * MIB, threads: 1, spare: false })
    const big = ctx
      .range(0, 4_000_000, 1, 8)
      .map((x) => [x, x] as [number, number])
      .groupByKey(8)
    await expect(big.count()).rejects.toThrow(MemoryLimitError)
    await expect(big.count()).rejects.toThrow(/memoryLimit is 8 MiB.*Raise memoryLimit/)
    expect(await ctx.range(1000).count()).toBe(1000)
  })
})

describe('speculation', () => {
  test('a task stuck on one thread gets a second copy; the first result wins, the late one is dropped', async () => {
    const ctx = context({ speculation: { minMs: 50 }, taskTimeout: '1h' })
    await ctx.start()
    // Others may get a copy too, if the machine holds them up.
    const copies: number[] = []
    ctx.on('taskSpeculated', ({ partition }) => void (partition === 0 && copies.push(partition)))
    const dropped = new Promise<void>((resolve) => ctx.on('resultDropped', () => resolve()))
    // The first attempt of partition 0 is stuck until its job has its result.
    const attempts = new Int32Array(new SharedArrayBuffer(4))
    const over = new Int32Array(new SharedArrayBuffer(4))
    const ranges = ctx.range(0, 8, 1, 8).mapPartitions(
      withEnv({ attempts, over }, (records: Iterable<number>, partition) => {
        const values = [...records]
        if (partition === 0 && Atomics.add(attempts, 0, 1) === 0) Atomics.wait(over, 0, 0)
        return values
      }),
    )
    const result = await ranges.collect()
    Atomics.store(over, 0, 1)
    Atomics.notify(over, 0)
    expect(result).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(copies).toEqual([0])
    await dropped
    expect(localEngineOf(ctx).blocks.size).toBeLessThan(4)
  })
})

declare const attempts: Int32Array
declare const over: Int32Array
