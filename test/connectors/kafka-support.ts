import { rmSync } from 'node:fs'
import type { Admin, Kafka, Message, Producer } from 'kafkajs'
import type { InputSource, ManualClock, StreamingContext } from 'millrace'
import { type KafkaOptions, kafkaSource } from 'millrace/kafka'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { KafkaService } from '../services/kafka.js'
import { newClient, readCommitted } from '../services/kafka-reader.js'
import { batchesOf, manualStreams, range } from '../support/streams.js'

export { range }

export const numbers = (batches: readonly (readonly string[])[]) =>
  batches
    .flat()
    .map(Number)
    .sort((a, b) => a - b)

/** A broker that a file's tests share, and what they do with it. */
export class KafkaTests {
  kafka!: KafkaService
  client!: Kafka
  admin!: Admin
  producer!: Producer
  /** Contexts that are stopped after the test. */
  readonly open: StreamingContext[] = []
  /** Directories that are removed after the test. */
  readonly directories: string[] = []
  #topics = 0

  constructor() {
    beforeAll(async () => {
      this.kafka = await KafkaService.start()
      this.client = newClient(this.kafka.broker)
      this.admin = this.client.admin()
      this.producer = this.client.producer({ idempotent: true, maxInFlightRequests: 1 })
      await Promise.all([this.admin.connect(), this.producer.connect()])
    })
    afterEach(async () => {
      for (const ssc of this.open.splice(0)) await ssc.stop()
      for (const path of this.directories.splice(0)) rmSync(path, { recursive: true, force: true })
    })
    afterAll(async () => {
      await Promise.allSettled([this.admin?.disconnect(), this.producer?.disconnect()])
      await this.kafka?.[Symbol.asyncDispose]()
    })
  }

  async newTopic(numPartitions = 2): Promise<string> {
    const topic = `topic-${++this.#topics}`
    await this.admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true })
    return topic
  }

  /** The numbers that a consumer of committed records sees up to now, in order. */
  async consumeAll(topic: string, partitions = 2): Promise<number[]> {
    return numbers([await readCommitted(this.client, this.producer, topic, partitions)])
  }

  /** The offsets of all partitions that a group has committed, summed. */
  async committedOffset(group: string, topic: string): Promise<number> {
    const [committed] = await this.admin.fetchOffsets({ groupId: group, topics: [topic] })
    return committed!.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
  }

  /** Sends serial numbers, dealt to two partitions in turn. */
  async sendNumbers(topic: string, from: number, to: number): Promise<void> {
    const messages = range(from, to).map((n): Message => ({ partition: n % 2, key: `k${n % 5}`, value: String(n) }))
    await this.producer.send({ topic, messages })
  }

  /** A stream over a topic, its batches so far, and `tick`, which runs the next ones. */
  read<T>(
    options: Omit<KafkaOptions, 'brokers'>,
    more: { readonly clock?: ManualClock; readonly checkpointDir?: string } = {},
  ) {
    const streams = manualStreams(more)
    this.open.push(streams.ssc)
    const source = kafkaSource({ brokers: this.kafka.broker, start: 'earliest', ...options })
    return { ...streams, ...batchesOf<T>(streams.ssc, source as InputSource<T>) }
  }
}
