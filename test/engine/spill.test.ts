import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, type ContextOptions, type EngineEvents, type RDD, StorageLevel, withEnv } from 'millrace'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, run } from './support.js'

const MIB = 1024 * 1024
const NAMES = ['blockSpilled', 'blockLoaded', 'spillFailed', 'blockRecomputed', 'blocksEvicted'] as const

let folder: string
const open: Context[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
})
afterEach(async () => {
  for (const ctx of open.splice(0)) await ctx.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A context whose files are in `folder`, with the events that it reported about them. */
function context(options: ContextOptions = {}) {
  const warnings: string[] = []
  const logger = { debug: () => {}, info: () => {}, warn: (text: string) => warnings.push(text), error: () => {} }
  const ctx = new Context({ threads: 2, spillDirectory: folder, logger, ...options })
  open.push(ctx)
  const seen: { [N in (typeof NAMES)[number]]: EngineEvents[N][] } = {
    blockSpilled: [],
    blockLoaded: [],
    spillFailed: [],
    blockRecomputed: [],
    blocksEvicted: [],
  }
  for (const name of NAMES) ctx.on(name, (event) => seen[name].push(event as never))
  return { ctx, seen, warnings }
}

/** Resolves when the event has come so many times from now on. */
function times(ctx: Context, name: (typeof NAMES)[number], n: number): Promise<void> {
  return new Promise((resolve) => {
    let left = n
    ctx.on(name, () => {
      if (--left === 0) setImmediate(resolve)
    })
  })
}

/** Files of all contexts in the folder. */
function files(): string[] {
  return readdirSync(folder).flatMap((name) => readdirSync(join(folder, name)).map((file) => join(folder, name, file)))
}

/** 1.6 MB a partition, and a count of how often partitions are computed. */
function numbers(ctx: Context, partitions: number): { rdd: RDD<number>; computed: { readonly value: number } } {
  const computed = ctx.longAccumulator()
  const rdd = ctx.range(0, partitions * 200_000, 1, partitions).mapPartitions(
    withEnv({ computed }, (records) => {
      computed.add(1)
      return [...records].map((x) => x + 0.5)
    }),
  )
  return { rdd, computed }
}
const total = (partitions: number) => (partitions * 200_000) ** 2 / 2

describe('memory-and-disk', () => {
  test('what is over memoryLimit goes to files and is read back, not computed again', async () => {
    const { ctx, seen } = context({ memoryLimit: 8 * MIB })
    const { rdd, computed } = numbers(ctx, 20)
    rdd.persist(StorageLevel.MEMORY_AND_DISK)
    for (let i = 0; i < 3; i++) expect(await rdd.sum()).toBe(total(20))
    expect(await rdd.count()).toBe(4_000_000)
    expect(computed.value).toBe(20)
    expect(seen.blockSpilled.length).toBeGreaterThanOrEqual(14)
    expect(seen.blockSpilled[0]).toMatchObject({ rdd: rdd.id, bytes: expect.closeTo(1_600_000, -5) })
    expect(seen.blockLoaded.length).toBeGreaterThanOrEqual(3 * 14)
    expect(seen.blockLoaded[0]!.ms).toBeGreaterThan(0)
    expect(seen.spillFailed).toEqual([])
    expect(localEngineOf(ctx).memory.usedBytes).toBeLessThan(20 * MIB)
    expect(localEngineOf(ctx).status().memory.spilled).toBe(
      seen.blockSpilled.reduce((sum, { bytes }) => sum + bytes, 0),
    )
    expect(files()).toHaveLength(seen.blockSpilled.length)
  })

  test('nothing is written while memory is enough', async () => {
    const { ctx } = context()
    expect(await numbers(ctx, 4).rdd.persist('memory-and-disk').sum()).toBe(total(4))
    expect(readdirSync(folder)).toEqual([])
  })

  test('a kept dataset is read while others push it out', async () => {
    const { ctx, seen } = context({ memoryLimit: 6 * MIB })
    const kept = Array.from({ length: 6 }, () => numbers(ctx, 4))
    for (const { rdd } of kept) rdd.persist('memory-and-disk')
    const sums = await Promise.all([...kept, ...kept].map(({ rdd }) => rdd.sum()))
    expect(sums).toEqual(Array.from({ length: 12 }, () => total(4)))
    for (const { rdd } of kept) expect(await rdd.sum()).toBe(total(4))
    expect(seen.blocksEvicted).toEqual([])
  })
})

describe('disk', () => {
  test('partitions are written as soon as they are there, and take no memory', async () => {
    const { ctx, seen } = context({ threads: 1, spare: false })
    const { rdd, computed } = numbers(ctx, 6)
    rdd.persist('disk')
    const written = times(ctx, 'blockSpilled', 6)
    expect(await rdd.sum()).toBe(total(6))
    await written
    expect(files()).toHaveLength(6)
    expect(localEngineOf(ctx).memory.usedBytes).toBeLessThan(3 * MIB)
    expect(await rdd.sum()).toBe(total(6))
    expect(
      await rdd
        .map((x) => x)
        .zipWithUniqueId()
        .count(),
    ).toBe(1_200_000)
    expect(computed.value).toBe(6)
    expect(seen.blockLoaded).toHaveLength(12)
    expect(localEngineOf(ctx).blocks.size).toBe(0)
  })

  test('unpersist removes the files, also of what is being written or read', async () => {
    const { ctx } = context()
    const { rdd, computed } = numbers(ctx, 4)
    const written = times(ctx, 'blockSpilled', 4)
    await rdd.persist('disk').count()
    await written
    const reading = rdd.sum()
    // The task is planned in microtasks of this turn, and reads files that no other task needs.
    await Promise.resolve()
    rdd.unpersist()
    expect(await reading).toBe(total(4))
    expect(localEngineOf(ctx).status().memory.spilled).toBe(0)
    const again = times(ctx, 'blockSpilled', 4)
    await rdd.persist('disk').count()
    rdd.unpersist()
    await again
    expect(localEngineOf(ctx).status().memory.spilled).toBe(0)
    expect(await rdd.sum()).toBe(total(4))
    expect(computed.value).toBeGreaterThanOrEqual(12)
    await ctx.stop()
    expect(readdirSync(folder)).toEqual([])
  })

  test('stop() removes the folder, and does not mind what is being written', async () => {
    const { ctx, seen, warnings } = context()
    await numbers(ctx, 6).rdd.persist('disk').count()
    await ctx.stop()
    expect(readdirSync(folder)).toEqual([])
    expect([seen.spillFailed, warnings]).toEqual([[], []])
  })
})

describe('files that cannot be read', () => {
  const damage: Record<string, (path: string) => void> = {
    missing: (path) => rmSync(path),
    'cut short': (path) => truncateSync(path, 1000),
    changed: (path) => writeFileSync(path, 'x', { flag: 'r+' }),
    'a folder': (path) => {
      rmSync(path)
      mkdtempSync(path)
    },
  }
  test.each(Object.keys(damage))('%s: the partitions are computed again, at no cost in failures', async (name) => {
    const { ctx, seen, warnings } = context({ maxFailures: 1 })
    const { rdd, computed } = numbers(ctx, 4)
    const written = times(ctx, 'blockSpilled', 4)
    expect(await rdd.persist('disk').sum()).toBe(total(4))
    await written
    for (const path of files().slice(0, 2)) damage[name]!(path)
    const again = times(ctx, 'blockSpilled', 2)
    expect(await rdd.sum()).toBe(total(4))
    await again
    expect(computed.value).toBe(6)
    expect(seen.spillFailed).toHaveLength(2)
    expect(seen.spillFailed[0]).toMatchObject({ operation: 'read', rdd: rdd.id })
    expect(seen.blockRecomputed.map(({ kind }) => kind)).toEqual(['persisted', 'persisted'])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/could not be read from .*recomputed/)
    expect(await rdd.sum()).toBe(total(4))
    expect(seen.spillFailed).toHaveLength(2)
  })
})

describe('files that cannot be written', () => {
  test('partitions stay in memory, are let go at the limit, and one warning says so', async () => {
    const file = join(folder, 'not-a-folder')
    writeFileSync(file, '')
    const { ctx, seen, warnings } = context({ spillDirectory: join(file, 'below'), memoryLimit: 8 * MIB })
    const { rdd } = numbers(ctx, 20)
    rdd.persist('memory-and-disk')
    for (let i = 0; i < 2; i++) expect(await rdd.sum()).toBe(total(20))
    expect(seen.spillFailed.length).toBeGreaterThan(10)
    expect(seen.spillFailed[0]).toMatchObject({ operation: 'write', error: { code: 'ENOTDIR' } })
    expect(seen.blocksEvicted.length).toBeGreaterThan(0)
    expect(seen.blockSpilled).toEqual([])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/could not be written to .*Check spillDirectory/)
  })

  test('spillLimit is kept to', async () => {
    const { ctx, seen } = context({ spillLimit: 4 * MIB })
    const { rdd, computed } = numbers(ctx, 8)
    const settled = Promise.all([times(ctx, 'blockSpilled', 2), times(ctx, 'spillFailed', 6)])
    expect(await rdd.persist('disk').sum()).toBe(total(8))
    await settled
    expect(localEngineOf(ctx).status().memory.spilled).toBeLessThanOrEqual(4 * MIB)
    expect(seen.spillFailed[0]!.error.message).toMatch(/would exceed spillLimit/)
    expect(await rdd.sum()).toBe(total(8))
    expect(computed.value).toBe(8)
  })

  test('options are checked', () => {
    expect(() => context({ spillDirectory: '' })).toThrow(/spillDirectory is ""/)
    expect(() => context({ spillLimit: -1 })).toThrow(/spillLimit is -1/)
  })
})

