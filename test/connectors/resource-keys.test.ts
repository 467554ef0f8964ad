import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { kafkaReader } from '#build/connectors/kafka/reader.js'
import { kafkaWriter } from '#build/connectors/kafka/writer.js'
import { mqttWriter } from '#build/connectors/mqtt/writer.js'
import { natsReader } from '#build/connectors/nats/reader.js'
import { natsWriter } from '#build/connectors/nats/writer.js'
import { changesReader } from '#build/connectors/postgres/changes/reader.js'
import { tableReader } from '#build/connectors/postgres/table/reader.js'
import { postgresWriter } from '#build/connectors/postgres/writer.js'
import { redisReader } from '#build/connectors/redis/reader.js'
import { redisWriter } from '#build/connectors/redis/writer.js'

const SECRET = 'hunter2-secret'

/** Returns the key under which a connector asks for its client. */
async function keyOf(run: (context: never) => Promise<unknown>, options: object): Promise<string> {
  const keys: string[] = []
  const context = {
    options,
    signal: new AbortController().signal,
    partition: 0,
    resource: async (key: string) => {
      keys.push(key)
      throw new Error('no client')
    },
  }
  await expect(run(context as never)).rejects.toThrow('no client')
  expect(keys).toHaveLength(1)
  return keys[0]!
}

const range = { topic: 'orders', partition: 0, from: 0, to: 1 }
const rows = Array.from({ length: 2000 }, (_, id) => ({ id }))

/** How each connector opens a client with a password. */
const CONNECTORS: Record<string, (password: string) => Promise<string>> = {
  'the reader of Kafka': (password) =>
    keyOf((context) => kafkaReader.read(range, context)[Symbol.asyncIterator]().next(), {
      cluster: { brokers: [], sasl: { mechanism: 'plain', username: 'u', password } },
    }),
  'the writer of Kafka': (password) =>
    keyOf(async (context) => kafkaWriter.open(context), {
      cluster: { brokers: [], sasl: { mechanism: 'plain', username: 'u', password } },
      topic: 'orders',
    }),
  'the reader of NATS': (password) =>
    keyOf(
      (context) =>
        natsReader
          .read({} as never, context)
          [Symbol.asyncIterator]()
          .next(),
      {
        settings: { servers: [], password },
      },
    ),
  'the writer of NATS': (password) =>
    keyOf(async (context) => natsWriter.open(context), { settings: { servers: [], password } }),
  'the reader of Redis': (password) =>
    keyOf(
      (context) =>
        redisReader
          .read({} as never, context)
          [Symbol.asyncIterator]()
          .next(),
      {
        settings: { host: 'h', password },
      },
    ),
  'the writer of Redis': (password) =>
    keyOf(async (context) => redisWriter.open(context), { settings: { host: 'h', password } }),
  'the writer of MQTT': (password) =>
    keyOf(async (context) => mqttWriter.open(context), { settings: { url: 'mqtt://h', password } }),
  'the reader of tables of PostgreSQL': (password) =>
    keyOf(
      (context) =>
        tableReader
          .read({} as never, context)
          [Symbol.asyncIterator]()
          .next(),
      {
        connection: `postgres://u:${password}@localhost/db`,
        retryMs: 0,
        table: ['orders'],
        options: {},
      },
    ),
  'the reader of changes of PostgreSQL': (password) =>
    keyOf(
      (context) =>
        changesReader
          .read({} as never, context)
          [Symbol.asyncIterator]()
          .next(),
      {
        connection: `postgres://u:${password}@localhost/db`,
        retryMs: 0,
        slot: 'orders',
        publications: ['orders'],
      },
    ),
  'the writer of PostgreSQL': (password) =>
    keyOf(async (context) => (await postgresWriter.open(context)).write(rows), {
      connection: `postgres://u:${password}@localhost/db`,
      columns: ['id'],
      inlineRows: 1,
    }),
}

test.each(Object.entries(CONNECTORS))('%s shares its client by a key without secrets', async (_, open) => {
  const key = await open(SECRET)
  expect(key).not.toContain(SECRET)
  expect(await open(SECRET)).toBe(key)
  expect(await open('another')).not.toBe(key)
})

test('each module that shares a client is tested here', () => {
  const root = fileURLToPath(new URL('../../src/connectors', import.meta.url))
  const sharing = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && readFileSync(join(root, path), 'utf8').includes('context.resource'))
    .sort()
  expect(sharing).toEqual([
    'kafka/reader.ts',
    'kafka/writer.ts',
    'mqtt/writer.ts',
    'nats/reader.ts',
    'nats/writer.ts',
    // For the readers of tables and changes.
    'postgres/with-client.ts',
    'postgres/writer.ts',
    'redis/reader.ts',
    'redis/writer.ts',
    // Its key is the path of the database: there is no password.
    'sqlite/reader.ts',
  ])
})
