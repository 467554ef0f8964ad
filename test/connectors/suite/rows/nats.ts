import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { type NatsSinkOptions, type NatsSourceOptions, natsSink, natsSource } from 'millrace/nats'
import { startNats } from '../../../services/nats.js'
import type { SmallServer } from '../../../services/small-server.js'
import { untilMatches } from '../example.js'
import { range } from '../expectations.js'
import { type ConnectorRow, PATIENT, SECRET, type SinkRow, type SourceRow, type TestServer } from '../row.js'

interface Place {
  readonly servers: string
  readonly stream: string
}

/** A connection with its clients. */
interface Link {
  readonly connection: NatsConnection
  readonly jetstream: JetStreamClient
  readonly manager: JetStreamManager
}

/** How long a request may take: a loaded machine may need more than the usual 5 s. */
const PATIENCE_MS = 60_000

async function linkTo(server: SmallServer): Promise<Link> {
  const timeout = PATIENCE_MS
  const connection = await connect({ servers: `127.0.0.1:${server.port}`, timeout })
  return {
    connection,
    jetstream: jetstream(connection, { timeout }),
    manager: await jetstreamManager(connection, { checkAPI: false, timeout }),
  }
}

/** How long a stream recognises ids: longer than any test. */
const WINDOW_NS = 600e9

export class NatsServer implements TestServer {
  readonly #server: SmallServer
  #link: Link
  #streams = 0

  private constructor(server: SmallServer, link: Link) {
    this.#server = server
    this.#link = link
  }

  static async start(): Promise<NatsServer> {
    const server = await startNats()
    return new NatsServer(server, await linkTo(server))
  }

  get jetstream(): JetStreamClient {
    return this.#link.jetstream
  }

  get manager(): JetStreamManager {
    return this.#link.manager
  }

  get servers(): string {
    return `127.0.0.1:${this.#server.port}`
  }

  /** A stream that receives a subject of the same name. */
  async newStream(): Promise<Place> {
    const stream = `suite-${++this.#streams}`
    await this.manager.streams.add({ name: stream, subjects: [stream], duplicate_window: WINDOW_NS })
    return { servers: this.servers, stream }
  }

  async publish(subject: string, values: readonly unknown[]): Promise<void> {
    for (let at = 0; at < values.length; at += 200)
      await Promise.all(values.slice(at, at + 200).map((value) => this.jetstream.publish(subject, String(value))))
  }

  /** The payloads of all messages. */
  async all(stream: string): Promise<string[]> {
    const consumer = await this.jetstream.consumers.get(stream)
    const { messages: count } = (await this.manager.streams.info(stream)).state
    const texts: string[] = []
    if (count === 0) return texts
    for await (const message of await consumer.fetch({ max_messages: count, expires: PATIENCE_MS })) {
      texts.push(message.string())
      if (texts.length === count) break
    }
    return texts
  }

  async crash(): Promise<void> {
    await this.#server.crash()
  }

  /** Connects anew: the client forgets requests made before it has found the server again. */
  async restart(): Promise<void> {
    await this.#server.restart()
    await this.#link.connection.close()
    this.#link = await linkTo(this.#server)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.connection.close()
    await this.#server[Symbol.asyncDispose]()
  }
}

const elsewhere: Place = { servers: '127.0.0.1:1', stream: 's' }
const CLIENT = '@nats-io/transport-node'

const sourceOf = ({ servers, stream }: Place, options: Partial<NatsSourceOptions> = {}) =>
  natsSource({ servers, stream, start: 'earliest', partitionRecords: 300, ...options })

