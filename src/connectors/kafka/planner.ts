import { SourceError } from '../../errors.js'
import { grouped } from '../../values/grouped.js'
import { checked, type KafkaCluster, KafkaCodeError } from './cluster.js'
import type { CheckedKafkaOptions } from './options.js'
import type { KafkaEnd, KafkaStart } from './start.js'
import { UNKNOWN_TOPIC_OR_PARTITION } from './wire/error-codes.js'
import { EARLIEST, type FoundOffset, fetchCommitted, LATEST, listOffsets, type TopicMetadata } from './wire/requests.js'
import { partitionKey, type TopicPartition } from './wire/topic-partition.js'
import { fetchStableOffsets } from './wire/transactions.js'

/** Finds the partitions to read. Retries while a topic is being created. A pattern matches no internal topic. */
export function findPartitions(
  cluster: KafkaCluster,
  { topics, pattern, assignments }: CheckedKafkaOptions,
  signal: AbortSignal,
): Promise<TopicPartition[]> {
  const wanted = topics ?? (assignments && Object.keys(assignments))
  return cluster.retried(signal, async () => {
    const metadata = await cluster.metadata(wanted)
    const matching = pattern
      ? metadata.topics.filter(({ topic, isInternal }) => !isInternal && matches(pattern, topic))
      : metadata.topics
    const fault = matching.find(({ code }) => code !== 0)
    if (fault) throw unreadable(fault)
    return matching.flatMap((topic) => partitionsOf(topic, assignments?.[topic.topic]))
  })
}

function matches(pattern: RegExp, topic: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, '')).test(topic)
}

function partitionsOf({ topic, partitions }: TopicMetadata, assigned: readonly number[] | undefined): TopicPartition[] {
  const there = partitions.map(({ partition }) => partition).sort((a, b) => a - b)
  const absent = assigned?.filter((partition) => !there.includes(partition)) ?? []
  if (absent.length > 0) {
    throw new SourceError(
      `Kafka topic '${topic}' has no partition ${absent.join(', ')}. Its partitions: ${there.join(', ')}.`,
      { details: { topic, partitions: there, final: true } },
    )
  }
  return (assigned ?? there).map((partition) => ({ topic, partition }))
}

function unreadable({ topic, code }: TopicMetadata): SourceError {
  if (code === UNKNOWN_TOPIC_OR_PARTITION) {
    return new SourceError(`There is no Kafka topic '${topic}'. Create it, or correct its name.`, {
      details: { topic, final: true },
    })
  }
  return new KafkaCodeError(`Kafka topic '${topic}' cannot be read`, code, { topic })
}

/** Looks up the offset of each partition at EARLIEST, LATEST or a time in ms, with one request per broker. */
export async function offsetsAt(
  cluster: KafkaCluster,
  partitions: readonly TopicPartition[],
  at: number,
  { isolation }: Pick<CheckedKafkaOptions, 'isolation'>,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  const byLeader = grouped(partitions, (partition) => {
    const leader = cluster.leaderOf(partition)
    return leader ? `${leader.host}:${leader.port}` : partitionKey(partition)
  })
  const note = (offsets: readonly FoundOffset[]) => {
    for (const offset of offsets) if (offset.code === 0) found.set(partitionKey(offset), offset.offset)
  }
  await Promise.all(
    [...byLeader.values()].map(async (group) => {
      const wanted = group.map((partition) => ({ ...partition, at }))
      await cluster.onLeader(group[0]!, signal, async (connection) =>
        note(await listOffsets(connection, isolation, wanted)),
      )
    }),
  )
  // The leaders of the remaining partitions have moved, so each is looked up at its new leader.
  for (const partition of partitions.filter((each) => !found.has(partitionKey(each)))) {
    await cluster.onLeader(partition, signal, async (connection) => {
      const [offset] = await listOffsets(connection, isolation, [{ ...partition, at }])
      const code = offset?.code ?? -1
      if (code !== 0)
        throw new KafkaCodeError(
          `The offsets of partition ${partition.partition} of Kafka topic '${partition.topic}'`,
          code,
          { ...partition },
        )
      note([offset!])
    })
  }
  return found
}

/**
 * Returns the first offset to read of each partition: the one that `group` has committed, or else the one that `start`
 * determines.
 */
export async function startOffsets(
  cluster: KafkaCluster,
  partitions: readonly TopicPartition[],
  options: Pick<CheckedKafkaOptions, 'isolation' | 'group'> & {
    /** Whether transactions commit the group's offsets. If so, the look-up waits for open transactions to end. */
    readonly isStable?: boolean
  },
  start: KafkaStart,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const offsets = new Map<string, number>()
  const { group } = options
  if (group !== undefined && partitions.length > 0) {
    const fetchOffsets = options.isStable ? fetchStableOffsets : fetchCommitted
    await cluster.onCoordinator(group, signal, async (connection) => {
      for (const { code, offset, ...of } of await fetchOffsets(connection, group, partitions)) {
        checked(code, `The offsets of group '${group}' cannot be looked up`)
        if (offset >= 0) offsets.set(partitionKey(of), offset)
      }
    })
  }
  const at = (when: number, of: readonly TopicPartition[]) => offsetsAt(cluster, of, when, options, signal)
  const open = () => partitions.filter((partition) => !offsets.has(partitionKey(partition)))
  const take = (found: ReadonlyMap<string, number>) => {
    for (const [key, offset] of found) if (offset >= 0) offsets.set(key, offset)
  }
  if (typeof start === 'object' && 'offsets' in start) {
    for (const { topic, partition } of open()) {
      const given = start.offsets[topic]?.[partition]
      if (given !== undefined) offsets.set(partitionKey({ topic, partition }), given)
    }
    take(await at(EARLIEST, open()))
  } else if (typeof start === 'object') {
    take(await at(Number(start.timestamp), open()))
    // No record is as new as the timestamp, so reading begins at the end of the partition.
    take(await at(LATEST, open()))
  } else take(await at(start === 'earliest' ? EARLIEST : LATEST, open()))
  return offsets
}

/**
 * Returns the offset before which reading ends, by partition. A partition that `end` does not name ends at its newest
 * record.
 */
export async function endOffsets(
  cluster: KafkaCluster,
  partitions: readonly TopicPartition[],
  options: Pick<CheckedKafkaOptions, 'isolation'>,
  end: KafkaEnd,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const ends = await offsetsAt(cluster, partitions, LATEST, options, signal)
  if (end === 'latest') return ends
  if ('timestamp' in end) {
    for (const [key, offset] of await offsetsAt(cluster, partitions, Number(end.timestamp), options, signal))
      if (offset >= 0) ends.set(key, offset)
    return ends
  }
  for (const [topic, offsets] of Object.entries(end.offsets))
    for (const [partition, offset] of Object.entries(offsets))
      ends.set(partitionKey({ topic, partition: Number(partition) }), offset)
  return ends
}
