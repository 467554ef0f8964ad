import { type MqttSinkOptions, type MqttSourceOptions, mqttSink, mqttSource } from 'millrace/mqtt'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { startMosquitto } from '../../../services/mosquitto.js'
import type { SmallServer } from '../../../services/small-server.js'
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
  readonly url: string
  readonly topic: string
}

export class MqttServer implements TestServer {
  readonly #server: SmallServer
  readonly #publisher: MqttClient
  #topics = 0

  private constructor(server: SmallServer, publisher: MqttClient) {
    this.#server = server
    this.#publisher = publisher
    publisher.on('error', () => undefined)
  }

  static async start(): Promise<MqttServer> {
    const server = await startMosquitto()
    const publisher = await mqtt.connectAsync(`mqtt://127.0.0.1:${server.port}`, {
      protocolVersion: 5,
      reconnectPeriod: 50,
    })
    return new MqttServer(server, publisher)
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.#server.port}`
  }

  /** A topic with a session that keeps its messages until a client with the topic's name receives them. */
  async newTopic(): Promise<Place> {
    const topic = `suite-${++this.#topics}`
    const client = await this.#session(topic)
    await client.subscribeAsync(topic, { qos: 1 })
    await client.endAsync()
    return { url: this.url, topic }
  }

  async publish(topic: string, values: readonly unknown[], options: object = {}): Promise<void> {
    await Promise.all(values.map((value) => this.#publisher.publishAsync(topic, String(value), { qos: 1, ...options })))
  }

  /** Calls `onMessage` for messages of topics from now on. */
  async listen(topics: string, onMessage: (topic: string, text: string) => unknown): Promise<void> {
    this.#publisher.on('message', (topic, payload) => void onMessage(topic, String(payload)))
    await this.#publisher.subscribeAsync(topics, { qos: 1 })
  }

  /** Returns the messages sent to the session of a topic so far. A last message ends the reading. */
  async consume(topic: string): Promise<string[]> {
    await this.publish(topic, ['end'])
    const texts: string[] = []
    let ended!: () => void
    const end = new Promise<void>((resolve) => {
      ended = resolve
    })
    const client = await this.#session(topic, (text) => (text === 'end' ? ended() : texts.push(text)))
    await end
    await client.endAsync()
    return texts
  }

  #session(clientId: string, onMessage: (text: string) => unknown = () => undefined): Promise<MqttClient> {
    const options: IClientOptions = {
      protocolVersion: 5,
      clientId,
      clean: false,
      properties: { sessionExpiryInterval: 3600 },
    }
    // Listening before it connects: the broker sends what it has kept at once.
    const client = mqtt.connect(this.url, options)
    client.on('message', (_, payload) => void onMessage(String(payload)))
    return new Promise((resolve, reject) => {
      client.once('connect', () => resolve(client))
      client.once('error', reject)
    })
  }

  /** The broker writes its sessions to disk when it is asked to end. */
  async crash(): Promise<void> {
    await this.#server.crash('SIGTERM')
  }

  async restart(): Promise<void> {
    await this.#server.restart()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#publisher.endAsync(true)
    await this.#server[Symbol.asyncDispose]()
  }
}

const elsewhere: Place = { url: 'mqtt://127.0.0.1:1', topic: 't' }

const sourceOf = ({ url, topic }: Place, options: Partial<MqttSourceOptions> = {}) =>
  mqttSource({ url, topics: topic, clientId: topic, ...options })

const source: SourceRow<MqttServer, Place> = {
  name: 'mqttSource',
  guarantee: { threads: 'at-least-once', process: 'at-least-once' },
  create: (server) => server.newTopic(),
  send: (server, { topic }, from, to) => server.publish(topic, range(from, to)),
  open: (ssc, place) => ssc.input(sourceOf(place)),
  // Mosquitto 2.0 forgets the receive maximum after the first acknowledgements, so the buffer is what bounds a batch.
  slow: { most: 500, options: { receiverBufferBytes: 1024 }, open: (ssc, place) => ssc.input(sourceOf(place)) },
  malformed: {
    send: (server, { topic }) => server.publish(topic, ['{']),
    open: (ssc, place) => ssc.input(sourceOf(place, { value: 'json' })),
    says: ['is no JSON and is skipped', "Read it as 'text' or 'bytes'"],
  },
  bad: {
    'unreachable host': {
      open: (ssc) => ssc.input(sourceOf(elsewhere)),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['The MQTT broker 127.0.0.1:1 cannot be reached', 'Check url'],
    },
    'wrong place': notApplicable('a topic exists as soon as something is published to it'),
    'refused credentials': {
      open: (ssc, { url }) => ssc.input(sourceOf({ url, topic: 't' }, { username: 'nobody', password: SECRET })),
      code: 'ERR_MILLRACE_SOURCE',
      says: ["refused user 'nobody'", 'Check username and password'],
    },
    'wrong option': {
      open: (ssc) => ssc.input(sourceOf({ url: `mqtt://u:${SECRET}@a`, topic: 't' })),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ['mqtt: url', 'without username and password, which are separate options'],
    },
    'missing client': { open: (ssc) => ssc.input(sourceOf(elsewhere)), client: 'mqtt', says: ['version 5'] },
  },
}

const sinkOf = ({ url, topic }: Place, options: Partial<MqttSinkOptions> = {}) =>
  mqttSink({ url, topic, application: `app-${topic}`, ...options })

const sink: SinkRow<MqttServer, Place> = {
  name: 'mqttSink',
  guarantee: { threads: 'at-least-once', process: 'at-least-once' },
  create: (server) => server.newTopic(),
  open: (place) => sinkOf(place, PATIENT),
  record: (n) => String(n),
  read: async (server, { topic }) => (await server.consume(topic)).map(Number),
  malformed: { record: 4, says: ['A record for MQTT is 4', 'map records to texts, bytes or objects'] },
  bad: {
    'unreachable host': {
      open: () => sinkOf(elsewhere, { retryTime: '100ms' }),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['The MQTT broker 127.0.0.1:1 cannot be reached', 'Check url'],
    },
    'wrong place': {
      open: ({ url }) => sinkOf({ url, topic: 'a/#' }),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ['topic is "a/#"', 'without wildcards'],
    },
    'refused credentials': {
      open: ({ url }) => sinkOf({ url, topic: 't' }, { username: 'nobody', password: SECRET }),
      code: 'ERR_MILLRACE_SOURCE',
      says: ["refused user 'nobody'", 'Check username and password'],
    },
    'wrong option': {
      open: () => sinkOf(elsewhere, { pass: SECRET } as object),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["there is no option 'pass'"],
    },
    'missing client': { open: () => sinkOf(elsewhere), client: 'mqtt', says: ['version 5'] },
  },
}

export const row: ConnectorRow<MqttServer> = {
  name: 'mqtt',
  service: 'mosquitto',
  start: () => MqttServer.start(),
  sources: [source],
  sinks: [sink],
  programs: {
    0: async (server, run) => {
      const highest: string[] = []
      await server.listen('highest/#', (topic, text) => highest.push(`${topic} ${text}`))
      await run({ replace: { 'mqtt://localhost:1883': server.url } }, () =>
        untilMatches(async () => {
          // The program subscribes at some time.
          await server.publish('sensors/a', ['{"sensor":"a","value":7}'])
          return highest
        }, /^highest\/a 7/),
      )
    },
  },
}
