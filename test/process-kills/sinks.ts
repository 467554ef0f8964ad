import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { Kafka, logLevel } from 'kafkajs'
import { KafkaService } from '../services/kafka.js'
import { readCommitted } from '../services/kafka-reader.js'
import { PostgresService } from '../services/postgres.js'
import type { Row } from './pipelines.js'
import { type SinkPlaces, TOPIC } from './writes.js'

/** A sink of the outputs, in the process of the test. */
export interface Sink<Place> {
  start(): Promise<Store<Place>>
}

/** What a sink writes to. */
export interface Store<Place> extends AsyncDisposable {
  readonly place: Place
  read(): Promise<Row[]>
}

const CREATE_TABLE = 'CREATE TABLE results (batch bigint, output text, key text, value bigint)'

const rowOf = ({ batch, output, key, value }: Record<string, unknown>): Row => {
  return { batch: Number(batch), output: String(output), key: String(key), value: Number(value) }
}

const files: Sink<SinkPlaces['files']> = {
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
}

const sqlite: Sink<SinkPlaces['sqlite']> = {
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
    all(CREATE_TABLE)
    return {
      place: { path },
      read: async () => all('SELECT * FROM results').map(rowOf),
      async [Symbol.asyncDispose]() {
        rmSync(directory, { recursive: true, force: true })
      },
    }
  },
}

const postgres: Sink<SinkPlaces['postgres']> = {
  async start() {
    const service = await PostgresService.start()
    await service.query(CREATE_TABLE)
    return {
      place: { connection: service.url },
      read: async () => (await service.query('SELECT * FROM results')).map(rowOf),
      [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
    }
  },
}

const kafka: Sink<SinkPlaces['kafka']> = {
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
}

export const SINKS = { files, sqlite, postgres, kafka } as const
