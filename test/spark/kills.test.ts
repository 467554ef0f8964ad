import { Context } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { random } from '../engine/support.js'
import { hasService } from '../services/service.js'
import { buildBridge, onSpark, SparkCluster } from '../services/spark.js'
import { jobsOf, type Kill, killed, slowest, summary } from './kills.js'

const SEED = Number(process.env.SEED ?? 20261130)
/** `npm run test:spark` has 200. */
const KILLS = Number(process.env.MILLRACE_SPARK_KILLS ?? 10)
/** Of ten kills, how many are of executors. */
const EXECUTORS = 3
/** A kill comes within so many ms of its job: they take about 0.5 to 1 s on an idle machine. */
const WITHIN_MS = 700
/** Spark's own, after which it gives up an executor that is silent. One that died closes its connections, and no job may wait so long. */
const NETWORK_TIMEOUT_MS = 120_000

describe.runIf(hasService('spark'))('kills on a standalone cluster of two workers', () => {
  let cluster: SparkCluster
  let ctx: Context

  beforeAll(async () => {
    buildBridge()
    cluster = await SparkCluster.start(2)
    ctx = new Context(onSpark(cluster.master))
  })
  afterAll(async () => {
    await ctx.stop()
    await cluster.stop()
  })

  test(`${KILLS} kills of Node processes and executors: every answer is right (SEED=${SEED})`, {
    timeout: 600_000 + KILLS * 20_000,
  }, async () => {
    const next = random(SEED)
    const jobs = jobsOf(ctx)
    const done: Kill[] = []
    const count = () => done.filter(({ victim }) => victim).length
    for (const job of jobs) done.push(await killed(job, undefined, 0, 0))
    for (let i = 0; count() < KILLS && i < 3 * KILLS; i++) {
      const victim = next() * 10 < EXECUTORS ? 'an executor' : 'a Node process'
      done.push(await killed(jobs[i % jobs.length]!, victim, next() * WITHIN_MS, next()))
    }
    console.table(summary(done))
    console.table(slowest(done))
    expect(done.filter(({ isRight }) => !isRight)).toEqual([])
    expect(count()).toBe(KILLS)
    expect(slowest(done)[0]!.ms).toBeLessThan(NETWORK_TIMEOUT_MS)
  })
})
