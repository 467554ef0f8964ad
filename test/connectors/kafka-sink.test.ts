import { ManualClock, StreamingContext } from 'millrace'
import { type KafkaRecord, type KafkaSinkOptions, kafkaSink } from 'millrace/kafka'
import { describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { KafkaTests, numbers, range } from './kafka-support.js'

describe.runIf(hasService('kafka'))('the Kafka sink', () => {
  const on = new KafkaTests()

  const write = async (values: readonly unknown[][], options: Partial<KafkaSinkOptions> & { topic: string }) => {
    const clock = new ManualClock()
    const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, clock })
    on.open.push(ssc)
    const sink = kafkaSink({ brokers: on.kafka.broker, application: `app-${options.topic}`, ...options })
    ssc.queueStream([...values] as string[][]).writeTo(sink)
    await ssc.start()
    for (const _ of values) {
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
    await ssc.stop()
  }
  /** Reads until `count` records are there, and once more. A broker shows a transaction a moment after its commit. */
  const readAll = async (topic: string, count: number) => {
    const { ssc, batches, tick } = on.read<string>({ topics: topic })
    await ssc.start()
    await expect.poll(() => tick().then(() => batches.flat().length)).toBeGreaterThanOrEqual(count)
    await tick()
    return numbers(batches)
  }

  test.each<['exactly-once' | 'at-least-once', 'none' | 'gzip']>([
    ['exactly-once', 'none'],
    ['exactly-once', 'gzip'],
    ['at-least-once', 'gzip'],
  ])('writes what a Java consumer reads: %s, compressed by %s', async (guarantee, compression) => {
    const topic = await on.newTopic(1)
    const values = ['{"n":1}', 'two words', '\u{1f40e}', '']
    await write([values.map((value) => ({ key: 'k', value, headers: { trace: 'x' } }))], {
      topic,
      guarantee,
      compression,
    })
    const properties = ['print.key=true', 'print.headers=true'].flatMap((each) => ['--formatter-property', each])
    const flags = [
      '--topic',
      topic,
      '--from-beginning',
      '--max-messages',
      '4',
      '--timeout-ms',
      '60000',
      '--isolation-level',
      'read_committed',
    ]
    const printed = on.kafka.tool('consumer.ConsoleConsumer', [...flags, ...properties])
    const lines = printed.replace(/\n$/, '').split('\n')
    expect(lines.sort()).toEqual(values.map((value) => `trace:x\tk\t${value}`).sort())
  })

  test('keys go to the partitions that a Java producer chooses', async () => {
    const topic = await on.newTopic(3)
    const keys = range(0, 60).map((n) => `key-${n}-${'x'.repeat(n % 5)}`)
    const lines = keys.map((key) => `${key}:java`).join('\n')
    on.kafka.tool(
      'ConsoleProducer',
      ['--topic', topic, '--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:'],
      `${lines}\n`,
    )
    await write([keys.map((key) => [key, 'millrace'])], { topic })
    const { ssc, batches, tick } = on.read<KafkaRecord>({ topics: topic, headers: true })
    await ssc.start()
    await tick()
    const places = (from: string) =>
      batches
        .flat()
        .filter(({ value }) => value === from)
        .map(({ key, partition }) => `${key} ${partition}`)
        .sort()
    expect(places('millrace')).toHaveLength(60)
    expect(places('millrace')).toEqual(places('java'))
  })

  test('a record that is none fails its batch, and nothing of the batch is written', async () => {
    const topic = await on.newTopic(1)
    // Two partitions: records 1 and 2, then 3 and a value that is not a record.
    await expect(write([['1', '2', '3', 4]], { topic })).rejects.toThrow('map records to texts, bytes, pairs')
    await write([['5']], { topic, application: 'another' })
    expect(await readAll(topic, 1)).toEqual([5])
  })

  test('a batch that the broker refuses leaves no transaction open', async () => {
    const topic = await on.newTopic(1)
    const tooLarge = 'x'.repeat(2 * 1024 * 1024)
    await expect(write([['1'], [tooLarge]], { topic, batchBytes: 4 * 1024 * 1024 })).rejects.toThrow(
      'MESSAGE_TOO_LARGE',
    )
    await write([['5']], { topic, application: 'another' })
    expect(await readAll(topic, 2)).toEqual([1, 5])
  })
})
