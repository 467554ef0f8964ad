import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { ManualClock, StreamingContext, withEnv } from 'millrace'
import { cpuMs } from './compare/proc.mjs'
import { startSparkCluster } from './compare/spark-cluster.mjs'
import { onSpark } from './peers/millrace/on-spark.mjs'

/*
 * Costs of the driver of a Spark cluster per job, task, block and batch, and the spread of tasks over executors. Jobs compute next to
 * nothing, so the processor times are those of the driver's Node process and of its JVM, which has Spark's scheduler. The executors share the
 * cores of this machine, which lengthens the times until an answer.
 */

const PARTITIONS = 8
const EXECUTORS = [2, 4, 8]
/** Tasks of a stage, and map and reduce tasks of a shuffle, of which the costs are compared. */
const TASKS = [8, 64, 256]
const SIDES = [8, 64]
const MOST_ASKED = 100
/** More than the warm-up and the measurement take. */
const BATCHES = 10_000
const SETTLE_MS = 300
/** Ms for which each kind of job runs before it is measured: a JVM that still compiles takes several times as long. */
const WARM_MS = 10_000

/** Prints the table. Returns its rows. `only`: `spread`, `costs`, or both. */
export async function run({ runs, quick, only = 'spread,costs' }, log) {
  const spread = []
  for (const executors of only.includes('spread') ? EXECUTORS : [])
    spread.push(await withStreams(executors, (ssc) => spreadOver(executors, ssc)))
  for (const { executors, tasks, ms } of spread)
    log(
      `${PARTITIONS} partitions, ${executors} executors of one core: tasks ${tasks.join(' ')}; ${ms.toFixed(0)} ms a job`,
    )
  if (!only.includes('costs')) return { spread, costs: [] }
  const costs = await withStreams(2, (ssc, clock) =>
    costsOf(ssc, clock, quick ? { iterations: 3, warmMs: 0 } : { iterations: 10 * runs, warmMs: WARM_MS }),
  )
  for (const { what, node, jvm, ms } of costs)
    log(
      `${what}: driver ${node.toFixed(1)} ms of Node, ${jvm.toFixed(1)} ms of the JVM; ${ms.toFixed(1)} ms until the answer`,
    )
  return { spread, costs }
}

async function withStreams(executors, measure) {
  const cluster = await startSparkCluster(1)
  const clock = new ManualClock(0)
  const options = {
    ...onSpark(cluster.master, executors, { 'spark.executor.memory': '512m' }),
    batchInterval: 1000,
    clock,
  }
  const ssc = new StreamingContext(options)
  try {
    ssc.queueStream(Array.from({ length: BATCHES }, () => [1])).foreachRDD(async (rdd) => void (await rdd.collect()))
    await ssc.start()
    await clock.advance(1000)
    await ssc.awaitIdle()
    // Executors register one after the other.
    for (let asked = 0; (await statusOf(ssc)).length < executors; asked++)
      if (asked > MOST_ASKED) throw new Error(`the cluster did not start ${executors} executors`)
    return await measure(ssc, clock)
  } finally {
    await ssc.stop()
    await cluster.stop()
  }
}

/** The executors once nothing changes: a status shows those of the question before, and Spark counts tasks some time after their end. */
async function statusOf(ssc) {
  let executors = []
  for (let before; before !== doneOf(executors); ) {
    before = doneOf(executors)
    await ssc.status()
    await wait(SETTLE_MS)
    executors = (await ssc.status()).cluster.executors
  }
  return executors
}

const doneOf = (executors) => executors.map(({ id, completed }) => `${id} ${completed}`).join()

async function spreadOver(executors, ssc) {
  const work = () =>
    ssc.context
      .range(0, PARTITIONS, 1, PARTITIONS)
      .map((n) => {
        // Waits, as executors share the cores of this machine.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
        return n
      })
      .count()
  await work()
  const before = await statusOf(ssc)
  const begun = performance.now()
  for (let i = 0; i < 3; i++) await work()
  const ms = (performance.now() - begun) / 3
  const after = await statusOf(ssc)
  const done = (all, id) => all.find((each) => each.id === id)?.completed ?? 0
  return { executors, ms, tasks: after.map(({ id }) => done(after, id) - done(before, id)) }
}

async function costsOf(ssc, clock, { iterations, warmMs }) {
  const { context } = ssc
  const jobs = TASKS.map((tasks) => {
    const numbers = context.range(0, tasks, 1, tasks)
    return [`job of one stage, ${tasks} tasks`, () => numbers.count()]
  })
  const shuffles = SIDES.map((side) => {
    const pairs = context.range(0, side * side, 1, side).map(withEnv({ side }, (n) => [n % side, n]))
    return [`job of two stages, ${side} × ${side} blocks`, () => pairs.partitionBy(side).count()]
  })
  const batch = ['batch with one output of two tasks', () => clock.advance(1000).then(() => ssc.awaitIdle())]
  const works = [...jobs, ...shuffles, batch]
  for (const [, work] of works) {
    const until = performance.now() + warmMs
    do await work()
    while (performance.now() < until)
  }
  const costs = []
  for (const [what, work] of works) {
    const jvm = jvmOfDriver()
    const [begun, node, java] = [performance.now(), process.cpuUsage(), cpuMs(jvm)]
    for (let i = 0; i < iterations; i++) await work()
    const ms = (performance.now() - begun) / iterations
    const { user, system } = process.cpuUsage(node)
    costs.push({ what, ms, node: (user + system) / 1000 / iterations, jvm: (cpuMs(jvm) - java) / iterations })
  }
  return costs
}

function jvmOfDriver() {
  const isOurs = (pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
      return command.includes('millrace.bridge.Gateway') && parentOf(pid) === process.pid
    } catch (error) {
      // It has ended meanwhile.
      if (['ENOENT', 'ESRCH'].includes(error.code)) return false
      throw error
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find(isOurs)
}

function parentOf(pid) {
  return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))[1])
}