const source: SourceRow<NatsServer, Place> = {
  name: 'natsSource',
  guarantee: { threads: 'exactly-once', process: 'exactly-once' },
  create: (server) => server.newStream(),
  send: (server, { stream }, from, to) => server.publish(stream, range(from, to)),
  open: (ssc, place) => ssc.input(sourceOf(place, PATIENT)),
  slow: { most: 100, open: (ssc, place) => ssc.input(sourceOf(place, { maxRate: 100 })) },
  malformed: {
    send: (server, { stream }) => server.publish(stream, ['1', '{']),
    open: (ssc, place) => ssc.input(sourceOf(place, { value: 'json' })),
    rejecting: (ssc, place) => ssc.input(sourceOf(place, { value: 'json', onRecordError: 'dead-letter' })),
    says: ['Message 2 of NATS stream', 'Drop such messages with onRecordError'],
  },
  bad: {
    'unreachable host': {
      open: (ssc) => ssc.input(sourceOf(elsewhere, { retryTime: '100ms' })),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['NATS at 127.0.0.1:1 cannot be reached', 'Check servers'],
    },
    'wrong place': {
      open: (ssc, { servers }) => ssc.input(sourceOf({ servers, stream: 'nowhere' })),
      code: 'ERR_MILLRACE_SOURCE',
      says: ["There is no NATS stream 'nowhere'", 'Create it, or correct its name'],
    },
    'refused credentials': {
      open: (ssc, { servers }) => ssc.input(sourceOf({ servers, stream: 's' }, { user: 'nobody', password: SECRET })),
      code: 'ERR_MILLRACE_SOURCE',
      says: ["refused user 'nobody'", 'Check user, password'],
    },
    'wrong option': {
      open: (ssc) => ssc.input(sourceOf({ servers: `nats://u:${SECRET}@a`, stream: 's' })),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ['nats: servers', 'without user and password, which are separate options'],
    },
    'missing client': { open: (ssc) => ssc.input(sourceOf(elsewhere)), client: CLIENT, says: ['version 3'] },
  },
}

const sinkOf = ({ servers, stream }: Place, options: Partial<NatsSinkOptions> = {}) =>
  natsSink({ servers, subject: stream, application: `app-${stream}`, ...options })

const sink: SinkRow<NatsServer, Place> = {
  name: 'natsSink',
  guarantee: { threads: 'exactly-once', process: 'exactly-once' },
  create: (server) => server.newStream(),
  open: (place) => sinkOf(place, PATIENT),
  record: (n) => String(n),
  read: async (server, { stream }) => (await server.all(stream)).map(Number),
  malformed: { record: 4, says: ['A record for NATS is 4', 'map records to texts, bytes or objects'] },
  bad: {
    'unreachable host': {
      open: () => sinkOf(elsewhere, { retryTime: '100ms' }),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['NATS at 127.0.0.1:1 cannot be reached', 'Check servers'],
    },
    'wrong place': {
      open: ({ servers }) => sinkOf({ servers, stream: 'nowhere' }, { retryTime: '100ms' }),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['No JetStream at NATS', 'that a stream receives the subject'],
    },
    'refused credentials': {
      open: ({ servers }) => sinkOf({ servers, stream: 's' }, { user: 'nobody', password: SECRET }),
      code: 'ERR_MILLRACE_SOURCE',
      says: ["refused user 'nobody'", 'Check user, password'],
    },
    'wrong option': {
      open: () => sinkOf(elsewhere, { pass: SECRET } as object),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["there is no option 'pass'"],
    },
    'missing client': { open: () => sinkOf(elsewhere), client: CLIENT, says: ['version 3'] },
  },
}

export const row: ConnectorRow<NatsServer> = {
  name: 'nats',
  service: 'nats',
  start: () => NatsServer.start(),
  sources: [source],
  sinks: [sink],
  programs: {
    0: async (server, run) => {
      await server.manager.streams.add({ name: 'ORDERS', subjects: ['orders'] })
      await server.manager.streams.add({ name: 'TOTALS', subjects: ['totals'] })
      await server.publish('orders', ['{"customer":"ada","amount":3}', '{"customer":"ada","amount":4}'])
      await run({ replace: { 'localhost:4222': server.servers } }, () =>
        untilMatches(() => server.all('TOTALS'), /^\["ada",7\]$/),
      )
    },
  },
}
