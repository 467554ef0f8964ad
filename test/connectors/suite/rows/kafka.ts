import type { Admin, Kafka, Producer } from 'kafkajs'
import { type KafkaOptions, kafkaSink, kafkaSource } from 'millrace/kafka'
import { KafkaService } from '../../../services/kafka.js'
import { newClient, readCommitted } from '../../../services/kafka-reader.js'
import { untilMatches } from '../example.js'
import { range } from '../expectations.js'
import {
  type ConnectorRow,
  notApplicable,
  PATIENT,
  SECRET,
  type SinkRow,
  type SourceRow,
  type TestServer,
} from '../row.js'

interface Place {
  readonly brokers: string
  readonly topic: string
}

const PARTITIONS = 2
const NO_CLIENT = notApplicable('the protocol is part of the connector')
const SECURE = notApplicable('this broker asks for no user; the tests of a secure one are in kafka-security.test.ts')

/** A broker that crashed may register again after its session; a transaction that a process left open ends after its time. */
const SETTINGS = {
  'broker.session.timeout.ms': 6000,
  'broker.heartbeat.interval.ms': 1000,
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 500,
}

class KafkaServer implements TestServer {
  readonly #kafka: KafkaService
  readonly #admin: Admin
  readonly producer: Producer
  readonly #client: Kafka
  #topics = 0

  private constructor(kafka: KafkaService) {
    this.#kafka = kafka
    this.#client = newClient(kafka.broker)
    this.#admin = this.#client.admin()
    // A batch that it sends again, because the answer came too late, is written once.
    this.producer = this.#client.producer({ idempotent: true, maxInFlightRequests: 1 })
  }

