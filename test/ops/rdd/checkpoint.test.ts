import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArgumentError, Context, type RDD, StateError, TaskFailedError, withEnv } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { nodeOf } from '../../support/nodes.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-checkpoint-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const threads = [1, 2]
const context = (n: number): Context => new Context({ threads: n, maxFailures: 2 })

describe.each(threads)('checkpoint(), %i threads', (n) => {
  test('the next action writes the dataset; after that it is read, and nothing before it is computed', async () => {
    await using ctx = context(n)
    ctx.setCheckpointDir(folder)
    const computed = ctx.longAccumulator()
    const rdd = ctx.range(0, 100, 1, 4).mapPartitions(
      withEnv({ computed }, (records) => {
        computed.add(1)
        return [...records].map((x) => ({ x, at: new Map([[x, x / 2]]) }))
      }),
    )
    rdd.checkpoint()
    expect([rdd.isCheckpointed(), rdd.getCheckpointFile()]).toEqual([false, undefined])
    expect(await rdd.count()).toBe(100)
    // Once for the action, once for the files: the dataset is not persisted.
    expect(computed.value).toBe(8)
    const path = rdd.getCheckpointFile()!
    expect(rdd.isCheckpointed()).toBe(true)
    expect(path.startsWith(ctx.getCheckpointDir()!)).toBe(true)
    expect(readdirSync(path).sort()).toEqual(['_SUCCESS', 'part-00000', 'part-00001', 'part-00002', 'part-00003'])
    expect((await rdd.collect())[30]).toEqual({ x: 30, at: new Map([[30, 15]]) })
    expect(
      await rdd
        .glom()
        .map((part) => part.length)
        .collect(),
    ).toEqual([25, 25, 25, 25])
    expect(computed.value).toBe(8)
    expect(rdd.toDebugString()).not.toContain('range')
  })

  test('a persisted dataset is computed once, and its kept partitions go on to be used', async () => {
    await using ctx = context(n)
    ctx.setCheckpointDir(folder)
    const computed = ctx.longAccumulator()
    const rdd = ctx.range(0, 10, 1, 2).map(
      withEnv({ computed }, (x) => {
        computed.add(1)
        return x
      }),
    )
    rdd.cache().checkpoint()
    expect(await rdd.sum()).toBe(45)
    expect(await rdd.unpersist().sum()).toBe(45)
    expect(computed.value).toBe(10)
  })

  test('an action on what is made of it writes it too; a partitioner stays, so keys need no shuffle', async () => {
    await using ctx = context(n)
    ctx.setCheckpointDir(folder)
    const placed = ctx
      .range(20)
      .map((x) => [x % 5, x] as [number, number])
      .partitionBy(3)
    placed.checkpoint()
    const sums = placed.reduceByKey((a, b) => a + b)
    const expected = new Map([0, 1, 2, 3, 4].map((k) => [k, 4 * k + 30]))
    expect(await sums.collectAsMap()).toEqual(expected)
    expect(placed.isCheckpointed()).toBe(true)
    expect(await placed.reduceByKey((a, b) => a + b).collectAsMap()).toEqual(expected)
    expect(nodeOf(placed.reduceByKey((a, b) => a + b)).dependencies.map(({ kind }) => kind)).toEqual(['narrow'])
    expect(await placed.lookup(3)).toEqual([3, 8, 13, 18])
  })

  test('iterations: the lineage does not grow, and threads that die cost no recomputation from the start', async () => {
    await using ctx = context(n)
    ctx.setCheckpointDir(folder)
    const computed = ctx.longAccumulator()
    let rdd: RDD<number> = ctx.range(0, 10, 1, 2)
    for (let i = 0; i < 12; i++) {
      rdd = rdd.map(
        withEnv({ computed }, (x) => {
          computed.add(1)
          return x + 1
        }),
      )
      if (i % 3 !== 2) continue
      rdd.checkpoint()
      await rdd.count()
    }
    const before = computed.value
    // Three steps each time: once for the action, once for the files.
    expect(before).toBe(4 * 2 * 3 * 10)
    await Promise.all(
      localEngineOf(ctx)
        .pool!.ready()
        .map(({ worker }) => worker.terminate()),
    )
    expect(await rdd.collect()).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20, 21])
    expect(computed.value).toBe(before)
  })

  test('a dataset without partitions', async () => {
    await using ctx = context(n)
    ctx.setCheckpointDir(folder)
    const rdd = ctx.emptyRDD<number>().map((x) => x)
    rdd.checkpoint()
    expect(await rdd.count()).toBe(0)
    expect([rdd.isCheckpointed(), await rdd.collect()]).toEqual([true, []])
  })
})

describe('what can go wrong', () => {
  test('no directory, or none that is one', async () => {
    await using ctx = context(1)
    expect(ctx.getCheckpointDir()).toBeUndefined()
    expect(() => ctx.range(3).checkpoint()).toThrow(StateError)
    expect(() => ctx.range(3).checkpoint()).toThrow(/setCheckpointDir/)
    expect(() => ctx.setCheckpointDir('')).toThrow(ArgumentError)
  })

  test('files that cannot be written fail the action, and the lineage stays', async () => {
    await using ctx = context(1)
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    ctx.setCheckpointDir(file)
    const rdd = ctx.range(3).map((x) => x)
    rdd.checkpoint()
    await expect(rdd.count()).rejects.toThrow(/ENOTDIR|EEXIST/)
    expect(rdd.isCheckpointed()).toBe(false)
    expect(await rdd.count()).toBe(3)
    ctx.setCheckpointDir(folder)
    rdd.checkpoint()
    expect([await rdd.count(), rdd.isCheckpointed()]).toEqual([3, true])
  })

  test('a damaged file fails what reads it: there is nothing to compute it from', async () => {
    await using ctx = context(1)
    ctx.setCheckpointDir(folder)
    const rdd = ctx.range(0, 10, 1, 2).map((x) => x)
    rdd.checkpoint()
    await rdd.count()
    const part = join(rdd.getCheckpointFile()!, 'part-00001')
    writeFileSync(part, 'something else')
    await expect(rdd.count()).rejects.toThrow(TaskFailedError)
    await expect(rdd.count()).rejects.toThrow(/is not a file of/)
  })

  test('the files stay when the context stops', async () => {
    const ctx = context(1)
    ctx.setCheckpointDir(folder)
    const rdd = ctx.range(3).map((x) => x)
    rdd.checkpoint()
    await Promise.all([rdd.count(), rdd.sum()])
    await ctx.stop()
    expect(existsSync(join(rdd.getCheckpointFile()!, '_SUCCESS'))).toBe(true)
  })
})
