import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Context, JobCancelledError, split, TaskFailedError, withEnv } from 'millrace'
import { terminateThread } from 'millrace/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Job } from '#build/engine/scheduler/task.js'
import { JavaError } from '#build/spark/gateway.js'
import { jobFailed } from '#build/spark/task-failure.js'
import { hasService } from '../services/service.js'
import { buildBridge, onSpark, SparkCluster } from '../services/spark.js'
import { eventually } from '../support/eventually.js'
import { type FoundProcess, isRunning, processesBelow } from './processes.js'
import { hasUnread } from './sockets.js'

const ROOT = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'millrace-spark-test-'))
const text = join(folder, 'text.txt')
const lines = Array.from({ length: 2000 }, (_, i) => `word${i % 97} and word${i % 13} and ${i}`)
writeFileSync(text, `${lines.join('\n')}\n`)
afterAll(() => rmSync(folder, { recursive: true }))

const sorted = (pairs: readonly (readonly [string, number])[]) => [...pairs].sort(([a], [b]) => (a < b ? -1 : 1))

/** What a context on Spark starts: the driver's JVM, executors, and their Node processes. */
const OURS = /millrace\.bridge\.Gateway|CoarseGrainedExecutorBackend|millrace-worker/

/** Word count with functions, and with the library's own, which run on bytes. */
async function wordCounts(ctx: Context) {
  const words = ctx.parallelize(lines, 3).flatMap((line) => line.split(' '))
  const values = words.map((word): [string, number] => [word, 1]).reduceByKey((a, b) => a + b)
  const fromFile = ctx
    .textFile(text, 3)
    .flatMap(split(' '))
    .map((word): [string, number] => [word, 1])
  const file = fromFile.reduceByKey((a, b) => a + b, 4)
  return [sorted(await values.collect()), sorted(await file.collect()), await values.count(), await file.count()]
}

/** Ms after which Spark's own default tries a fetch again whose connection has ended. */
const SPARKS_RETRY_MS = 5000

async function failureOf(run: Promise<unknown>): Promise<TaskFailedError> {
  const error = await run.catch((thrown) => thrown)
  expect(error).toBeInstanceOf(TaskFailedError)
  return error as TaskFailedError
}

