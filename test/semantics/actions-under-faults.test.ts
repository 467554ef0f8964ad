import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Context, type ContextOptions, type RDD, withEnv, words } from 'millrace'
import { describe, expect, test } from 'vitest'
import { THREAD_FAULT_POINTS } from '#build/pool/fault-points.js'

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const N = 200
const ALL = Array.from({ length: N }, (_, i) => i)
const ascending = (numbers: number[]): number[] => [...numbers].sort((a, b) => a - b)
const directory = (): string => join(mkdtempSync(join(tmpdir(), 'faults-')), 'saved')
const pairs = (rdd: RDD<number>, by: number) => rdd.map(withEnv({ by }, (x: number): [number, number] => [x % by, x]))

/** Actions whose result must not show that threads die: each with what it gives, and what it must give. */
const ACTIONS: Readonly<Record<string, (ctx: Context, numbers: RDD<number>) => Promise<readonly [unknown, unknown]>>> =
  {
    take: async (_, numbers) => [await numbers.take(150), ALL.slice(0, 150)],
    toLocalIterator: async (_, numbers) => {
      const all: number[] = []
      for await (const x of numbers.toLocalIterator()) all.push(x)
      return [all, ALL]
    },
    saveAsTextFile: async (ctx, numbers) => {
      const path = directory()
      const grouped = pairs(numbers, 7).groupByKey()
      await grouped.flatMap(([, values]) => values).saveAsTextFile(path)
      const saved = ascending((await ctx.textFile(path).collect()).map(Number))
      // Nothing is left beside it of attempts that died.
      return [
        [saved, readdirSync(dirname(path))],
        [ALL, ['saved']],
      ]
    },
    saveAsObjectFile: async (ctx, numbers) => {
      const path = directory()
      await numbers.map((x) => ({ x })).saveAsObjectFile(path)
      return [await ctx.objectFile(path).collect(), ALL.map((x) => ({ x }))]
    },
    "persist('disk')": async (_, numbers) => {
      const kept = numbers.persist('disk')
      return [
        [await kept.collect(), await kept.collect(), await kept.sum()],
        [ALL, ALL, (N * (N - 1)) / 2],
      ]
    },
    longAccumulator: async (ctx, numbers) => {
      const total = ctx.longAccumulator()
      await numbers.foreach(withEnv({ total }, (x: number) => total.add(x)))
      return [total.value, (N * (N - 1)) / 2]
    },
    collectionAccumulator: async (ctx, numbers) => {
      const seen = ctx.collectionAccumulator<number>('seen')
      await numbers.foreachPartition(
        withEnv({ seen }, (records: Iterable<number>) => {
          for (const x of records) seen.add(x)
        }),
      )
      return [ascending([...seen.value]), ALL]
    },
    broadcast: async (ctx, numbers) => {
      const table = ctx.broadcast({ factor: 3 })
      return [
        await numbers.map(withEnv({ table }, (x: number) => x * table.value.factor)).collect(),
        ALL.map((x) => 3 * x),
      ]
    },
    mapAsync: async (_, numbers) => [await numbers.mapAsync(async (x) => x, { concurrency: 3 }).collect(), ALL],
    'mapAsync without order, dealt out': async (_, numbers) => {
      const mixed = numbers.mapAsync(async (x) => x, { ordered: false }).repartition(5)
      return [ascending(await mixed.collect()), ALL]
    },
    sortBy: async (_, numbers) => [await numbers.sortBy((x) => -x, { partitions: 3 }).collect(), [...ALL].reverse()],
    join: async (_, numbers) => [await pairs(numbers, N).join(pairs(numbers, N)).count(), N],
    zipWithIndex: async (_, numbers) => [await numbers.zipWithIndex().collect(), ALL.map((x) => [x, x])],
    treeAggregate: async (_, numbers) => [
      await numbers.treeAggregate(
        0,
        (n, x) => n + x,
        (a, b) => a + b,
        3,
      ),
      (N * (N - 1)) / 2,
    ],
    checkpoint: async (ctx, numbers) => {
      ctx.setCheckpointDir(directory())
      numbers.checkpoint()
      return [
        [await numbers.collect(), numbers.isCheckpointed(), await numbers.collect()],
        [ALL, true, ALL],
      ]
    },
    'countByValue of words': async (ctx) => {
      const lines = ctx.parallelize(
        ALL.map((x) => `a${x % 3} b`),
        6,
      )
      const counts = await lines.flatMap(words()).countByValue()
      return [
        [counts.get('b'), counts.size],
        [N, 4],
      ]
    },
  }

const THREADS: readonly ContextOptions[] = [
  { threads: 3 },
  { threads: 1, spare: false, replicas: 1 },
  { threads: 2, replication: 'copy', speculation: true },
]

describe.each(Object.entries(ACTIONS))('%s', (_, action) => {
  test.each(THREADS)('gives the same whatever point threads die at: %j', async (options) => {
    // The first passing of each point, and a later one.
    for (const first of [0, 1]) {
      const faults = THREAD_FAULT_POINTS.map((point, i) => ({
        point,
        nth: first === 0 ? 1 + (i % 2) : 3 + 2 * i,
        passes: new SharedArrayBuffer(4),
      }))
      await using ctx = new Context({ ...options, faults, logger: QUIET })
      const [actual, expected] = await action(
        ctx,
        ctx.range(0, N, 1, 6).map((x) => x),
      )
      expect(actual).toEqual(expected)
      // Threads did die.
      expect(faults.filter(({ nth, passes }) => new Int32Array(passes)[0]! >= nth).length).toBeGreaterThan(0)
    }
  })
})
