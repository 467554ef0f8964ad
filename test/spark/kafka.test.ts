import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, StreamingContext } from 'millrace'
import { kafkaSink, kafkaSource } from 'millrace/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KafkaTests, range } from '../connectors/kafka-support.js'
import { hasService } from '../services/service.js'
import { buildBridge, onSpark } from '../services/spark.js'
import { processesBelow } from './processes.js'

const archives = mkdtempSync(join(tmpdir(), 'millrace-spark-kafka-'))
afterAll(() => rmSync(archives, { recursive: true }))

describe.runIf(hasService('spark') && hasService('kafka'))('Kafka on Spark', () => {
  const on = new KafkaTests()
  beforeAll(buildBridge)

  test('executors read and write, and every result is there once, when their Node processes are killed', async () => {
    const archive = join(archives, 'modules.tar')
    execFileSync('tar', ['cf', archive, '-C', join(import.meta.dirname, '..', '..', 'node_modules'), 'kafkajs'])
    const [from, to] = [await on.newTopic(), await on.newTopic()]
    await on.sendNumbers(from, 0, 1000)
    const clock = new ManualClock(0)
    const master = onSpark('local[2]', { 'spark.archives': `${archive}#node_modules` })
    await using ssc = new StreamingContext({ ...master, batchInterval: 1000, clock })
    const { broker } = on.kafka
    ssc
      .input<string>(kafkaSource({ brokers: broker, topics: from, start: 'earliest', maxRatePerPartition: 100 }))
      .map((n) => String(Number(n) + 10_000))
      .writeTo(kafkaSink({ brokers: broker, application: 'on-spark', topic: to, guarantee: 'exactly-once' }))
    let killed = 0
    const sizes: number[] = []
    ssc.on('batchCompleted', ({ records }) => {
      sizes.push(records)
      if (sizes.length !== 2) return
      for (const { pid, command } of processesBelow(process.pid))
        if (command.includes('millrace-worker')) killed += Number(process.kill(pid, 'SIGKILL'))
    })
    await ssc.start()
    for (let i = 0; i < 5; i++) {
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
    expect(sizes).toEqual([200, 200, 200, 200, 200])
    expect(killed).toBeGreaterThan(0)
    expect(await on.consumeAll(to)).toEqual(range(10_000, 11_000))
  })
})
