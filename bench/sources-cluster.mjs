import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Context } from 'millrace'
import { tsImport } from 'tsx/esm/api'
import { Contender } from './compare/contender.mjs'
import { startSparkCluster } from './compare/spark-cluster.mjs'
import { onSpark } from './peers/millrace/on-spark.mjs'
import { PEERS } from './peers/registry.mjs'
import { closeAll, counted, fill, inTurns, LINE, sparkOn } from './sources-kafka.mjs'
import { median, ratios } from './stats.mjs'

const WORKERS = 2
const PARTITIONS = 4
/** Ms for an answer, the first of which starts executors. */
const PATIENCE_MS = 150_000
/** Spark's direct stream is not published for the 4.0 of the other clusters. */
const KAFKA_SPARK = { service: 'spark3', spark: '3.5.1', scala: '2.12' }
const ROOT = fileURLToPath(new URL('..', import.meta.url))

/**
 * Lines of 100 bytes from a Kafka broker and from HDFS into a count on a Spark cluster of two workers, by Millrace and by Spark itself in
 * turns: its direct stream, and its textFile. Broker, servers and cluster share the cores.
 */
export async function runCluster(options, log) {
  const times = { ...(await on(KAFKA_SPARK, kafka, options, log)), ...(await on(undefined, hdfs, options, log)) }
  for (const [name, all] of Object.entries(times)) {
    const spark = times[`${name} by Spark`]
    const beside = spark ? `; ${spreadText(ratios(spark, all))} of Spark` : ''
    log(`${name.padEnd(27)} ${((options.bytes / median(all)) * 1e-3).toFixed(0)} MB/s${beside}`)
  }
  return times
}

async function on(spark, part, options, log) {
  const cluster = await startSparkCluster(WORKERS, spark)
  try {
    return await part(cluster, options, log)
  } finally {
    await cluster.stop()
  }
}

const spreadText = ({ median, min, max }) => `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`

async function kafka({ master }, { bytes, runs, threads }, log) {
  const { KafkaService } = await tsImport('../test/services/kafka.ts', import.meta.url)
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-kafkajs-'))
  const service = await KafkaService.start()
  try {
    const count = Math.ceil(bytes / LINE)
    await fill(service.broker, count)
    const archive = join(folder, 'modules.tar')
    execFileSync('tar', ['cf', archive, '-C', join(ROOT, 'node_modules'), 'kafkajs'])
    const own = onSpark(master, threads, { 'spark.archives': `${archive}#node_modules` }, KAFKA_SPARK.service)
    const contenders = { 'kafka on a cluster': await counted(service.broker, own) }
    const spark = await sparkOn({ broker: service.broker, threads, master, versions: KAFKA_SPARK }, log)
    if (spark) contenders['kafka on a cluster by Spark'] = spark.count
    return await inTurns(contenders, { count, runs })
  } finally {
    await closeAll()
    await service[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function hdfs({ master }, { bytes, runs, threads, ...options }) {
  const { HdfsService } = await tsImport('../test/services/hdfs.ts', import.meta.url)
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-files-'))
  const service = await HdfsService.start([])
  const context = new Context(onSpark(master, threads))
  let contender
  try {
    const count = Math.ceil(bytes / LINE / PARTITIONS) * PARTITIONS
    const content = Buffer.from(`${'x'.repeat(LINE - 1)}\n`.repeat(count / PARTITIONS))
    for (let i = 0; i < PARTITIONS; i++) writeFileSync(join(folder, `part-${i}`), content)
    await context.textFile(folder, PARTITIONS).saveAsTextFile(`${service.url}/lines`)
    const { start } = await PEERS['spark-rdd'].prepare(options)
    const task = { workload: 'spark-engine', peer: 'spark-rdd', job: 'count', parts: PARTITIONS, threads, master }
    const { scratch, ...command } = start({ ...task, file: `${service.clientUrl}/lines` })
    contender = new Contender('spark', command)
    const bySpark = async () => {
      const { ms } = await contender.turn(1, PATIENCE_MS)
      return { found: count, ms: ms[0] }
    }
    const counted = async () => ({ found: await context.textFile(`${service.url}/lines`, PARTITIONS).count() })
    return await inTurns({ 'hdfs on a cluster': counted, 'hdfs on a cluster by Spark': bySpark }, { count, runs })
  } finally {
    await contender?.stop()
    await context.stop()
    await service[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
}