describe.runIf(hasService('spark')).each([
  { name: 'local[2]', workers: 0 },
  { name: 'a standalone cluster of two workers', workers: 2 },
])('on $name', ({ name, workers }) => {
  let cluster: SparkCluster | undefined
  let ctx: Context
  const local = new Context({ threads: 2 })

  beforeAll(async () => {
    buildBridge()
    cluster = workers > 0 ? await SparkCluster.start(workers) : undefined
    // Only cancelling ends a function that does not return.
    ctx = new Context({ ...onSpark(cluster?.master ?? name), taskTimeout: '1h' })
  })
  afterAll(async () => {
    const own = processesBelow(process.pid).filter(({ command }) => OURS.test(command))
    expect(own.length).toBeGreaterThan(workers + 1)
    await Promise.all([ctx.stop(), local.stop()])
    await eventually(() => expect(own.filter(isRunning)).toEqual([]))
    await cluster?.stop()
  })

  test('word counts are those of threads', async () => {
    expect(await wordCounts(ctx)).toEqual(await wordCounts(local))
  })

  test('an error names code, operation, partition, attempts and record, with the stack of the function', async () => {
    const failing = (of: Context) =>
      failureOf(
        of
          .parallelize([1, 2, 3, 4], 2)
          .map(function failsAtThree(n) {
            if (n === 3) throw Object.assign(new RangeError('no threes'), { code: 'E_THREE' })
            return n
          })
          .collect(),
      )
    const [there, here] = [await failing(ctx), await failing(local)]
    expect(there.code).toBe('ERR_MILLRACE_TASK_FAILED')
    expect(there.details).toEqual({ ...here.details, job: there.details?.job })
    expect(there.message.replace(/job \d+/, '')).toBe(here.message.replace(/job \d+/, ''))
    expect(there.cause).toBeInstanceOf(RangeError)
    expect(there.cause).toMatchObject({ message: 'no threes', code: 'E_THREE' })
    expect(there.stack).toContain('failsAtThree')
    expect(there.stack).not.toContain('millrace-library')
  })

  test('a signal cancels a job that computes and ends its processes, and the next job runs', async () => {
    const cancel = new AbortController()
    const started = mkdtempSync(join(folder, 'started-'))
    const endless = ctx.withSignal(cancel.signal, () =>
      ctx
        .range(0, 2, 1, 2)
        .map(
          withEnv({ started }, () => {
            process.getBuiltinModule('fs').writeFileSync(`${started}/${process.pid}`, '')
            for (;;);
          }),
        )
        .collect(),
    )
    const cancelled = expect(endless).rejects.toThrow(JobCancelledError)
    await eventually(() => expect(readdirSync(started)).toHaveLength(2))
    const pids = new Set(readdirSync(started).map(Number))
    const computing = processesBelow(process.pid).filter(({ pid }) => pids.has(pid))
    expect(computing).toHaveLength(2)
    cancel.abort(new Error('enough'))
    await cancelled
    await eventually(() => expect(computing.filter(isRunning)).toEqual([]))
    expect(await ctx.range(0, 10, 1, 2).sum()).toBe(45)
  })

  test('results over the limit are refused by name, and jobs run at the same time', async () => {
    const small = new Context({ ...onSpark('local[1]'), maxResultBytes: 100_000 })
    try {
      const long = small.range(0, 4, 1, 2).map((n) => String(n).repeat(100_000))
      await expect(long.collect()).rejects.toThrow(/more than 100000 bytes .* the limit maxResultBytes/)
    } finally {
      await small.stop()
    }
    const sorted = ctx.range(0, 300, 1, 3).sortBy((n) => -n, true, 2)
    const jobs = Array.from({ length: 12 }, (_, i) => (i % 2 ? sorted.first() : ctx.range(i).count()))
    expect(await Promise.all(jobs)).toEqual([0, 299, 2, 299, 4, 299, 6, 299, 8, 299, 10, 299])
  })

  test('shuffles of many records keep their order, and name no record that cannot be written', async () => {
    const orders = async (of: Context) => {
      const pairs = of.range(0, 60_000, 1, 3).map((n): [string, string] => [`key ${(n * 7919) % 6}`, `value ${n}`])
      const [spread, sorted] = [pairs.repartition(2), pairs.sortBy(([key]) => key, true, 2)]
      return {
        placed: await pairs.partitionBy(2).glom().collect(),
        grouped: Object.fromEntries(
          await pairs
            .groupByKey(2)
            .mapValues((values) => values.join())
            .collect(),
        ),
        // Which partition gets a record is Spark's own.
        spread: (await spread.map(([, value]) => value).collect()).sort(),
        evenly: await spread
          .glom()
          .map((part) => Math.abs(part.length - 30_000) < 3)
          .collect(),
        sorted: await sorted.collect(),
      }
    }
    expect(await orders(ctx)).toEqual(await orders(local))
    const unwritable = ctx.range(0, 20_000, 1, 1).map((n): [number, unknown] => [n, n === 5 ? () => {} : n])
    const error = await failureOf(unwritable.partitionBy(2).count())
    expect(error.message).toContain('cannot be encoded')
    expect(error.details?.record).toBeUndefined()
  })

  test('broadcast variables, accumulators, dead letters, persisted and sorted datasets', async () => {
    const outcome = async (of: Context) => {
      const factor = of.broadcast({ by: 3 })
      const odd = of.longAccumulator()
      const scaled = of
        .range(0, 100, 1, 4)
        .map(
          withEnv({ factor, odd }, (n) => {
            if (n % 2) odd.add(1)
            return n * factor.value.by
          }),
        )
        .persist()
      const before = of.deadLetters.count
      const kept = await scaled
        .map(
          (n) => {
            if (n % 30 === 0) throw new Error('dropped')
            return n
          },
          { onRecordError: 'dead-letter' },
        )
        .sortBy((n) => -n, true, 3)
        .collect()
      const again = await scaled.sum()
      return { kept, again, odd: odd.value, dropped: of.deadLetters.count - before, first: await scaled.take(3) }
    }
    expect(await outcome(ctx)).toEqual(await outcome(local))
  })
})

