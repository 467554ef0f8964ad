import { SourceError } from '../../errors.js'
import type { BatchRequest, DirectBatch, DirectReader, DirectSource } from '../../ops/source.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { integer, record } from '../../values/schema.js'
import { describeRanges } from '../describe-ranges.js'
import { KafkaCluster, KafkaCodeError } from './cluster.js'
import { type CheckedKafkaOptions, checkKafkaOptions, type KafkaOptions } from './options.js'
import type { KafkaRecordOf } from './pieces.js'
import { endOffsets, findPartitions, offsetsAt, startOffsets } from './planner.js'
import { type KafkaRange, lagOf, limited, splitRanges } from './ranges.js'
import type { KafkaReaderOptions } from './reader.js'
import { joinPieces, noteOffsets, type OffsetReader, SourceOffsets } from './source-offsets.js'
import type { KafkaStart } from './start.js'
import { commitOffsets, EARLIEST, LATEST } from './wire/requests.js'
import { partitionKey, type TopicPartition } from './wire/topic-partition.js'

/** The next offset by topic and partition. Checkpoints store this position. */
type Position = Readonly<Record<string, Readonly<Record<string, number>>>>

const offset = integer(0, Number.MAX_SAFE_INTEGER, 'an offset')
const positionSchema = record(/./, record(/^\d+$/, offset))

/**
 * Reads Kafka topics. Each topic partition is a partition of the batch. The driver plans ranges of offsets, and worker
 * threads fetch the records.
 */
export function kafkaSource<const O extends KafkaOptions>(options: O): DirectSource<KafkaRange, KafkaRecordOf<O>> {
  const checked = checkKafkaOptions(options)
  const { cluster, isolation, fetchBytes, checkCrcs, format, onRecordError } = checked
  const readerOptions: KafkaReaderOptions = { cluster, isolation, fetchBytes, checkCrcs, format }
  const module = new URL('connectors/kafka/reader.js', PACKAGE_ROOT).href
  const name = nameOf(checked)
  const offsets = new SourceOffsets(name, checked.group, cluster)
  const source: DirectSource<KafkaRange, KafkaRecordOf<O>> = {
    kind: 'direct',
    name,
    reader: { module, export: 'kafkaReader', options: readerOptions, onRecordError },
    create: () => new KafkaDriver(checked, offsets),
    checkPosition: (position) => positionSchema(position, ''),
  }
  noteOffsets(source, offsets)
  return source
}

function nameOf({ topics, pattern, assignments, cluster: { brokers } }: CheckedKafkaOptions): string {
  const what = topics?.join(', ') ?? (pattern ? String(pattern) : Object.keys(assignments ?? {}).join(', '))
  return `kafka ${what}@${brokers.map(({ host, port }) => `${host}:${port}`).join(',')}`
}

class KafkaDriver implements DirectReader<KafkaRange>, OffsetReader {
  readonly #options: CheckedKafkaOptions
  readonly #cluster: KafkaCluster
  readonly #abort = new AbortController()
  #intervalSeconds = 1
  #partitions: readonly TopicPartition[] = []
  /** The first offset of the next batch, by partition. */
  readonly #next = new Map<string, number>()
  /** The offset at which reading ends, by partition, if the source has an end. */
  #ends: ReadonlyMap<string, number> | undefined
  readonly #offsets: SourceOffsets
  /** The ranges that a batch commits when it is complete, by batch time. One per topic partition. */
  readonly #taken = new Map<number, readonly KafkaRange[]>()
  #refreshedAt = 0

  constructor(options: CheckedKafkaOptions, offsets: SourceOffsets) {
    this.#options = options
    this.#offsets = offsets
    this.#cluster = new KafkaCluster(options.cluster)
  }

  async open(_zeroTime: number, batchInterval: number, position?: unknown): Promise<void> {
    this.#intervalSeconds = batchInterval / 1000
    if (position !== undefined) {
      for (const [topic, partitions] of Object.entries(position as Position))
        for (const [partition, offset] of Object.entries(partitions))
          this.#next.set(partitionKey({ topic, partition: Number(partition) }), offset)
    }
    // If no broker can be reached, the addresses are probably wrong, so the start fails at once. Later look-ups are
    // retried, because brokers may restart.
    await this.#cluster.metadata([])
    const isDataset = batchInterval === Number.POSITIVE_INFINITY
    if (!isDataset) {
      this.#offsets.opened(this)
      await this.#offsets.owner?.takeOver()
    }
    const { start = isDataset ? 'earliest' : 'latest', end, group } = this.#options
    // The earlier process did not know of a new partition, so its records are read from the first one on.
    await this.#refresh(position === undefined ? start : 'earliest', isDataset ? undefined : group)
    if (end !== undefined)
      this.#ends = await endOffsets(this.#cluster, this.#partitions, this.#options, end, this.#abort.signal)
  }

