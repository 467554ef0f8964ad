import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { Kafka, logLevel } from 'kafkajs'
import { KafkaService } from '../services/kafka.js'
import { readCommitted } from '../services/kafka-reader.js'
import { PostgresService } from '../services/postgres.js'
import { rowOf, rowsIn } from './file-formats.js'
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

function folder(): Store<SinkPlaces['files']> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-kills-'))
  return {
    place: { directory },
    read: () => rowsIn(directory),
    async [Symbol.asyncDispose]() {
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const files: Sink<SinkPlaces['files']> = { start: async () => folder() }
const formats: Sink<SinkPlaces['formats']> = { start: async () => folder() }

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

export const SINKS = { files, formats, sqlite, postgres, kafka } as const
