import { Context, type ContextOptions, type RDD, withEnv } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { random } from './support.js'

declare const runs: Int32Array
declare const dies: readonly number[]
declare const taken: Int32Array

const N = 120
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
let ctx: Context | undefined
afterEach(async () => ctx?.stop())

/** One thread, so that its death loses every output, whichever reader it dies in. */
function context(options: ContextOptions = {}): Context {
  ctx = new Context({ threads: 1, spare: false, logger: quiet, maxFailures: 100, ...options })
  return ctx
}

/** Ends the thread in the runs of partitions that `deaths` counts from 1 over all partitions, once the input was read. */
function dyingAt<T>(rdd: RDD<T>, deaths: readonly number[]): RDD<T> {
  const count = new Int32Array(new SharedArrayBuffer(4))
  return rdd.mapPartitions(
    withEnv({ runs: count, dies: deaths }, (records: Iterable<T>) => {
      const all = [...records]
      if (dies.includes(Atomics.add(runs, 0, 1) + 1)) process.exit(1)
      return all
    }),
  )
}

/**
 * Like `dyingAt`, for tests that need a rollback: the thread dies only when the driver has the results of all earlier runs. If
 * the driver is busy, it may see the end of a thread before the last answer of that thread.
 */
function dyingOnceTaken<T>(rdd: RDD<T>, deaths: readonly number[]): RDD<T> {
  const [count, results] = [new SharedArrayBuffer(4), new SharedArrayBuffer(4)].map((words) => new Int32Array(words))
  ctx!.on('taskEnded', ({ label, status }) => {
    if (label !== 'mapPartitions' || status !== 'succeeded') return
    Atomics.add(results!, 0, 1)
    Atomics.notify(results!, 0)
  })
  return rdd.mapPartitions(
    withEnv({ runs: count!, taken: results!, dies: deaths }, (records: Iterable<T>) => {
      const all = [...records]
      const run = Atomics.add(runs, 0, 1) + 1
      // So that the task does not count as quick: quick tasks share a message and its answer.
      for (const end = performance.now() + 1; performance.now() < end; );
      if (!dies.includes(run)) return all
      const before = run - 1 - dies.filter((death) => death < run).length
      for (let seen = Atomics.load(taken, 0); seen < before; seen = Atomics.load(taken, 0)) Atomics.wait(taken, 0, seen)
      process.exit(1)
    }),
  )
}

const lookUp = async (x: number) => {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
  return x
}
const byChance = (x: number): [number, number] => [Math.floor(Math.random() * 1000), x]
const again = ([, x]: [number, number]): [number, number] => [Math.floor(Math.random() * 1000), x]
const value = ([, x]: [number, number]) => x

const PIPELINES: Record<string, (ctx: Context) => RDD<number>> = {
  'unordered calls, dealt out': (ctx) =>
    ctx.range(0, N, 1, 2).mapAsync(lookUp, { ordered: false, concurrency: 30 }).repartition(3),
  'random order, dealt out': (ctx) =>
    ctx
      .range(0, N, 1, 2)
      .mapPartitions((xs) => [...xs].sort(() => Math.random() - 0.5))
      .repartition(3),
  'random keys, grouped': (ctx) =>
    ctx
      .range(0, N, 1, 2)
      .map(byChance)
      .groupByKey(3)
      .flatMap(([, xs]) => xs),
  'random keys, sorted': (ctx) =>
    ctx
      .range(0, N, 1, 2)
      .map(byChance)
      .sortBy(([key]) => key, { partitions: 3 })
      .map(value),
  'two shuffles by random keys': (ctx) =>
    ctx
      .range(0, N, 1, 2)
      .map(byChance)
      .groupByKey(3)
      .flatMap(([key, xs]) => xs.map((x) => [key, x] as [number, number]))
      .map(again)
      .groupByKey(3)
      .flatMap(([, xs]) => xs),
  'random keys, joined with themselves by place': (ctx) =>
    ctx
      .range(0, N, 1, 2)
      .map(byChance)
      .groupByKey(3)
      .flatMap(([, xs]) => xs)
      .repartition(4),
  'random keys, kept': (ctx) =>
    ctx
      .range(0, N, 1, 2)
      .map(byChance)
      .groupByKey(3)
      .flatMap(([, xs]) => xs)
      .cache(),
}