  async stopAtEnd(): Promise<void> {
    const latest = await offsetsAt(this.#cluster, this.#partitions, LATEST, this.#options, this.#abort.signal)
    this.#ends = new Map([...latest].map(([key, end]) => [key, Math.min(end, this.#endOf(key))]))
  }

  async next(time: number, { maxRecords }: BatchRequest): Promise<DirectBatch<KafkaRange>> {
    const { group, metadataRefreshMs, minPartitions, maxRatePerPartition } = this.#options
    if (performance.now() - this.#refreshedAt > metadataRefreshMs) await this.#refresh('earliest', group)
    const ends = await offsetsAt(this.#cluster, this.#partitions, LATEST, this.#options, this.#abort.signal)
    const warnings = this.#options.onGap === 'skip' ? await this.#skipGaps() : []
    const available = this.#partitions.map(({ topic, partition }): KafkaRange => {
      const key = partitionKey({ topic, partition })
      const from = this.#next.get(key)!
      const end = ends.get(key)!
      if (end < from) throw rewound({ topic, partition }, from, end)
      return { topic, partition, from, to: Math.max(from, Math.min(end, this.#endOf(key))) }
    })
    const ranges = limited(available, maxRecords, maxRatePerPartition * this.#intervalSeconds)
    this.#take(time, ranges)
    const atEnd = [...this.#next].every(([key, next]) => next >= this.#endOf(key))
    return {
      partitions: splitRanges(ranges, minPartitions),
      lag: lagOf(available, ranges),
      description: describeRanges(ranges, nameOfRange, 'partitions'),
      warnings,
      atEnd,
    }
  }

  replay(time: number, { partitions }: DirectBatch<KafkaRange>): void {
    this.#take(time, partitions)
  }

  position(): Position {
    const position: Record<string, Record<string, number>> = {}
    for (const { topic, partition } of this.#partitions) {
      position[topic] ??= {}
      position[topic][partition] = this.#next.get(partitionKey({ topic, partition }))!
    }
    return position
  }

  async committed(time: number): Promise<void> {
    const ranges = this.#taken.get(time)
    this.#taken.delete(time)
    const { group } = this.#options
    if (group === undefined || this.#offsets.owner || !ranges?.length) return
    const offsets = ranges.map(({ topic, partition, to: offset }) => ({ topic, partition, offset }))
    await this.#cluster.onCoordinator(group, this.#abort.signal, async (connection) => {
      const code = await commitOffsets(connection, group, offsets)
      if (code !== 0) throw new KafkaCodeError(`The offsets of group '${group}' cannot be committed`, code, { group })
    })
  }

  rangesAt(time: number): readonly KafkaRange[] | undefined {
    return this.#taken.get(time)
  }

  async close(): Promise<void> {
    this.#offsets.closed(this)
    this.#abort.abort()
    this.#cluster.close()
  }

  #take(time: number, ranges: readonly KafkaRange[]): void {
    for (const range of ranges) this.#next.set(partitionKey(range), range.to)
    this.#taken.set(time, joinPieces(ranges))
  }

  /** Returns where a partition ends. A partition that appeared after the end was fixed is not read. */
  #endOf(key: string): number {
    return this.#ends ? (this.#ends.get(key) ?? 0) : Number.POSITIVE_INFINITY
  }

  /** Looks up topics and partitions. New ones are read from `start` on. */
  async #refresh(start: KafkaStart, group: string | undefined): Promise<void> {
    this.#refreshedAt = performance.now()
    const { signal } = this.#abort
    const partitions = await findPartitions(this.#cluster, this.#options, signal)
    const fresh = partitions.filter((partition) => !this.#next.has(partitionKey(partition)))
    const isStable = this.#offsets.owner !== undefined
    const starts = await startOffsets(this.#cluster, fresh, { ...this.#options, group, isStable }, start, signal)
    for (const [key, offset] of starts) this.#next.set(key, offset)
    this.#partitions = partitions
  }

  /** Skips offsets that retention has removed, and returns warnings that count them. */
  async #skipGaps(): Promise<string[]> {
    const first = await offsetsAt(this.#cluster, this.#partitions, EARLIEST, this.#options, this.#abort.signal)
    return this.#partitions.flatMap(({ topic, partition }) => {
      const key = partitionKey({ topic, partition })
      const from = this.#next.get(key)!
      const start = first.get(key)!
      if (start <= from) return []
      this.#next.set(key, start)
      return `offsets ${from} to ${start - 1} of partition ${partition} of topic '${topic}' (${start - from}) were removed by retention and are skipped`
    })
  }
}

function nameOfRange({ topic, partition, from, to }: KafkaRange): string {
  return `${topic}/${partition}: ${from} to ${to - 1}`
}

function rewound({ topic, partition }: TopicPartition, from: number, end: number): SourceError {
  return new SourceError(
    `Partition ${partition} of Kafka topic '${topic}' ends at offset ${end}, before the next one to read, ${from}: the topic was deleted and created again, or lost records. Start a new application, or a new checkpoint directory, to read it from its beginning.`,
    { details: { topic, partition, from, end } },
  )
}
