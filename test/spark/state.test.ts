import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, StateError, StateSpec, StreamingContext, type StreamingOptions } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { buildBridge, onSpark, SparkCluster } from '../services/spark.js'
import { processesBelow } from './processes.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-spark-state-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const running = (pattern: RegExp) => processesBelow(process.pid).filter(({ command }) => pattern.test(command))
function killAll(pattern: RegExp): number {
  const found = running(pattern)
  for (const { pid } of found) process.kill(pid, 'SIGKILL')
  return found.length
}
const NODE = /millrace-worker/
const EXECUTOR = /CoarseGrainedExecutorBackend/

/** The streams take them out of their list. */
const BATCHES = 12

/** Totals by three kinds of state in twelve batches. `during` is called after an output of each batch has read the first. */
async function totals(options: Partial<StreamingOptions>, during: (batch: number) => unknown = () => {}) {
  const clock = new ManualClock(0)
  const given = { ...options, threads: 2, parallelism: 3, batchInterval: 1000, clock, stateSnapshotInterval: 3 }
  await using ssc = new StreamingContext(given)
  const batches = Array.from({ length: BATCHES }, (_, i) =>
    Array.from({ length: 40 }, (_, j): [string, number] => [`key${(i * 7 + j * j) % 23}`, i + j]),
  )
  const pairs = ssc.queueStream(batches)
  const sums = pairs.updateStateByKey<number>((values, sum = 0) => values.reduce((a, b) => a + b, sum))
  const counted = pairs.mapWithState(
    StateSpec.function((key: string, value: number | undefined, state) => {
      const seen = { count: (state.getOption()?.count ?? 0) + 1 }
      state.update(seen)
      return `${key} ${value} ${seen.count}`
    }),
  )
  const window = pairs.reduceByKeyAndWindow((a, b) => a + b, '4s', '1s', { inverse: (a, b) => a - b })
  const outputs: Record<string, unknown[]> = { sums: [], counted: [], again: [], window: [] }
  const into = (name: string) => async (rdd: { collect(): Promise<unknown[]> }, time: number) => {
    outputs[name]!.push([time, (await rdd.collect()).map((record) => JSON.stringify(record)).sort()])
  }
  sums.foreachRDD(into('sums'))
  counted.foreachRDD(into('counted'))
  counted.foreachRDD(async (_, time) => void (await during(time / 1000)))
  counted.map((text) => text.toUpperCase()).foreachRDD(into('again'))
  window.foreachRDD(into('window'))
  await ssc.start()
  for (let i = 0; i < BATCHES; i++) {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  return outputs
}

describe.runIf(hasService('spark'))('keyed state on Spark', () => {
  let expected: Awaited<ReturnType<typeof totals>>
  beforeAll(async () => {
    buildBridge()
    expected = await totals({})
    expect(expected.sums).toHaveLength(BATCHES)
  })

  test('a second reader of the output of mapWithState has it, on processes that hold no state', async () => {
    const killed: number[] = []
    const outputs = await totals(onSpark('local[2]'), (batch) => {
      if (batch % 3 === 0) killed.push(killAll(NODE))
    })
    expect(outputs).toEqual(expected)
    expect(killed.every((count) => count > 0)).toBe(true)
    expect((outputs.again as [number, string[]][]).every(([, records]) => records.length > 0)).toBe(true)
  })

  test('all totals are right when Node processes and executors of a cluster are killed', async () => {
    const cluster = await SparkCluster.start(2)
    try {
      const conf = { 'spark.checkpoint.dir': join(folder, 'state') }
      let kills = 0
      const outputs = await totals(onSpark(cluster.master, conf), (batch) => {
        if (batch === 5 || batch === 8) process.kill(running(EXECUTOR)[batch % 2]!.pid, 'SIGKILL')
        else if (batch % 2 === 0) kills += killAll(NODE)
      })
      expect(outputs).toEqual(expected)
      expect(kills).toBeGreaterThan(0)
    } finally {
      await cluster.stop()
    }
  })
})

test('state on a cluster needs a directory that all executors share', async () => {
  const options = { batchInterval: 1000, master: 'spark://127.0.0.1:1', clock: new ManualClock(0) }
  await using ssc = new StreamingContext(options)
  const pairs = ssc.queueStream<[string, number]>([])
  pairs.updateStateByKey<number>((values, n = 0) => n + values.length).print()
  const error = await ssc.start().catch((thrown) => thrown)
  expect(error).toBeInstanceOf(StateError)
  expect(error.message).toMatch(/\(updateStateByKey\) keeps state on a cluster, .* has no 'spark.checkpoint.dir'/)
})
