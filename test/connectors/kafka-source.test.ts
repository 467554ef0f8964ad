import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, type MillraceError } from 'millrace'
import type { KafkaOptions, KafkaRecord } from 'millrace/kafka'
import { describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { KafkaTests, numbers, range } from './kafka-support.js'

describe.runIf(hasService('kafka'))('a Kafka topic', () => {
  const on = new KafkaTests()

  test('the order of a partition is kept', async () => {
    const topic = await on.newTopic()
    await on.sendNumbers(topic, 0, 1000)
    const { ssc, batches, tick } = on.read<string>({ topics: topic, fetchBytes: 2048 })
    await ssc.start()
    await tick()
    const even = batches
      .flat()
      .map(Number)
      .filter((n) => n % 2 === 0)
    expect(even).toEqual(range(0, 500).map((n) => n * 2))
  })

  test('the status has the lag of each partition: end offsets less the offsets that complete batches have read', async () => {
    const topic = await on.newTopic()
    await on.sendNumbers(topic, 0, 20)
    const { ssc, tick } = on.read<string>({ topics: topic, maxRatePerPartition: 3 })
    await ssc.start()
    const lag = async () => (await ssc.status()).inputs[0]!.lag
    expect(await lag()).toBeUndefined()
    await tick()
    const part = (partition: number, read: number, end: number) => {
      return { name: `${topic}/${partition}`, lag: end - read, read, end }
    }
    const parts = [part(0, 3, 10), part(1, 3, 10)]
    expect(await lag()).toEqual({ unit: 'records', total: 14, parts, partsOmitted: 0 })
    await on.sendNumbers(topic, 20, 21)
    await tick()
    expect(await lag()).toMatchObject({ total: 9, parts: [part(0, 6, 11), part(1, 6, 10)] })
    await tick(2)
    expect(await lag()).toMatchObject({ total: 0, parts: [part(0, 11, 11), part(1, 10, 10)] })
  })

  const shapes: [string, Partial<KafkaOptions>, unknown[]][] = [
    ['texts', {}, ['{"n":1}', 'two\nlines', 'ends with \r', '', '\u{1f40e}']],
    [
      'pairs',
      { keys: 'text' },
      [
        ['a', '{"n":1}'],
        [null, 'two\nlines'],
        ['b', 'ends with \r'],
        ['c', ''],
        ['d', '\u{1f40e}'],
        ['a', null],
      ],
    ],
    [
      'bytes',
      { value: 'bytes' },
      ['{"n":1}', 'two\nlines', 'ends with \r', '', '\u{1f40e}'].map((text) => Buffer.from(text)),
    ],
  ]
  test.each(shapes)('values arrive as they were sent: as %s', async (_, options, expected) => {
    const topic = await on.newTopic(1)
    const messages = [
      { key: 'a', value: '{"n":1}' },
      { key: null, value: 'two\nlines' },
      { key: 'b', value: 'ends with \r' },
      { key: 'c', value: '' },
      { key: 'd', value: '\u{1f40e}' },
      { key: 'a', value: null },
    ]
    await on.producer.send({ topic, messages })
    const { ssc, batches, tick } = on.read({ topics: topic, ...options })
    await ssc.start()
    await tick()
    expect(batches[0]!.map((each) => (each instanceof Uint8Array ? Buffer.from(each) : each))).toEqual(expected)
  })

  test('records with headers say where they come from', async () => {
    const topic = await on.newTopic(1)
    await on.producer.send({
      topic,
      messages: [{ key: 'k', value: '{"n":7}', timestamp: '1700000000000', headers: { trace: 'x', empty: '' } }],
    })
    const { ssc, batches, tick } = on.read<KafkaRecord<{ n: number }>>({ topics: topic, value: 'json', headers: true })
    await ssc.start()
    await tick()
    const headers = [
      ['trace', 'x'],
      ['empty', ''],
    ]
    expect(batches[0]).toEqual([
      { topic, partition: 0, offset: 0, timestamp: 1_700_000_000_000, key: 'k', value: { n: 7 }, headers },
    ])
  })

  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'batches that a Java client compressed by %s are read',
    async (codec) => {
      const topic = await on.newTopic(1)
      const lines = range(0, 5000).map((n) => `${n} ${'same text '.repeat(n % 9)}`)
      on.kafka.tool('ConsoleProducer', ['--topic', topic, '--compression-codec', codec], `${lines.join('\n')}\n`)
      const { ssc, batches, tick } = on.read<string>({ topics: topic })
      await ssc.start()
      await tick()
      expect(batches[0]).toEqual(lines)
    },
  )

  test('records of aborted and open transactions are hidden, unless all are asked for', async () => {
    const topic = await on.newTopic(1)
    const transactional = on.client.producer({
      transactionalId: `id-${topic}`,
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await transactional.connect()
    const send = async (values: string[], end: 'commit' | 'abort') => {
      const transaction = await transactional.transaction()
      await transaction.send({ topic, messages: values.map((value) => ({ value })) })
      await transaction[end]()
    }
    await send(['a', 'b'], 'commit')
    await send(['x', 'y'], 'abort')
    await on.producer.send({ topic, messages: [{ value: 'c' }] })
    await send(['d'], 'commit')
    const pending = await transactional.transaction()
    await pending.send({ topic, messages: [{ value: 'open' }] })
    await on.producer.send({ topic, messages: [{ value: 'behind it' }] })
    const committed = on.read<string>({ topics: topic })
    const all = on.read<string>({ topics: topic, isolation: 'read_uncommitted' })
    await committed.ssc.start()
    await all.ssc.start()
    await committed.tick()
    await all.tick()
    expect(all.batches.flat()).toEqual(['a', 'b', 'x', 'y', 'c', 'd', 'open', 'behind it'])
    expect(committed.batches.flat()).toEqual(['a', 'b', 'c', 'd'])
    await pending.commit()
    await expect
      .poll(() => committed.tick().then(() => committed.batches.flat()))
      .toEqual(['a', 'b', 'c', 'd', 'open', 'behind it'])
    await transactional.disconnect()
  })

  test('a restarted process reads on from its checkpoint; what was added meanwhile is read once', async () => {
    const topic = await on.newTopic()
    const checkpointDir = mkdtempSync(join(tmpdir(), 'millrace-kafka-'))
    on.directories.push(checkpointDir)
    await on.sendNumbers(topic, 0, 100)
    const first = on.read<string>({ topics: topic, start: 'earliest' }, { checkpointDir })
    await first.ssc.start()
    await first.tick(2)
    await first.ssc.stop({ graceful: true })
    await on.sendNumbers(topic, 100, 150)
    await on.admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] })
    // A producer that knows the new partition.
    const fresh = on.client.producer()
    await fresh.connect()
    await fresh.send({ topic, messages: [{ partition: 2, value: '150' }] })
    await fresh.disconnect()
    const second = on.read<string>(
      { topics: topic, start: 'latest' },
      { checkpointDir, clock: new ManualClock(first.clock.now() + 1500) },
    )
    await second.ssc.start()
    await second.tick(2)
    expect(numbers(first.batches)).toEqual(range(0, 100))
    expect(numbers(second.batches)).toEqual(range(100, 151))
  })

  test('offsets of a batch are committed for the group after its outputs, and a new process begins there', async () => {
    const topic = await on.newTopic()
    const group = `group-of-${topic}`
    await on.sendNumbers(topic, 0, 60)
    const first = on.read<string>({ topics: topic, group })
    await first.ssc.start()
    await first.tick()
    await first.ssc.stop()
    const [{ partitions = [] } = {}] = await on.admin.fetchOffsets({ groupId: group, topics: [topic] })
    expect(partitions.map(({ offset }) => Number(offset))).toEqual([30, 30])
    await on.sendNumbers(topic, 60, 80)
    const second = on.read<string>({ topics: topic, group })
    await second.ssc.start()
    await second.tick()
    expect(numbers(second.batches)).toEqual(range(60, 80))
  })

  test('topics that match a pattern are found when they appear', async () => {
    const prefix = 'pattern'
    const create = (topic: string) =>
      on.admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
    await create(`${prefix}-a`)
    const { ssc, batches, tick } = on.read<string>({ pattern: new RegExp(`${prefix}-[a-z]`), metadataRefresh: 1 })
    await ssc.start()
    await create(`${prefix}-b`)
    await create(`${prefix}-b2`)
    for (const name of ['a', 'b', 'b2'])
      await on.producer.send({ topic: `${prefix}-${name}`, messages: [{ value: name }] })
    await tick(2)
    expect(batches.flat().sort()).toEqual(['a', 'b'])
  })

  test.each<[string, (topic: string) => Partial<KafkaOptions>, number[]]>([
    ['latest', () => ({ start: 'latest' }), []],
    ['offsets', (topic) => ({ start: { offsets: { [topic]: { 0: 3 } } } }), [3, 4]],
    ['a time', () => ({ start: { timestamp: 1_700_000_002_000 } }), [2, 3, 4]],
  ])('reading starts at %s', async (_, start, expected) => {
    const topic = await on.newTopic(1)
    const messages = range(0, 5).map((n) => ({ value: String(n), timestamp: String(1_700_000_000_000 + n * 1000) }))
    await on.producer.send({ topic, messages })
    const { ssc, batches, tick } = on.read<string>({ topics: topic, ...start(topic) })
    await ssc.start()
    await tick()
    await on.producer.send({ topic, messages: [{ value: '5' }] })
    await tick()
    expect(numbers(batches)).toEqual([...expected, 5])
  })

  test('caught-up: a run ends at the offsets of its start, and the next one continues', async () => {
    const topic = await on.newTopic()
    await on.sendNumbers(topic, 0, 50)
    const checkpointDir = mkdtempSync(join(tmpdir(), 'millrace-kafka-'))
    on.directories.push(checkpointDir)
    const seen: string[][] = []
    for (const end of [50, 70]) {
      const { ssc, batches } = on.read<string>({ topics: topic, maxRatePerPartition: 10 }, { checkpointDir })
      ssc.on('batchStarted', ({ time }) => {
        if (time === 1000) void on.sendNumbers(topic, 50, 70)
      })
      await ssc.start({ until: 'caught-up' })
      await ssc.awaitTermination()
      seen.push(...batches)
      expect(numbers(seen)).toEqual(range(0, end))
    }
  })

  describe('offsets that retention removed', () => {
    async function removedUpTo(offset: number) {
      const topic = await on.newTopic(1)
      await on.producer.send({ topic, messages: range(0, 20).map((n) => ({ value: String(n) })) })
      on.kafka.removeRecords(topic, offset)
      return topic
    }

    test('are an error that names them', async () => {
      const topic = await removedUpTo(12)
      const { ssc, clock } = on.read<string>({ topics: topic, start: { offsets: { [topic]: { 0: 5 } } } })
      await ssc.start()
      await clock.advance(1000)
      const error = await ssc.awaitTermination().catch((cause: MillraceError) => cause)
      expect(String((error as Error).message)).toContain('Offsets 5 to 11 of partition 0')
    })

    test('are skipped and counted on request', async () => {
      const topic = await removedUpTo(12)
      const { ssc, batches, warnings, tick } = on.read<string>({
        topics: topic,
        onGap: 'skip',
        start: { offsets: { [topic]: { 0: 5 } } },
      })
      await ssc.start()
      await tick()
      expect(numbers(batches)).toEqual(range(12, 20))
      expect(warnings.join()).toContain('offsets 5 to 11')
    })
  })
})