describe.each(Object.keys(PIPELINES))('%s', (name) => {
  test.each([[[2]], [[3]], [[2, 4]], [[3, 4, 6]]])('the thread dies at runs %j: every record once', async (deaths) => {
    const rdd = PIPELINES[name]!(context())
    const seen = await dyingAt(rdd, deaths).collect()
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: N }, (_, x) => x))
    expect(localEngineOf(ctx!).blocks.size).toBeGreaterThan(0)
  })

  test('kills at random on two threads: every record once', async () => {
    const next = random(Number(process.env.SEED ?? 7))
    context({ threads: 2 })
    await ctx!.start()
    for (let round = 0; round < 8; round++) {
      const job = dyingAt(PIPELINES[name]!(ctx!), [1 + Math.floor(next() * 5)]).collect()
      const kills = [0, 0].map(() =>
        setTimeout(() => void localEngineOf(ctx!).pool!.ready()[0]?.worker.terminate(), next() * 20),
      )
      const seen = await job
      for (const kill of kills) clearTimeout(kill)
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: N }, (_, x) => x))
    }
  })
})

test('a kept dataset is of one version, also where a later job computes a lost part of it', async () => {
  const kept = context()
    .range(0, N, 1, 2)
    .map(byChance)
    .groupByKey(3)
    .flatMap(([, xs]) => xs)
    .cache()
  await kept.count()
  const seen = await dyingAt(kept, [2]).collect()
  expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: N }, (_, x) => x))
  expect((await kept.collect()).sort((a, b) => a - b)).toEqual(seen)
})

/** The last record's call completes first. */
const lastFirst = async (x: number) => {
  await new Promise((resolve) => setTimeout(resolve, 100 - 10 * x))
  return x
}

describe('unordered calls are written in the order of the records', () => {
  const records = Array.from({ length: 10 }, (_, x) => x)
  const calls = () => context().range(0, 10, 1, 1).mapAsync(lastFirst, { ordered: false })

  test('into persisted data', async () => {
    expect(await calls().cache().collect()).toEqual(records)
  })

  test('into a shuffle, so that a repetition after the death of the thread rolls nothing back', async () => {
    const grouped = calls()
      .map((x): [string, number] => ['all', x])
      .groupByKey(2)
    const rollbacks: unknown[] = []
    ctx!.on('rolledBack', (event) => rollbacks.push(event))
    expect(await dyingAt(grouped, [2]).collect()).toEqual([['all', records]])
    expect(rollbacks).toEqual([])
  })
})

test('data that comes out different each time fails its job, which says so', async () => {
  const odd = Array.from({ length: 200 }, (_, i) => 2 * i + 2)
  const rdd = PIPELINES['random keys, grouped']!(context())
  await expect(dyingOnceTaken(rdd, odd).collect()).rejects.toMatchObject({
    code: 'ERR_MILLRACE_INDETERMINATE',
    message: expect.stringMatching(/map/),
  })
  expect(await ctx!.range(4).count()).toBe(4)
})

test('a rollback is reported: which results, which map outputs', async () => {
  const rolledBack: { kind: string; label: string; partitions: readonly number[] }[] = []
  const rdd = PIPELINES['two shuffles by random keys']!(context())
  ctx!.on('rolledBack', (event) => rolledBack.push(event))
  await dyingOnceTaken(rdd, [2]).collect()
  expect(rolledBack).toContainEqual({ kind: 'task', label: 'mapPartitions', partitions: [0] })
  const before = rolledBack.length
  await rdd.count()
  expect(rolledBack).toHaveLength(before)
})

test.each(['rolledBack', 'blockRecomputed', 'taskRetried'] as const)(
  'all threads die at each of the first %s events: every record once',
  async (event) => {
    const rdd = PIPELINES['two shuffles by random keys']!(context({ threads: 2 }))
    let left = 4
    ctx!.on(event, () => {
      if (left-- > 0) for (const { worker } of localEngineOf(ctx!).pool!.threads()) void worker.terminate()
    })
    const seen = await dyingAt(rdd, [2, 3]).collect()
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: N }, (_, x) => x))
  },
)

/** Fails by chance: other records each time. */
const byChanceOnly = (x: number) => {
  if (Math.random() < 0.5) throw new RangeError('by chance')
  return x
}

