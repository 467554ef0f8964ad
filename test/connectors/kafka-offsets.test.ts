import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ManualClock, StreamingContext } from 'millrace'
import { type KafkaOptions, type KafkaSinkOptions, kafkaSink, kafkaSource } from 'millrace/kafka'
import { describe, expect, test } from 'vitest'
import { KafkaService } from '../services/kafka.js'
import { hasService } from '../services/service.js'
import { killThread } from '../support/kill.js'
import type { CopyTask } from './kafka-copy.js'
import { KafkaTests, range } from './kafka-support.js'

/** Numbers of requests in the protocol. */
const PRODUCE = 0
const ADD_PARTITIONS = 24
const END_TRANSACTION = 26
const COMMIT_OFFSETS = 28

describe.runIf(hasService('kafka'))('a Kafka sink that commits the offsets of its source', () => {
  const on = new KafkaTests()

  /** A stream from one topic to the other, without checkpoints. */
  function copy(
    from: string,
    to: string,
    options: Partial<KafkaSinkOptions> & { readonly source?: Partial<KafkaOptions> } = {},
  ) {
    const { source, ...sink } = options
    const brokers = on.kafka.broker
    const clock = new ManualClock()
    const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, clock })
    on.open.push(ssc)
    const numbers = kafkaSource({ brokers, topics: from, group: `copy-${from}`, start: 'earliest', ...source })
    const target = kafkaSink({ brokers, topic: to, application: `copy-${from}`, offsetsOf: numbers, ...sink })
    const stream = ssc.input<string>(numbers)
    const tick = async () => {
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
    return { ssc, tick, stream, target }
  }

  async function topics(): Promise<[from: string, to: string]> {
    return [await on.newTopic(), await on.newTopic()]
  }

  test('a stream goes on where the last one ended, without checkpoints', async () => {
    const [from, to] = await topics()
    for (const i of range(0, 3)) {
      await on.sendNumbers(from, i * 100, (i + 1) * 100)
      const { ssc, tick, stream, target } = copy(from, to)
      stream.writeTo(target)
      await ssc.start()
      await tick()
      await tick()
      await ssc.stop()
    }
    expect(await on.consumeAll(to)).toEqual(range(0, 300))
  })

  test('the offsets of a batch without records are committed', async () => {
    const [from, to] = await topics()
    await on.sendNumbers(from, 0, 100)
    const { ssc, tick, stream, target } = copy(from, to)
    stream.filter(() => false).writeTo(target)
    await ssc.start()
    await tick()
    await expect.poll(() => on.committedOffset(`copy-${from}`, from)).toBe(100)
  })

  test('threads die', async () => {
    const [from, to] = await topics()
    const { ssc, tick, stream, target } = copy(from, to, { batchBytes: 1024 })
    stream.writeTo(target)
    await ssc.start()
    for (const i of range(0, 10)) {
      await on.sendNumbers(from, i * 100, (i + 1) * 100)
      const ticked = tick()
      await killThread(ssc, i % 2)
      await ticked
    }
    expect(await on.consumeAll(to)).toEqual(range(0, 1000))
  })

  test('an application in a second process takes over, and the first can write no more', async () => {
    const [from, to] = await topics()
    await on.sendNumbers(from, 0, 100)
    const [first, second] = [copy(from, to), copy(from, to)]
    for (const { stream, target } of [first, second]) stream.writeTo(target)
    await first.ssc.start()
    await first.tick()
    await second.ssc.start()
    await on.sendNumbers(from, 100, 200)
    await expect(first.tick()).rejects.toThrow(`taken over the transactional id 'copy-${from}'`)
    await second.tick()
    expect(await on.consumeAll(to)).toEqual(range(0, 200))
  })

  test('offsets that another program moves fail the batch', async () => {
    const [from, to] = await topics()
    await on.sendNumbers(from, 0, 100)
    const { ssc, tick, stream, target } = copy(from, to)
    stream.writeTo(target)
    await ssc.start()
    const offsets = [0, 1].map((partition) => ({ partition, offset: '20' }))
    await on.admin.setOffsets({ groupId: `copy-${from}`, topic: from, partitions: offsets })
    await expect(tick()).rejects.toThrow('another program commits offsets for the group')
    expect(await on.consumeAll(to)).toEqual([])
  })

  test('two outputs with one such sink fail', async () => {
    const [from, to] = await topics()
    await on.sendNumbers(from, 0, 100)
    const { ssc, tick, stream, target } = copy(from, to)
    stream.writeTo(target)
    stream.map((text) => `1${text}`).writeTo(target)
    await ssc.start()
    await expect(tick()).rejects.toThrow('Use the sink in one')
  })

  test('a source of another cluster is refused at the start', async () => {
    const [from, to] = await topics()
    await using other = await KafkaService.start({}, 'BAAAAAAAAAAAAAAAAAAAAA')
    const { ssc, stream, target } = copy(from, to, { brokers: other.broker })
    stream.writeTo(target)
    await expect(ssc.start()).rejects.toThrow('which is another cluster')
  })

  const COPY = fileURLToPath(new URL('kafka-copy.ts', import.meta.url))
  async function run(task: Omit<CopyTask, 'brokers'>): Promise<NodeJS.Signals | number> {
    const args = ['--import', 'tsx', COPY, JSON.stringify({ ...task, brokers: on.kafka.broker })]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    const [code, signal] = await once(child, 'exit')
    return signal ?? code
  }

  test.each<[string, api: number, isSent: boolean, hasCheckpoints?: boolean]>([
    ['before it opens a transaction', ADD_PARTITIONS, false],
    ['while it writes', PRODUCE, true],
    ['before it commits the offsets', COMMIT_OFFSETS, false],
    ['before it commits the transaction', END_TRANSACTION, false],
    ['after it has committed the transaction', END_TRANSACTION, true],
    ['before it commits the transaction, with checkpoints', END_TRANSACTION, false, true],
    ['after it has committed the transaction, with checkpoints', END_TRANSACTION, true, true],
  ])('a process is killed %s', async (_, api, isSent, hasCheckpoints = false) => {
    const [from, to] = await topics()
    await on.sendNumbers(from, 0, 200)
    const directory = mkdtempSync(join(tmpdir(), 'millrace-copy-'))
    on.directories.push(directory)
    const task = { from, to, killsThreads: true, checkpointDir: hasCheckpoints ? directory : undefined }
    expect(await run({ ...task, death: { api, nth: 3, isSent } })).toBe('SIGKILL')
    expect(await run(task)).toBe(0)
    expect(await on.consumeAll(to)).toEqual(range(0, 200))
  })
})
