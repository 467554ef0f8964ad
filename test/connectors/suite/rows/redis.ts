import { Redis } from 'ioredis'
import { type RedisSinkOptions, type RedisSourceOptions, redisSink, redisSource } from 'millrace/redis'
import { startRedis } from '../../../services/redis.js'
import type { SmallServer } from '../../../services/small-server.js'
import { untilMatches } from '../example.js'
import { range } from '../expectations.js'
import { type ConnectorRow, PATIENT, SECRET, type SinkRow, type SourceRow, type TestServer } from '../row.js'

interface Place {
  readonly connection: string
  readonly key: string
}

class RedisServer implements TestServer {
  readonly #server: SmallServer
  readonly client: Redis
  #keys = 0

  private constructor(server: SmallServer) {
    this.#server = server
    this.client = new Redis({ port: server.port, maxRetriesPerRequest: null, retryStrategy: () => 50 })
    this.client.on('error', () => undefined)
  }

  static async start(): Promise<RedisServer> {
    return new RedisServer(await startRedis())
  }

  get connection(): string {
    return `redis://127.0.0.1:${this.#server.port}`
  }

  newPlace(): Place {
    return { connection: this.connection, key: `suite-${++this.#keys}` }
  }

  /** Adds entries with one field, `n`. */
  async add(key: string, values: readonly unknown[]): Promise<void> {
    const pipeline = this.client.pipeline()
    for (const value of values) pipeline.xadd(key, '*', 'n', String(value))
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error
  }

  /** Entries after those that the group has noted. */
  async unread(key: string): Promise<number> {
    const [group] = (await this.client.xinfo('GROUPS', key)) as unknown[][]
    const noted = group === undefined ? '0-0' : String(group[group.indexOf('last-delivered-id') + 1])
    return (await this.client.xrange(key, `(${noted}`, '+')).length
  }

  async crash(): Promise<void> {
    await this.#server.crash()
  }

  async restart(): Promise<void> {
    await this.#server.restart()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.disconnect()
    await this.#server[Symbol.asyncDispose]()
  }
}

const elsewhere: Place = { connection: `redis://u:${SECRET}@127.0.0.1:1`, key: 'k' }
const withUser = (server: RedisServer): Place => ({
  connection: server.connection.replace('redis://', `redis://nobody:${SECRET}@`),
  key: 'k',
})

const sourceOf = ({ connection, key }: Place, options: Partial<RedisSourceOptions> = {}) =>
  redisSource({ connection, streams: key, start: 'earliest', field: 'n', partitionRecords: 300, ...options })

const source: SourceRow<RedisServer, Place> = {
  name: 'redisSource',
  guarantee: { threads: 'exactly-once', process: 'exactly-once' },
  create: async (server) => server.newPlace(),
  send: (server, { key }, from, to) => server.add(key, range(from, to)),
  open: (ssc, place) => ssc.input(sourceOf(place, PATIENT)),
  slow: {
    most: 100,
    open: (ssc, place) => ssc.input(sourceOf(place, { maxRatePerPartition: 100, group: 'suite' })),
    waiting: (server, { key }) => server.unread(key),
  },
  malformed: {
    send: (server, { key }) => server.add(key, ['1', '{']),
    open: (ssc, place) => ssc.input(sourceOf(place, { value: 'json' })),
    rejecting: (ssc, place) => ssc.input(sourceOf(place, { value: 'json', onRecordError: 'dead-letter' })),
    says: ['of Redis stream', 'is not what the options say', 'Drop such entries with onRecordError'],
  },
  bad: {
    'unreachable host': {
      open: (ssc) => ssc.input(sourceOf(elsewhere, { retryTime: '100ms' })),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['Redis at 127.0.0.1:1 cannot be reached', 'Check host, port'],
    },
    'wrong place': {
      open: (ssc, { connection }) => ssc.input(sourceOf({ connection, key: 'millrace:suite-list' })),
      code: 'ERR_MILLRACE_SOURCE',
      says: ["The key 'millrace:suite-list' of Redis is a list", 'Use the key of a stream'],
    },
    'refused credentials': {
      open: (ssc, server) => ssc.input(sourceOf(withUser(server))),
      code: 'ERR_MILLRACE_SOURCE',
      says: ["refused user 'nobody'", 'Check username and password'],
    },
    'wrong option': {
      open: (ssc) => ssc.input(sourceOf(elsewhere, { password: SECRET } as object)),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["there is no option 'password'"],
    },
    'missing client': { open: (ssc) => ssc.input(sourceOf(elsewhere)), client: 'ioredis', says: ['version 6'] },
  },
}

function sink(
  name: string,
  target: (key: string) => Partial<RedisSinkOptions>,
  record: (n: number) => unknown,
  read: (server: RedisServer, key: string) => Promise<readonly string[]>,
): SinkRow<RedisServer, Place> {
  const open = ({ connection, key }: Place, more: Partial<RedisSinkOptions> = {}) =>
    redisSink({ connection, application: `app-${key}`, ...target(key), ...more })
  return {
    name,
    guarantee: { threads: 'exactly-once', process: 'exactly-once' },
    create: async (server) => server.newPlace(),
    open: (place) => open(place, PATIENT),
    record,
    read: async (server, { key }) => (await read(server, key)).map(Number),
    malformed: { record: 'text', says: ['A record for Redis is "text"', 'map records to'] },
    bad: {
      'unreachable host': {
        open: () => open(elsewhere, { retryTime: '100ms' }),
        code: 'ERR_MILLRACE_SOURCE',
        says: ['Redis at 127.0.0.1:1 cannot be reached', 'Check host, port'],
      },
      'wrong place': {
        open: ({ connection }) => redisSink({ connection, application: 'a', stream: 'millrace:suite-list' }) as never,
        code: 'ERR_MILLRACE_SAVE',
        says: ["The key 'millrace:suite-list' of Redis is a list", 'Use another key'],
      },
      'refused credentials': {
        open: (server) => open(withUser(server)),
        code: 'ERR_MILLRACE_SOURCE',
        says: ["refused user 'nobody'", 'Check username and password'],
      },
      'wrong option': {
        open: () => open(elsewhere, { password: SECRET } as object),
        code: 'ERR_MILLRACE_ARGUMENT',
        says: ["there is no option 'password'"],
      },
      'missing client': { open: () => open(elsewhere), client: 'ioredis', says: ['version 6'] },
    },
  }
}

export const row: ConnectorRow<RedisServer> = {
  name: 'redis',
  service: 'redis',
  start: async () => {
    const server = await RedisServer.start()
    await server.client.lpush('millrace:suite-list', 'a')
    return server
  },
  sources: [source],
  sinks: [
    sink(
      'redisSink, to a stream',
      (stream) => ({ stream }),
      (n) => ({ n }),
      async ({ client }, key) => (await client.xrange(key, '-', '+')).map(([, fields]) => fields[1]!),
    ),
  ],
  programs: {
    0: async ({ client, connection }, run) => {
      for (const amount of [3, 4]) await client.xadd('orders', '*', 'customer', 'ada', 'amount', amount)
      await run({ replace: { 'redis://localhost:6379': connection } }, () =>
        untilMatches(() => client.hget('totals-of-last-batch', 'ada'), /^7$/),
      )
    },
  },
}