test.each([[[2]], [[3]], [[2, 4]], [[2, 3, 5]]])(
  'the thread dies at runs %j: each record is in the results or in the dead letters of the same run',
  async (deaths) => {
    const letters: unknown[] = []
    const failing = context().range(0, N, 1, 2).map(byChanceOnly, { onRecordError: 'dead-letter' })
    ctx!.on('deadLetters', (batch) => letters.push(...batch.letters.map(({ record }) => record)))
    const seen = await dyingAt(failing.repartition(3), deaths).collect()
    expect([...seen, ...(letters as number[])].sort((a, b) => a - b)).toEqual(Array.from({ length: N }, (_, x) => x))
  },
)

describe('zipWithIndex', () => {
  const some = () =>
    // Both deaths may meet the same partition.
    context({ maxFailures: 3 })
      .range(0, N, 1, 3)
      .filter(() => Math.random() < 0.5)

  test('fails where the records that it counted are not those that it numbers', async () => {
    await expect(some().zipWithIndex().collect()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_TASK_FAILED',
      cause: { code: 'ERR_MILLRACE_INDETERMINATE', message: expect.stringMatching(/zipWithIndex counted .* persist/) },
    })
  })

  test.each([[[2]], [[3]], [[2, 4]]])('numbers a persisted dataset, the thread dying at runs %j', async (deaths) => {
    const numbered = some().cache().zipWithIndex()
    const seen = await dyingAt(numbered, deaths).collect()
    expect(seen.map(([, i]) => i).sort((a, b) => a - b)).toEqual(seen.map((_, i) => i))
    expect(new Set(seen.map(([x]) => x)).size).toBe(seen.length)
  })
})

test('repeatable data is not read again', async () => {
  const rdd = context()
    .range(0, N, 1, 2)
    .map((x) => [x % 7, x] as [number, number])
    .groupByKey(3)
  const sum = ctx!.longAccumulator()
  const counted = rdd.map(
    withEnv({ sum }, (pair: [number, number[]]) => {
      sum.add(1)
      return pair
    }),
  )
  expect(await dyingAt(counted, [2]).count()).toBe(7)
  expect(sum.value).toBe(7)
})

declare const sum: { add(n: number): void }

test('what tasks add to an accumulator in an action counts once, also if they run again after a rollback', async () => {
  const counted = context().longAccumulator()
  const rollbacks: string[] = []
  ctx!.on('rolledBack', ({ kind }) => rollbacks.push(kind))
  const rdd = dyingOnceTaken(PIPELINES['random keys, grouped']!(ctx!), [3])
  await rdd.foreachPartition(withEnv({ counted }, () => counted.add(1)))
  expect(rollbacks).toContain('task')
  expect(counted.value).toBe(3)
})

/** Lost between the jobs of one action: random keys fall into other partitions when they are computed again. */
describe('an action that reads partitions in several jobs sees one version of them', () => {
  const grouped = (deaths: readonly number[], partitions = 8) =>
    dyingAt(
      context()
        .range(0, N, 1, 2)
        .map(byChance)
        .groupByKey(partitions)
        .flatMap(([, xs]) => xs),
      deaths,
    )
  const all = Array.from({ length: N }, (_, x) => x)
  const inOrder = (seen: readonly number[]) => [...seen].sort((a, b) => a - b)

  test.each([[[2]], [[3]], [[2, 8]]])('take, where the thread dies at runs %j', async (deaths) => {
    expect(inOrder(await grouped(deaths).take(N))).toEqual(all)
  })

  test('takeSample', async () => {
    expect(inOrder(await grouped([9]).takeSample(false, N, 1))).toEqual(all)
  })

  test('toLocalIterator, which has returned a part already: it rejects', async () => {
    const seen: number[] = []
    const reading = async () => {
      for await (const x of grouped([3]).toLocalIterator()) seen.push(x)
    }
    await expect(reading()).rejects.toMatchObject({ code: 'ERR_MILLRACE_INDETERMINATE' })
    expect(new Set(seen).size).toBe(seen.length)
  })

  test('an action whose data is different each time fails in the end', async () => {
    const each = Array.from({ length: 200 }, (_, i) => 2 * i)
    await expect(grouped(each, 3).take(N)).rejects.toMatchObject({
      code: expect.stringMatching(/ERR_MILLRACE_(INDETERMINATE|TASK_FAILED)/),
    })
  })
})
