import { join } from 'node:path'
import type { DStream } from 'millrace'
import { kafkaSink } from 'millrace/kafka'
import { postgresSink } from 'millrace/postgres'
import { sqliteSink } from 'millrace/sqlite'
import type { Row } from './pipelines.js'

/** Where each sink writes: plain data, which travels to the process under test. */
export interface SinkPlaces {
  readonly files: { readonly directory: string }
  readonly formats: { readonly directory: string }
  readonly sqlite: { readonly path: string }
  readonly postgres: { readonly connection: string }
  readonly kafka: { readonly brokers: string }
}

const APPLICATION = 'process-kills'
const COLUMNS = ['batch', 'output', 'key', 'value']
const TABLE = 'results'
export const TOPIC = 'results'

/** Writes each output in a format of its own; those without one as JSON lines. */
export const FORMATS: Readonly<Record<string, (stream: DStream<Row>, prefix: string) => void>> = {
  plain: (stream, prefix) => stream.saveAsCsvFiles(prefix, '', { columns: COLUMNS }),
  counts: (stream, prefix) => stream.saveAsParquetFiles(prefix, '', { columns: COLUMNS, types: TYPES }),
  window: (stream, prefix) => asPairs(stream).saveAsSequenceFiles(prefix, '', CLASSES),
  inverse: (stream, prefix) => asPairs(stream).saveAsSequenceFiles(prefix, '', { ...CLASSES, compression: 'block' }),
  totals: (stream, prefix) => stream.map((row) => JSON.stringify(row)).saveAsTextFiles(prefix, '', GZIP),
  running: (stream, prefix) => stream.saveAsJsonFiles(prefix),
}
const TYPES = { batch: 'DOUBLE', output: 'STRING', key: 'STRING', value: 'DOUBLE' } as const
const CLASSES = { key: 'Text', value: 'LongWritable' } as const
const GZIP = { compression: 'gzip' } as const
const asPairs = (stream: DStream<Row>) => stream.map((row): [string, number] => [JSON.stringify(row), row.value])

/** Writes an output to each sink in the process under test. */
export const WRITES: {
  readonly [S in keyof SinkPlaces]: (stream: DStream<Row>, at: SinkPlaces[S], output: string) => void
} = {
  files: (stream, { directory }, output) => stream.saveAsJsonFiles(join(directory, output)),
  formats: (stream, { directory }, output) => (FORMATS[output] ?? FORMATS.running)!(stream, join(directory, output)),
  sqlite: (stream, { path }) =>
    stream.writeTo(sqliteSink({ path, table: TABLE, columns: COLUMNS, application: APPLICATION })),
  postgres: (stream, { connection }) =>
    stream.writeTo(postgresSink({ connection, table: TABLE, columns: COLUMNS, application: APPLICATION })),
  kafka(stream, { brokers }) {
    const records = stream.map((row) => JSON.stringify(row))
    records.writeTo(kafkaSink({ brokers, topic: TOPIC, application: APPLICATION, transactionTimeout: '5s' }))
  },
}
