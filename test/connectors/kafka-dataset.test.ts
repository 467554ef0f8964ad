import { Context } from 'millrace'
import { type KafkaOptions, type KafkaRecord, kafkaSource } from 'millrace/kafka'
import { afterEach, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { KafkaTests, range } from './kafka-support.js'

describe.runIf(hasService('kafka'))('a dataset of a Kafka topic', () => {
  const on = new KafkaTests()
  const contexts: Context[] = []
  afterEach(async () => {
    for (const ctx of contexts.splice(0)) await ctx.stop()
  })

  async function read<T>(options: Omit<KafkaOptions, 'brokers'>) {
    const ctx = new Context({ threads: 2 })
    contexts.push(ctx)
    return await ctx.input<T>(kafkaSource({ brokers: on.kafka.broker, ...options }))
  }
  const sorted = (texts: readonly string[]) => texts.map(Number).sort((a, b) => a - b)

  test('it has all records up to the end that the topic had', async () => {
    const topic = await on.newTopic()
    await on.sendNumbers(topic, 0, 500)
    const rdd = await read<string>({ topics: topic, maxRatePerPartition: 1 })
    await on.sendNumbers(topic, 500, 600)
    expect(sorted(await rdd.collect())).toEqual(range(0, 500))
    // Lineage: another action reads the same offsets.
    expect(await rdd.count()).toBe(500)
  })

  test.each<[string, (topic: string) => Partial<KafkaOptions>, number[]]>([
    [
      'offsets',
      (topic) => ({ start: { offsets: { [topic]: { 0: 2 } } }, end: { offsets: { [topic]: { 0: 4 } } } }),
      [2, 3],
    ],
    ['times', () => ({ start: { timestamp: 1_700_000_001_000 }, end: { timestamp: 1_700_000_003_000 } }), [1, 2]],
    ['a time after the last record', () => ({ end: { timestamp: 1_800_000_000_000 } }), [0, 1, 2, 3, 4]],
  ])('start and end are %s', async (_, limits, expected) => {
    const topic = await on.newTopic(1)
    const messages = range(0, 5).map((n) => ({ value: String(n), timestamp: String(1_700_000_000_000 + n * 1000) }))
    await on.producer.send({ topic, messages })
    const rdd = await read<string>({ topics: topic, ...limits(topic) })
    expect((await rdd.collect()).map(Number)).toEqual(expected)
  })

  test('a group has no say in a dataset, and nothing is committed for it', async () => {
    const topic = await on.newTopic(1)
    const group = `group-of-${topic}`
    await on.producer.send({ topic, messages: [{ value: '0' }, { value: '1' }] })
    await on.admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '1' }] })
    const rdd = await read<string>({ topics: topic, group })
    expect(await rdd.collect()).toEqual(['0', '1'])
    const [{ partitions = [] } = {}] = await on.admin.fetchOffsets({ groupId: group, topics: [topic] })
    expect(partitions.map(({ offset }) => Number(offset))).toEqual([1])
  })

  test('minPartitions cuts a large partition of the topic, and loses and doubles nothing', async () => {
    const topic = await on.newTopic(1)
    await on.producer.send({ topic, messages: range(0, 10_007).map((n) => ({ value: String(n) })) })
    const rdd = await read<string>({ topics: topic, minPartitions: 4 })
    expect(rdd.getNumPartitions()).toBe(4)
    expect((await rdd.collect()).map(Number)).toEqual(range(0, 10_007))
    // A few records are not worth it.
    const few = await read<string>({ topics: topic, minPartitions: 4, end: { offsets: { [topic]: { 0: 900 } } } })
    expect(few.getNumPartitions()).toBe(1)
  })

  test('a stream with minPartitions commits the end of the last piece for its group', async () => {
    const topic = await on.newTopic(1)
    const group = `group-of-${topic}`
    await on.producer.send({ topic, messages: range(0, 5000).map((n) => ({ value: String(n) })) })
    const { ssc, batches, tick } = on.read<string>({ topics: topic, group, minPartitions: 3 })
    await ssc.start()
    await tick()
    await ssc.stop()
    expect(sorted(batches.flat())).toEqual(range(0, 5000))
    const [{ partitions = [] } = {}] = await on.admin.fetchOffsets({ groupId: group, topics: [topic] })
    expect(partitions.map(({ offset }) => Number(offset))).toEqual([5000])
  })

  test('a stream with an end reads up to it and no further', async () => {
    const topic = await on.newTopic(1)
    await on.producer.send({ topic, messages: range(0, 10).map((n) => ({ value: String(n) })) })
    const { ssc, batches, tick } = on.read<string>({ topics: topic, end: 'latest' })
    await ssc.start()
    await on.producer.send({ topic, messages: [{ value: '10' }] })
    await tick(2)
    expect(batches.flat().map(Number)).toEqual(range(0, 10))
  })

  describe('a decoder', () => {
    const decoderOf = (code: string) => ({
      module: `data:text/javascript,${encodeURIComponent(`export const point = { decode(bytes, topic) { ${code} } }`)}`,
      export: 'point',
    })

    test('makes the values in the threads', async () => {
      const topic = await on.newTopic(1)
      await on.producer.send({ topic, messages: [{ key: 'a', value: Buffer.from([1, 2]) }, { value: null }] })
      const value = decoderOf('return { x: bytes[0], y: bytes[1], topic }')
      const rdd = await read<KafkaRecord<object>>({ topics: topic, value, headers: true })
      expect((await rdd.collect()).map(({ value: point }) => point)).toEqual([{ x: 1, y: 2, topic }, null])
    })

    test('that throws fails with topic and offset', async () => {
      const topic = await on.newTopic(1)
      await on.producer.send({ topic, messages: [{ value: 'x' }] })
      const rdd = await read({ topics: topic, value: decoderOf("throw new Error('bad point')") })
      await expect(rdd.collect()).rejects.toThrow(
        `The record at offset 0 of partition 0 of Kafka topic '${topic}' is not what the options say: bad point`,
      )
    })

    test('that throws drops the record with onRecordError, and the dead letter has it as the broker does', async () => {
      const topic = await on.newTopic(1)
      const messages = [{ value: '{"n":1}' }, { key: 'k', value: '{"n":' }, { value: '{"n":3}' }]
      await on.producer.send({ topic, messages })
      const rdd = await read({ topics: topic, value: 'json', onRecordError: 'dead-letter' })
      expect(await rdd.collect()).toEqual([{ n: 1 }, { n: 3 }])
      expect(contexts.at(-1)!.deadLetters.latest).toMatchObject([
        {
          record: { topic, partition: 0, offset: 1, key: Buffer.from('k'), value: Buffer.from('{"n":') },
          error: { message: expect.stringContaining(`offset 1 of partition 0 of Kafka topic '${topic}'`) },
        },
      ])
    })

    test('that is missing is an error that names it', async () => {
      const topic = await on.newTopic(1)
      await on.producer.send({ topic, messages: [{ value: 'x' }] })
      const rdd = await read({ topics: topic, value: { ...decoderOf(''), export: 'circle' } })
      await expect(rdd.collect()).rejects.toThrow('The decoder circle of data:text/javascript')
    })
  })
})