  static async start(): Promise<KafkaServer> {
    const server = new KafkaServer(await KafkaService.start(SETTINGS))
    await Promise.all([server.#admin.connect(), server.producer.connect()])
    return server
  }

  get broker(): string {
    return this.#kafka.broker
  }

  async newTopic(): Promise<Place> {
    const topic = `suite-${++this.#topics}`
    await this.#admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true })
    return { brokers: this.broker, topic }
  }

  /** Records behind the offsets that the group has committed. */
  async unread({ topic }: Place): Promise<number> {
    const ends = await this.#admin.fetchTopicOffsets(topic)
    const [committed] = await this.#admin.fetchOffsets({ groupId: topic, topics: [topic] })
    const sum = (offsets: readonly { readonly offset: string }[] = []) =>
      offsets.reduce((total, { offset }) => total + Math.max(0, Number(offset)), 0)
    return sum(ends) - sum(committed?.partitions)
  }

  /** Returns the committed records so far. */
  texts({ topic }: Place): Promise<string[]> {
    return readCommitted(this.#client, this.producer, topic, PARTITIONS)
  }

  async crash(): Promise<void> {
    await this.#kafka.stop('SIGKILL')
  }

  async restart(): Promise<void> {
    await this.#kafka.restart()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#admin.disconnect(), this.producer.disconnect()])
    await this.#kafka[Symbol.asyncDispose]()
  }
}

const sourceOf = ({ brokers, topic }: Place, options: Partial<KafkaOptions> = {}) =>
  kafkaSource({ brokers, topics: topic, start: 'earliest', fetchBytes: 2048, ...options })

const source: SourceRow<KafkaServer, Place> = {
  name: 'kafkaSource',
  guarantee: { threads: 'exactly-once', process: 'exactly-once' },
  create: (server) => server.newTopic(),
  send: async ({ producer }, { topic }, from, to) => {
    const messages = range(from, to).map((n) => ({ partition: n % PARTITIONS, value: String(n) }))
    await producer.send({ topic, messages })
  },
  open: (ssc, place) => ssc.input(sourceOf(place, PATIENT)),
  slow: {
    most: 100,
    open: (ssc, place) => ssc.input(sourceOf(place, { maxRatePerPartition: 50, group: place.topic })),
    waiting: (server, place) => server.unread(place),
  },
  malformed: {
    send: async ({ producer }, { topic }) => {
      await producer.send({ topic, messages: ['1', '{'].map((value) => ({ partition: 0, value })) })
    },
    open: (ssc, place) => ssc.input(sourceOf(place, { value: 'json' })),
    rejecting: (ssc, place) => ssc.input(sourceOf(place, { value: 'json', onRecordError: 'dead-letter' })),
    says: ['offset 1 of partition 0 of Kafka topic', 'Drop such records with onRecordError'],
  },
  bad: {
    'unreachable host': {
      open: (ssc) => ssc.input(sourceOf({ brokers: '127.0.0.1:1', topic: 't' }, { retryTime: '100ms' })),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['The Kafka broker 127.0.0.1:1 cannot be reached'],
    },
    'wrong place': {
      open: (ssc, { broker }) => ssc.input(sourceOf({ brokers: broker, topic: 'nowhere' })),
      code: 'ERR_MILLRACE_SOURCE',
      says: ["There is no Kafka topic 'nowhere'", 'Create it, or correct its name'],
    },
    'refused credentials': SECURE,
    'wrong option': {
      open: (ssc) => ssc.input(sourceOf({ brokers: 'a:1', topic: 't' }, { password: SECRET } as object)),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["there is no option 'password'"],
    },
    'missing client': NO_CLIENT,
  },
}

const sink: SinkRow<KafkaServer, Place> = {
  name: 'kafkaSink',
  guarantee: { threads: 'exactly-once', process: 'exactly-once' },
  create: (server) => server.newTopic(),
  // A killed process leaves a transaction open, and readers wait until the broker aborts it.
  open: ({ brokers, topic }) =>
    kafkaSink({ brokers, topic, application: `app-${topic}`, batchBytes: 2048, transactionTimeout: '20s', ...PATIENT }),
  record: (n) => ({ key: `k${n % 5}`, value: String(n) }),
  read: async (server, place) => (await server.texts(place)).map(Number),
  malformed: { record: 4, says: ['A record for Kafka is 4', 'map records to texts, bytes, pairs'] },
  bad: {
    'unreachable host': {
      open: () => kafkaSink({ brokers: '127.0.0.1:1', topic: 't', application: 'a', retryTime: '100ms' }),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['The Kafka broker 127.0.0.1:1 cannot be reached'],
    },
    'wrong place': {
      open: ({ broker }) => kafkaSink({ brokers: broker, topic: 'nowhere', application: 'a', retryTime: '100ms' }),
      code: 'ERR_MILLRACE_SOURCE',
      says: ["Kafka topic 'nowhere' cannot be written"],
    },
    'refused credentials': SECURE,
    'wrong option': {
      open: () => kafkaSink({ brokers: 'a:1', topic: 't', application: 'a', password: SECRET } as never),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["there is no option 'password'"],
    },
    'missing client': NO_CLIENT,
  },
}

const ORDERS = [
  { customer: 'ada', amount: 3 },
  { customer: 'ada', amount: 4 },
].map((order) => JSON.stringify(order))

/** Topics of its own for a program, instead of those that it names. */
async function withTopics(server: KafkaServer, names: readonly string[]) {
  const topics = await Promise.all(names.map(() => server.newTopic()))
  const replaced = names.map((name, i) => [`'${name}'`, `'${topics[i]!.topic}'`] as const)
  const replace = Object.fromEntries([['localhost:9092', server.broker], ...replaced])
  const send = (values: readonly string[]) =>
    server.producer.send({ topic: topics[0]!.topic, messages: values.map((value) => ({ value })) })
  return { replace, send, written: () => server.texts(topics.at(-1)!) }
}

const programs: ConnectorRow<KafkaServer>['programs'] = {
  0: async (server, run) => {
    const { replace, send } = await withTopics(server, ['orders'])
    await send(ORDERS)
    await run({ replace }, ({ printed }) => untilMatches(printed, /ada\W+7/))
  },
  1: async (server, run) => {
    const { replace, send } = await withTopics(server, ['orders'])
    await send(ORDERS)
    await run({ replace }, ({ printed }) => untilMatches(printed, /^2\n/))
  },
  3: async (server, run) => {
    const { replace, send, written } = await withTopics(server, ['lines', 'counts'])
    await send(['to be or not to be'])
    await run({ replace }, () => untilMatches(written, /2/))
  },
  4: async (server, run) => {
    const { replace, send, written } = await withTopics(server, ['orders', 'clean-orders'])
    await send([...ORDERS, 'nonsense'])
    const sorted = async () => (await written()).sort()
    await run({ replace }, () => untilMatches(sorted, /^{"customer":"ada","amount":3},{.*4}$/))
  },
}

export const row: ConnectorRow<KafkaServer> = {
  name: 'kafka',
  service: 'kafka',
  start: () => KafkaServer.start(),
  sources: [source],
  sinks: [sink],
  programs,
}
