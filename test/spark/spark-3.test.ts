import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, StreamingContext, type StreamingOptions, split, TaskFailedError } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { buildBridge, onSpark, SparkCluster } from '../services/spark.js'
import { eventually } from '../support/eventually.js'
import { processesBelow } from './processes.js'

const lines = Array.from({ length: 2000 }, (_, i) => `word${i % 97} and word${i % 13} and ${i}`)
/** The streams take them out of their list. */
const BATCHES = 5
const EXECUTOR = /CoarseGrainedExecutorBackend/

/** Word counts, sorted and persisted records, and the state of five batches. `before` is called before the fourth. */
async function outcome(options: Partial<StreamingOptions>, before: (ssc: StreamingContext) => unknown = () => {}) {
  const clock = new ManualClock(0)
  const given = { threads: 2, parallelism: 3, batchInterval: 1000, stateSnapshotInterval: 2, clock }
  await using ssc = new StreamingContext({ ...options, ...given })
  const { context: ctx } = ssc
  const words = ctx.parallelize(lines, 3).flatMap(split(' ')).persist()
  const counts = words.map((word): [string, number] => [word, 1]).reduceByKey((a, b) => a + b, 2)
  const sums: unknown[] = []
  const batches = Array.from({ length: BATCHES }, (_, i) => lines.slice(i * 40, i * 40 + 60))
  ssc
    .queueStream(batches)
    .flatMap(split(' '))
    .map((word): [string, number] => [word, 1])
    .updateStateByKey<number>((more, sum = 0) => more.reduce((a, b) => a + b, sum))
    .foreachRDD(async (rdd) => void sums.push((await rdd.sortBy(([word]) => word).collect()).flat()))
  const found = {
    counts: await counts.sortBy(([word]) => word).collect(),
    distinct: await words.distinct().count(),
    words: await words.count(),
    first: await words.sortBy((word) => word, false, 2).take(3),
  }
  await ssc.start()
  for (let i = 0; i < BATCHES; i++) {
    if (i === 3) await before(ssc)
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  return { ...found, sums }
}

describe.runIf(hasService('spark3'))('on a standalone cluster of Spark 3.5', () => {
  let cluster: SparkCluster
  const folder = mkdtempSync(join(tmpdir(), 'millrace-spark-3-'))
  beforeAll(async () => {
    buildBridge()
    cluster = await SparkCluster.start(2, 'spark3')
  })
  afterAll(async () => {
    await cluster.stop()
    rmSync(folder, { recursive: true })
  })

  test('word counts, shuffles, persisted records and state are those of threads, through the loss of executors', async () => {
    const here = await outcome({})
    expect(here.sums).toHaveLength(BATCHES)
    const killAll = async (ssc: StreamingContext) => {
      await eventually(async () => {
        const all = (await ssc.status()).cluster!.executors
        const counts = all.map(({ processes, endedProcesses }) => [processes, endedProcesses])
        expect(counts).toEqual([
          [1, 0],
          [1, 0],
        ])
      })
      const executors = processesBelow(process.pid).filter(({ command }) => EXECUTOR.test(command))
      expect(executors).toHaveLength(2)
      for (const { pid } of executors) process.kill(pid, 'SIGKILL')
    }
    expect(await outcome(onSpark(cluster.master, { 'spark.checkpoint.dir': folder }, 'spark3'), killAll)).toEqual(here)
  })

  test('an error names its operation, partition and attempts, with the stack of the function', async () => {
    await using ctx = new StreamingContext({
      ...onSpark('local[2]', {}, 'spark3'),
      maxFailures: 2,
      batchInterval: '1d',
    })
    const failed = ctx.context.range(0, 4, 1, 2).map(function failsAtThree(n) {
      if (n === 3) throw new RangeError('no threes')
      return n
    })
    const error = await failed.collect().catch((thrown) => thrown)
    expect(error).toBeInstanceOf(TaskFailedError)
    expect(error.details).toMatchObject({ partition: 1, attempts: 2 })
    expect(error.cause).toMatchObject({ name: 'RangeError', message: 'no threes' })
    expect(error.stack).toContain('failsAtThree')
  })
})