test('threads that die while files are written and read change no answer', async () => {
  const { ctx } = context({ memoryLimit: 8 * MIB })
  const { rdd } = numbers(ctx, 16)
  rdd.persist('memory-and-disk')
  await ctx.start()
  let spills = 0
  ctx.on('blockSpilled', () => {
    // One thread after the other: what it kept in memory only, with both owners gone, is computed again.
    if (++spills % 4 === 0) void localEngineOf(ctx).pool!.ready()[spills % 2]?.worker.terminate()
  })
  for (let i = 0; i < 4; i++) expect(await rdd.sum()).toBe(total(16))
  expect(spills).toBeGreaterThanOrEqual(8)
})

test('streams: files of a window go when its batches are forgotten', async () => {
  const { ssc } = manual({ spillDirectory: folder })
  let all = 0
  // The writes of the last batch may end after the batch.
  const written = new Promise<void>((resolve) => {
    let left = 16
    ssc.on('blockSpilled', ({ bytes }) => {
      all += bytes
      if (--left === 0) resolve()
    })
  })
  const batches = Array.from({ length: 8 }, (_, b) => Array.from({ length: 1000 }, (_, i) => b * 1000 + i))
  ssc
    .queueStream(batches)
    .map((x) => x + 1)
    .persist(StorageLevel.DISK_ONLY)
    .window('3s')
    .count()
    .output('counts')
  const counts = gather<number>(ssc, 'counts')
  await ssc.start()
  await run(ssc, 8)
  await written
  const kept = localEngineOf(ssc).status().memory.spilled
  await ssc.stop()
  expect((await counts).map(({ records }) => records)).toEqual(
    [1000, 2000, 3000, 3000, 3000, 3000, 3000, 3000].map((n) => [n]),
  )
  // The number of batches, of eight, that a window of three may still read.
  expect(kept).toBeGreaterThan(0)
  expect(kept).toBeLessThan(all * 0.6)
  expect(readdirSync(folder)).toEqual([])
})

test('a process that exits without stop() leaves no files', () => {
  const program = `
    import { Context } from 'millrace'
    import { readdirSync } from 'node:fs'
    const folder = process.argv[1]
    const ctx = new Context({ threads: 1, spare: false, spillDirectory: folder })
    ctx.on('blockSpilled', () => {
      console.log(readdirSync(folder).length)
      process.exit(7)
    })
    await ctx.range(0, 1000, 1, 1).persist('disk').count()
    await new Promise((resolve) => setTimeout(resolve, 30_000))
  `
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program, folder], { encoding: 'utf8' })
  expect([child.stdout, child.status]).toEqual(['1\n', 7])
  expect(existsSync(folder)).toBe(true)
  expect(readdirSync(folder)).toEqual([])
})
