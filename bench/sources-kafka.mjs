import { rmSync } from 'node:fs'
import { Kafka, logLevel } from 'kafkajs'
import { ManualClock, StreamingContext } from 'millrace'
import { kafkaSource } from 'millrace/kafka'
import { tsImport } from 'tsx/esm/api'
import { KafkaCluster } from '#build/connectors/kafka/cluster.js'
import { kafkaReader } from '#build/connectors/kafka/reader.js'
import { Contender } from './compare/contender.mjs'
import { Unavailable } from './peers/build.mjs'
import { sparkKafka } from './peers/jvm.mjs'
import { median, ratios } from './stats.mjs'

export const LINE = 100
const PARTITIONS = 4
const SEND = 10_000
/** Bytes that a request fetches: the default of kafkaSource. */
const FETCH = 4 * 1024 * 1024

/**
 * Lines of 100 bytes from a Kafka broker on loopback into a counted stream, beside a loop on one thread that reads the same
 * partitions with the same client, one after the other, and beside Spark's direct stream where Java and Maven are installed. The
 * broker runs on the same cores.
 */
export async function runKafka({ bytes, runs, threads }, log) {
  const { KafkaService } = await tsImport('../test/services/kafka.ts', import.meta.url)
  const kafka = await KafkaService.start()
  try {
    const count = Math.ceil(bytes / LINE)
    await fill(kafka.broker, count)
    const contenders = { loop: () => loop(kafka.broker) }
    for (const n of new Set([1, threads]))
      contenders[`${n} thread${n === 1 ? '' : 's'}`] = await counted(kafka.broker, { threads: n })
    const spark = await sparkOn({ broker: kafka.broker, threads }, log)
    if (spark) contenders[spark.name] = spark.count
    const times = await inTurns(contenders, { count, runs })
    for (const [name, all] of Object.entries(times)) {
      const seconds = median(all) / 1000
      const { median: ratio, min, max } = ratios(times.loop, all)
      const spark = times.spark && name !== 'spark' ? `; ${ratios(times.spark, all).median.toFixed(2)} of Spark` : ''
      const rate = `${(count / seconds / 1e6).toFixed(2)} M records/s, ${(bytes / seconds / 1e6).toFixed(0)} MB/s`
      log(
        `kafka, ${name.padEnd(10)} ${rate}; ${ratio.toFixed(2)} of the loop (${min.toFixed(2)} to ${max.toFixed(2)})${spark}`,
      )
    }
    return times
  } finally {
    await closeAll()
    await kafka[Symbol.asyncDispose]()
  }
}

const closers = []

/** Ends what `counted` and `sparkOn` have started. */
export async function closeAll() {
  for (const close of closers.splice(0)) await close()
}

/** Runs each contender `runs` times, in turns after a first round. Returns their times. */
export async function inTurns(contenders, { count, runs }) {
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 0; round <= runs; round++) {
    for (const [name, contender] of Object.entries(contenders)) {
      const start = performance.now()
      const { found, ms = performance.now() - start } = await contender()
      if (found !== count) throw new Error(`${name} counted ${found} of ${count} records`)
      if (round > 0) times[name].push(ms)
    }
  }
  return times
}

/** How long Spark may take for the first stream, which starts its context. */
const PATIENCE_MS = 150_000

/** Spark's direct stream, in a process of its own; undefined, with the reason in the log, where it cannot be had. */
export async function sparkOn({ broker, threads, master, versions }, log) {
  try {
    const peer = await sparkKafka(versions)
    const where = master === undefined ? {} : { master }
    const task = { workload: 'kafka', peer: 'spark', threads, broker, topic: 'lines', fetchBytes: FETCH, ...where }
    const { scratch, ...command } = peer.start(task)
    const contender = new Contender('spark', command)
    closers.push(async () => {
      await contender.stop()
      rmSync(scratch, { recursive: true, force: true })
    })
    log(
      `kafka, spark: version ${peer.version}, ${master ?? `local[${threads}]`}, processing time of a direct stream's first batch`,
    )
    const count = async () => {
      const { ms, answer } = await contender.turn(1, PATIENCE_MS)
      return { found: answer.total, ms: ms[0] }
    }
    return { name: 'spark', count }
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    log(`kafka, spark: ${error.message}`)
    return undefined
  }
}

export async function fill(broker, count) {
  const client = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING, retry: { retries: 20 } })
  const [admin, producer] = [client.admin(), client.producer()]
  await Promise.all([admin.connect(), producer.connect()])
  await admin.createTopics({ topics: [{ topic: 'lines', numPartitions: PARTITIONS }], waitForLeaders: true })
  const value = 'x'.repeat(LINE - 1)
  for (let sent = 0; sent < count; sent += SEND) {
    const messages = Array.from({ length: Math.min(SEND, count - sent) }, (_, i) => ({
      value,
      partition: i % PARTITIONS,
    }))
    await producer.send({ topic: 'lines', messages })
  }
  await Promise.all([admin.disconnect(), producer.disconnect()])
}

/** The ranges and options that the source plans for one batch. */
async function planned(broker) {
  const source = kafkaSource({ brokers: broker, topics: 'lines', start: 'earliest' })
  const reader = source.create()
  await reader.open(0, 1000)
  const { partitions } = await reader.next(1000, { clockTime: 1000, maxRecords: Number.POSITIVE_INFINITY })
  await reader.close()
  return { partitions, options: source.reader.options }
}

let opened
async function loop(broker) {
  opened ??= await planned(broker).then(({ partitions, options }) => {
    const cluster = new KafkaCluster(options.cluster)
    closers.push(() => cluster.close())
    return { partitions, options, cluster }
  })
  const { partitions, options, cluster } = opened
  const context = { options, signal: new AbortController().signal, resource: async () => cluster, discard: () => {} }
  let lines = 0
  for (const partition of partitions) {
    for await (const piece of kafkaReader.read(partition, context)) {
      if (Array.isArray(piece)) lines += piece.length
      else for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) lines++
    }
  }
  return { found: lines }
}

/** Returns a function that counts the whole topic in one batch of a stream. `options`: those of its context. */
export async function counted(broker, options) {
  const clock = new ManualClock()
  const ssc = new StreamingContext({ batchInterval: 1000, clock, ...options })
  const { partitions, options: reading } = await planned(broker)
  const { reader } = kafkaSource({ brokers: broker, topics: 'lines', start: 'earliest' })
  let total = 0
  const again = {
    kind: 'direct',
    name: 'lines again',
    reader: { ...reader, options: reading },
    create: () => ({ open: async () => {}, next: async () => ({ partitions }), close: async () => {} }),
  }
  ssc.input(again).foreachRDD(async (rdd) => {
    total = await rdd.count()
  })
  await ssc.start()
  closers.push(() => ssc.stop())
  return async () => {
    await clock.advance(1000)
    await ssc.awaitIdle()
    return { found: total }
  }
}