describe.runIf(hasService('spark'))('deaths on a standalone cluster', () => {
  let cluster: SparkCluster
  let ctx: Context
  const named = (pattern: RegExp) => processesBelow(process.pid).filter(({ command }) => pattern.test(command))
  const executors = () => named(/CoarseGrainedExecutorBackend/)

  beforeAll(async () => {
    buildBridge()
    cluster = await SparkCluster.start(2)
    // On one machine executors would read the shuffle files of each other. On several they fetch.
    ctx = new Context(onSpark(cluster.master, { 'spark.shuffle.readHostLocalDisk': 'false' }))
    await ctx.range(0, 8, 1, 8).count()
  })
  afterAll(async () => {
    await ctx.stop()
    await cluster.stop()
  })

  test('executors write no lines for each task to their logs, as the level WARN says', () => {
    // Until the plugin sets the level.
    expect(cluster.logs()).toContain('INFO CoarseGrainedExecutorBackend')
    expect(cluster.logs()).not.toContain('Finished task')
  })

  test.each([
    ['a Node process', /millrace-worker/],
    ['an executor', /CoarseGrainedExecutorBackend/],
  ])('a job during which %s is killed has the right result', async (_, pattern) => {
    const started = named(/millrace-worker/).length
    expect(started).toBeGreaterThan(0)
    const slow = ctx.range(0, 8, 1, 8).map((n) => {
      for (let end = Date.now() + 500; Date.now() < end; );
      return [n % 3, n] as [number, number]
    })
    const result = slow.reduceByKey((a, b) => a + b).collect()
    await wait(700)
    process.kill(named(pattern)[0]!.pid, 'SIGKILL')
    expect(Object.fromEntries(await result)).toEqual({ 0: 9, 1: 12, 2: 7 })
  })

  test('a task whose fetch meets the death of an executor does not wait until a connection is tried again', async () => {
    const counts = ctx
      .range(0, 4, 1, 4)
      .flatMap((n): [number, number][] => {
        // So each executor has some of the four tasks, and a part of the shuffle. Later jobs only read it.
        for (let end = Date.now() + 300; Date.now() < end; );
        return Array.from({ length: 25 }, (_, i) => [n + i, 1])
      })
      .reduceByKey((a, b) => a + b, 2)
    const sum = async () => (await counts.collect()).reduce((all, [, n]) => all + n, 0)
    // Another test may have killed one.
    await eventually(() => expect(executors()).toHaveLength(2))
    // And the new one may be starting.
    await eventually(async () => {
      await ctx.range(0, 8, 1, 8).count()
      expect(named(/millrace-worker/)).toHaveLength(2)
    })
    expect(await sum()).toBe(100)
    const [dying, reading] = executors() as [FoundProcess, FoundProcess]
    process.kill(dying.pid, 'SIGSTOP')
    const again = sum()
    await eventually(() => expect(hasUnread(reading.pid, dying.pid)).toBe(true))
    const killed = performance.now()
    process.kill(dying.pid, 'SIGKILL')
    expect(await again).toBe(100)
    expect(performance.now() - killed).toBeLessThan(SPARKS_RETRY_MS)
  })

  test('a driver that is killed leaves nothing running', async () => {
    const program = `
      import { Context } from 'millrace'
      const ctx = new Context(${JSON.stringify(onSpark(cluster.master))})
      const endless = ctx.range(0, 2, 1, 2).map((n) => { for (;;); return n }).collect()
      endless.catch(() => {})
    `
    await ctx.stop()
    await eventually(() => expect(named(OURS)).toEqual([]))
    const driver = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore', cwd: ROOT })
    await eventually(() => expect(named(/millrace-worker/)).toHaveLength(2))
    const all = named(OURS)
    driver.kill('SIGKILL')
    await eventually(() => expect(all.filter(isRunning)).toEqual([]))
  })
})

describe.runIf(hasService('spark'))('without a cluster', () => {
  beforeAll(buildBridge)

  test('what a master does not have is refused by name', async () => {
    await using ctx = new Context(onSpark('local[1]'))
    expect(await ctx.range(3).count()).toBe(3)
    await expect(terminateThread(ctx)).rejects.toThrow('no threads in this process')
  })

  test.each([
    {
      what: 'Node that an executor does not have',
      conf: { 'spark.millrace.node': '/no/such/node' },
      error:
        /Cannot run program "\/no\/such\/node".* Install Node 20.19 or later on this executor, or set spark.millrace.node/,
    },
    {
      what: 'an archive that is not there',
      conf: { 'spark.archives': '/no/such/modules.tgz#node_modules' },
      error: /^Spark did not start: .*NoSuchFileException: \/no\/such\/modules.tgz/s,
    },
  ])('$what is named by the error', async ({ conf, error }) => {
    await using ctx = new Context({ ...onSpark('local[1]', conf), maxFailures: 1 })
    await expect(ctx.range(3).count()).rejects.toThrow(error)
  })

  test.each(['has been shutdown', 'was shut down'])('a job says what to do when the SparkContext %s', (how) => {
    const job = { id: 0 } as Job
    const error = jobFailed(new JavaError(`java.lang.IllegalStateException: SparkContext ${how}`), {
      job,
      label: 'count',
      maxResultBytes: 1,
      stageOf: () => undefined,
    })
    expect(error).toMatchObject({ message: expect.stringMatching(/SparkContext .* check that the master runs at/) })
  })

  test('a missing Spark, and a missing bridge, are errors that say so', async () => {
    const { spark, ...options } = onSpark('local[1]')
    await using none = new Context({ ...options, spark: { ...spark, home: folder } })
    await expect(none.range(3).count()).rejects.toThrow(/spark.home is .* it must be the folder of Spark 4/)
    await using noBridge = new Context({ ...options, spark: { ...spark, bridge: folder } })
    await expect(noBridge.range(3).count()).rejects.toThrow(
      /spark.bridge has no file .*millrace-spark-bridge_2.13.jar; it must be/,
    )
  })
})
