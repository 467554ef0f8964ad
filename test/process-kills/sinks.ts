import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { Kafka, logLevel } from 'kafkajs'
import type { DStream } from 'millrace'
import { kafkaSink } from 'millrace/kafka'
import { postgresSink } from 'millrace/postgres'
import { sqliteSink } from 'millrace/sqlite'
import { KafkaService } from '../services/kafka.js'
import { readCommitted } from '../services/kafka-reader.js'
import { PostgresService } from '../services/postgres.js'
import type { Row } from './pipelines.js'

/** A sink of the outputs. `Place` is plain data: it travels to the process under test. */
export interface Sink<Place> {
  start(): Promise<Store<Place>>
  write(stream: DStream<Row>, place: Place, output: string): void
}

/** What a sink writes to, in the process of the test. */
export interface Store<Place> extends AsyncDisposable {
  readonly place: Place
  read(): Promise<Row[]>
}

const APPLICATION = 'process-kills'
const COLUMNS = ['batch', 'output', 'key', 'value']
const TABLE = 'CREATE TABLE results (batch bigint, output text, key text, value bigint)'

const rowOf = ({ batch, output, key, value }: Record<string, unknown>): Row => {
  return { batch: Number(batch), output: String(output), key: String(key), value: Number(value) }
}

const files: Sink<{ readonly directory: string }> = {
  async start() {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-kills-'))
    const complete = () => readdirSync(directory).filter((name) => existsSync(join(directory, name, '_SUCCESS')))
    const parts = (name: string) => readdirSync(join(directory, name)).filter((part) => part.startsWith('part-'))
    const rows = (path: string) => readFileSync(path, 'utf8').split('\n').filter(Boolean)
    return {
      place: { directory },
      async read() {
        const paths = complete().flatMap((name) => parts(name).map((part) => join(directory, name, part)))
        return paths.flatMap(rows).map((row) => rowOf(JSON.parse(row)))
      },
      async [Symbol.asyncDispose]() {
        rmSync(directory, { recursive: true, force: true })
      },
    }
  },
  write: (stream, { directory }, output) => stream.saveAsJsonFiles(join(directory, output)),
}

const sqlite: Sink<{ readonly path: string }> = {
  async start() {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-kills-'))
    const path = join(directory, 'results.db')
    const all = (statement: string) => {
      const database = new DatabaseSync(path, { timeout: 5000 })
      try {
        return database.prepare(statement).all() as Record<string, unknown>[]
      } finally {
        database.close()
      }
    }
    all(TABLE)
    return {
      place: { path },
      read: async () => all('SELECT * FROM results').map(rowOf),
      async [Symbol.asyncDispose]() {
        rmSync(directory, { recursive: true, force: true })
      },
    }
  },
  write: (stream, { path }) =>
    stream.writeTo(sqliteSink({ path, table: 'results', columns: COLUMNS, application: APPLICATION })),
}

const postgres: Sink<{ readonly connection: string }> = {
  async start() {
    const service = await PostgresService.start()
    await service.query(TABLE)
    return {
      place: { connection: service.url },
      read: async () => (await service.query('SELECT * FROM results')).map(rowOf),
      [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
    }
  },
  write: (stream, { connection }) =>
    stream.writeTo(postgresSink({ connection, table: 'results', columns: COLUMNS, application: APPLICATION })),
}

const TOPIC = 'results'

const kafka: Sink<{ readonly brokers: string }> = {
  async start() {
    // A transaction that a killed process left open ends after its time.
    const service = await KafkaService.start({ 'transaction.abort.timed.out.transaction.cleanup.interval.ms': 500 })
    const client = new Kafka({ brokers: [service.broker], logLevel: logLevel.NOTHING })
    const [admin, producer] = [client.admin(), client.producer()]
    await Promise.all([admin.connect(), producer.connect()])
    await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1 }], waitForLeaders: true })
    return {
      place: { brokers: service.broker },
      read: async () => (await readCommitted(client, producer, TOPIC, 1)).map((text) => rowOf(JSON.parse(text))),
      async [Symbol.asyncDispose]() {
        await Promise.allSettled([admin.disconnect(), producer.disconnect()])
        await service[Symbol.asyncDispose]()
      },
    }
  },
  write(stream, { brokers }) {
    const records = stream.map((row) => JSON.stringify(row))
    records.writeTo(kafkaSink({ brokers, topic: TOPIC, application: APPLICATION, transactionTimeout: '5s' }))
  },
}

export const SINKS = { files, sqlite, postgres, kafka } as const
