import { ArgumentError } from '../../errors.js'
import type { DataSink } from '../../ops/sink.js'
import type { DirectSource } from '../../ops/source.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { type ClusterOptions, checkClusterOptions } from './cluster-options.js'
import { check } from './option-check.js'
import type { KafkaMessage } from './outgoing.js'
import type { KafkaRange } from './ranges.js'
import type { KafkaCompression } from './record-encoder.js'
import { KafkaSinkDriver } from './sink-driver.js'
import { offsetsOf, type SourceOffsets } from './source-offsets.js'
import type { EncodedPartition, KafkaWriterOptions } from './writer.js'

export interface KafkaSinkOptions extends ClusterOptions {
  /** Topic to write to. It must exist. */
  readonly topic: string
  /** Names this application among all that write to the cluster. A restarted process needs the same name. */
  readonly application: string
  /** `'exactly-once'` (default) writes each batch in a transaction; `'at-least-once'` uses no transactions. */
  readonly guarantee?: 'exactly-once' | 'at-least-once'
  /** `'none'` (default) or `'gzip'`. */
  readonly compression?: KafkaCompression
  /** Bytes of a record batch (512 KiB). Must not exceed the broker's `message.max.bytes`. */
  readonly batchBytes?: number
  /**
   * Sources of the same cluster that have a `group`. The transaction with a batch's records also commits their offsets,
   * so a stream without state is exactly once even without checkpoints.
   */
  readonly offsetsOf?: DirectSource<KafkaRange> | readonly DirectSource<KafkaRange>[]
  /** How long a transaction may be open before the broker aborts it (60 s). */
  readonly transactionTimeout?: Duration
}

const NAMES = ['topic', 'application', 'guarantee', 'compression', 'batchBytes', 'offsetsOf', 'transactionTimeout']

/** Writes records to a Kafka topic: texts, bytes, pairs `[key, value]` or objects `{ key, value, headers }`. */
export function kafkaSink(
  options: KafkaSinkOptions,
): DataSink<string | Uint8Array | readonly [unknown, unknown] | KafkaMessage> {
  const cluster = checkClusterOptions(options, NAMES)
  const { guarantee: given = 'exactly-once', application } = options
  const topic = check.text('topic', options.topic, 'the name of a topic')
  if (typeof application !== 'string' || !/^[\w.-]+$/.test(application))
    throw check.wrong('application', application, 'a name of letters, digits, dots, dashes and underscores')
  const guarantee = check.oneOf('guarantee', given, ['exactly-once', 'at-least-once'])
  const compression = check.oneOf('compression', options.compression ?? 'none', ['none', 'gzip'])
  const batchBytes = check.integer('batchBytes', options.batchBytes ?? 512 * 1024, 1024)
  const sources = checkSources(options.offsetsOf, guarantee)
  const writer: KafkaWriterOptions = { cluster, topic, guarantee, compression, batchBytes }
  const transactionTimeoutMs = toMillis(options.transactionTimeout ?? '60s', 'kafka transactionTimeout')
  const driver = new KafkaSinkDriver({ cluster, topic, application, transactionTimeoutMs, sources })
  return {
    name: `kafka ${topic}`,
    writer: {
      module: new URL('connectors/kafka/writer.js', PACKAGE_ROOT).href,
      export: 'kafkaWriter',
      options: writer,
    },
    commit: async (write, messages) => {
      if (guarantee === 'exactly-once') await driver.commit(write, messages as readonly EncodedPartition[])
    },
    close: async () => driver.close(),
  }
}

function checkSources(
  given: KafkaSinkOptions['offsetsOf'] = [],
  guarantee: KafkaWriterOptions['guarantee'],
): readonly SourceOffsets[] {
  const sources = (Array.isArray(given) ? given : [given]).map((source) => {
    const offsets = offsetsOf(source)
    if (!offsets) throw check.wrong('offsetsOf', source, 'a source that kafkaSource returned, or a list of such')
    return offsets
  })
  if (sources.length > 0 && guarantee !== 'exactly-once')
    throw new ArgumentError("kafka: offsetsOf commits offsets in transactions; leave out guarantee: 'at-least-once'.", {
      option: 'offsetsOf',
    })
  return sources
}
