import { Context, type EventName } from 'millrace'
import { afterEach, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { manual } from './support.js'

const open: Context[] = []
afterEach(async () => {
  for (const ctx of open.splice(0)) await ctx.stop()
})

function watched(names: readonly EventName[]): { ctx: Context; seen: Map<string, number> } {
  const ctx = new Context({ threads: 2 })
  open.push(ctx)
  const seen = new Map<string, number>()
  for (const name of names) ctx.on(name, () => seen.set(name, (seen.get(name) ?? 0) + 1))
  return { ctx, seen }
}

test('one thread dies: its blocks get another owner, verified, and nothing is computed again', async () => {
  const { ctx, seen } = watched(['blockRecomputed', 'blocksLost', 'poolRestored'])
  const counted = ctx
    .range(0, 1000, 1, 4)
    .map((x) => [x % 10, 1] as [number, number])
    .reduceByKey((a, b) => a + b)
  const kept = counted.cache()
  expect(await kept.count()).toBe(10)
  const replicated = new Promise((resolve) => ctx.on('blocksReplicated', resolve))
  const restored = new Promise<number>((resolve) => ctx.on('poolRestored', ({ ms }) => resolve(ms)))
  await localEngineOf(ctx).pool!.terminate(localEngineOf(ctx).pool!.ready()[0]!)
  expect(await restored).toBeGreaterThan(0)
  await replicated
  expect(await kept.map(([, n]) => n).reduce((a, b) => a + b)).toBe(1000)
  expect(seen.get('poolRestored')).toBe(1)
  expect(seen.get('blockRecomputed')).toBe(undefined)
  expect(seen.get('blocksLost')).toBe(undefined)
})

test('all threads die at once: what had no other owner is computed again from its lineage, and only that', async () => {
  const { ctx, seen } = watched(['blockRecomputed', 'blocksLost'])
  const words = ctx.parallelize(['a b', 'b c', 'c d', 'd e'], 4).flatMap((line) => line.split(' '))
  const counted = words
    .map((word) => [word, 1] as [string, number])
    .reduceByKey((a, b) => a + b, 2)
    .cache()
  const before = await counted.collect()
  await Promise.all(
    localEngineOf(ctx)
      .pool!.threads()
      .map((thread) => localEngineOf(ctx).pool!.terminate(thread)),
  )
  expect(await counted.collect()).toEqual(before)
  // Four map outputs and two kept partitions.
  expect(seen.get('blockRecomputed')).toBe(6)
  expect(seen.get('blocksLost')).toBeGreaterThan(0)
})

test('a corrupt block is found when it is taken over, and computed again', async () => {
  const { ctx, seen } = watched(['blockRecomputed'])
  const kept = ctx
    .range(0, 100, 1, 1)
    .map((x) => x * 2)
    .cache()
  expect(await kept.count()).toBe(100)
  const engine = localEngineOf(ctx)
  const owner = engine.pool!.ready()[0]!
  // A thread that scribbles over shared memory: every byte of every segment but the headers' state.
  const damaged = engine.segments as unknown as { memory(id: number): SharedArrayBuffer }
  const ids = engine.pool!.threads().flatMap(({ id }) => [0, 1, 2].map((n) => id * 2 ** 31 + n))
  for (const id of ids) if (engine.segments.has(id)) new Uint8Array(damaged.memory(id)).fill(7, 100, 200)
  const replicated = new Promise((resolve) => engine.events.on('blocksReplicated', resolve))
  await engine.pool!.terminate(owner)
  await replicated
  expect(await kept.reduce((a, b) => a + b)).toBe(9900)
  expect(seen.get('blockRecomputed')).toBe(1)
})

test('a corrupt block that has neither copy nor lineage fails its batch instead of giving a wrong result', async () => {
  const { ssc, clock } = manual()
  const input = ssc.pushStream<number>('in')
  input
    .window('2s', '2s')
    .reduce((a, b) => a + b)
    .output('sum')
  await ssc.start()
  const sums: number[] = []
  const reading = (async () => {
    for await (const batch of ssc.output<number>('sum')) sums.push(...batch.records)
  })().catch((error: unknown) => error)
  input.pushAll(Array.from({ length: 100 }, (_, i) => i + 0.5))
  await clock.advance(1000)
  await ssc.awaitIdle()
  const engine = localEngineOf(ssc)
  const victims = engine.pool!.ready()
  // No output has read the batch yet: only the driver's own segments hold it.
  const driver = engine.segments as unknown as { memory(id: number): SharedArrayBuffer }
  const handles = engine.blocks as unknown as { owners(id: number): number[] }
  expect(handles.owners(0)).toHaveLength(2)
  new Uint8Array(driver.memory(0)).fill(0x41, 80, 160)
  const checked = new Promise((resolve) => engine.events.on('blocksReplicated', resolve))
  await engine.pool!.terminate(victims[0]!)
  await checked
  const ended = expect(ssc.awaitTermination()).rejects.toMatchObject({ code: 'ERR_MILLRACE_BLOCK_LOST' })
  await clock.advance(1000)
  await ended
  expect(await reading).toMatchObject({ code: 'ERR_MILLRACE_BLOCK_LOST' })
  expect(sums).toEqual([])
  await ssc.stop()
})

/** A thread that scribbles over what it and the others have written: headers stay, payloads make no sense any more. */
function scribble(ctx: Context): void {
  const { segments, pool } = localEngineOf(ctx)
  const ids = pool!.threads().flatMap(({ id }) => Array.from({ length: 8 }, (_, n) => id * 2 ** 31 + n))
  for (const id of ids) if (segments.has(id)) scribbleOver(segments.memory(id))
}

/** Payload bytes of every sealed block in the segment. */
function scribbleOver(memory: SharedArrayBuffer): void {
  const words = new Int32Array(memory)
  for (let at = 0; at < words.length && words[at] === 0x3142524d; ) {
    const length = words[at + 4]!
    new Uint8Array(memory, at * 4 + 64, length).fill(0xff)
    at += (Math.ceil((64 + length) / 64) * 64) / 4
  }
}

test('readers find corrupt shuffle blocks, however many, and have those made again', async () => {
  const { ctx, seen } = watched(['blockRecomputed', 'taskRetried'])
  const grouped = ctx
    .range(0, 600, 1, 6)
    .map((x) => [`key ${x % 10}`, x] as [string, number])
    .groupByKey(2)
  expect(await grouped.count()).toBe(10)
  scribble(ctx)
  const sums = await grouped.mapValues((values) => [...values].reduce((a, b) => a + b)).collect()
  expect(new Map(sums)).toEqual(new Map(Array.from({ length: 10 }, (_, k) => [`key ${k}`, 60 * k + 17700])))
  expect(seen.get('blockRecomputed')).toBe(6)
  expect(seen.get('taskRetried'), 'the tasks that found them are not to blame').toBe(undefined)
})
