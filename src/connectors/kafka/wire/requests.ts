import type { BrokerAddress, BrokerConnection } from './connection.js'
import type { TopicPartition } from './topic-partition.js'

/*
 * The requests that reading needs. Each uses a version that all brokers from 2.1 to 4.x support, and that has no tagged
 * fields.
 */

export type Isolation = 'read_uncommitted' | 'read_committed'

export interface PartitionMetadata {
  readonly partition: number
  readonly code: number
  /** -1 while the partition has no leader. */
  readonly leader: number
}

export interface TopicMetadata {
  readonly topic: string
  readonly code: number
  readonly isInternal: boolean
  readonly partitions: readonly PartitionMetadata[]
}

export interface ClusterMetadata {
  /** The id of the cluster, which all its brokers report. */
  readonly clusterId: string | null
  readonly brokers: ReadonlyMap<number, BrokerAddress>
  readonly topics: readonly TopicMetadata[]
}

/** Looks up brokers, topics and partition leaders, for these topics or for all. Creates no topic. */
export async function fetchMetadata(
  connection: BrokerConnection,
  topics: readonly string[] | undefined,
): Promise<ClusterMetadata> {
  const response = await connection.send(3, 5, (request) => {
    if (topics) request.array(topics, (topic) => request.text(topic))
    else request.int32(-1)
    request.boolean(false)
  })
  response.int32()
  const brokers = new Map(
    response.array(() => {
      const node = response.int32()
      const address = { host: response.text(), port: response.int32() }
      response.nullableText()
      return [node, address] as const
    }),
  )
  const clusterId = response.nullableText()
  response.int32()
  const found = response.array((): TopicMetadata => {
    const code = response.int16()
    const topic = response.text()
    const isInternal = response.boolean()
    const partitions = response.array((): PartitionMetadata => {
      const partitionCode = response.int16()
      const partition = response.int32()
      const leader = response.int32()
      for (let list = 0; list < 3; list++) response.array(() => response.int32())
      return { partition, code: partitionCode, leader }
    })
    return { topic, code, isInternal, partitions }
  })
  return { clusterId, brokers, topics: found }
}

export const EARLIEST = -2
export const LATEST = -1

export interface FoundOffset extends TopicPartition {
  readonly code: number
  /** -1 if no record is as new as the requested time. */
  readonly offset: number
}

/** Looks up the first offset whose record is not older than `at` (ms), or EARLIEST or LATEST. */
export async function listOffsets(
  connection: BrokerConnection,
  isolation: Isolation,
  wanted: readonly (TopicPartition & { readonly at: number })[],
): Promise<FoundOffset[]> {
  const response = await connection.send(2, 2, (request) => {
    request.int32(-1).int8(isolation === 'read_committed' ? 1 : 0)
    request.array(wanted, ({ at, ...of }) => request.partition(of, () => request.int64(at)))
  })
  response.int32()
  return response.partitions((of): FoundOffset => {
    const code = response.int16()
    response.int64()
    return { ...of, code, offset: response.int64() }
  })
}

export interface AbortedTransaction {
  readonly producer: number
  readonly firstOffset: number
}

export interface FetchedRecords {
  readonly code: number
  /** The offset at which readable records end (exclusive). */
  readonly end: number
  readonly logStart: number
  readonly aborted: readonly AbortedTransaction[]
  /** Record batches. The first may begin before the requested offset, and the last may be incomplete. */
  readonly records: Buffer
}

/** Fetches record batches from an offset on. If there are none yet, the broker waits up to `maxWaitMs`. */
export async function fetchRecords(
  connection: BrokerConnection,
  of: TopicPartition,
  offset: number,
  { isolation, maxBytes, maxWaitMs }: { isolation: Isolation; maxBytes: number; maxWaitMs: number },
): Promise<FetchedRecords> {
  const response = await connection.send(1, 10, (request) => {
    request.int32(-1).int32(maxWaitMs).int32(1).int32(maxBytes)
    request.int8(isolation === 'read_committed' ? 1 : 0)
    request.int32(0).int32(-1)
    request.array([of], () => request.partition(of, () => request.int32(-1).int64(offset).int64(-1).int32(maxBytes)))
    request.int32(0)
  })
  response.int32()
  const code = response.int16()
  response.int32()
  const [fetched] = response.partitions((): FetchedRecords => {
    const partitionCode = response.int16()
    const highWatermark = response.int64()
    const lastStable = response.int64()
    const logStart = response.int64()
    const aborted = response.array(() => ({ producer: response.int64(), firstOffset: response.int64() }))
    const end = isolation === 'read_committed' ? lastStable : highWatermark
    return { code: partitionCode, end, logStart, aborted, records: response.bytes() }
  })
  return fetched && code === 0
    ? fetched
    : { code: code || -1, end: -1, logStart: -1, aborted: [], records: Buffer.alloc(0) }
}

/** Looks up the broker that stores the offsets of a group. */
export async function findCoordinator(
  connection: BrokerConnection,
  group: string,
): Promise<{ readonly code: number; readonly address: BrokerAddress }> {
  const response = await connection.send(10, 0, (request) => request.text(group))
  const code = response.int16()
  response.int32()
  return { code, address: { host: response.text(), port: response.int32() } }
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: number
}

/** Commits offsets for a group without members. Returns the first error code that is not 0, or 0. */
export async function commitOffsets(
  connection: BrokerConnection,
  group: string,
  offsets: readonly CommittedOffset[],
): Promise<number> {
  const response = await connection.send(8, 2, (request) => {
    request.text(group).int32(-1).text('').int64(-1)
    request.array(offsets, ({ offset, ...of }) => request.partition(of, () => request.int64(offset).text(null)))
  })
  return response.partitions(() => response.int16()).find((code) => code !== 0) ?? 0
}

/** Looks up the committed offsets of a group; -1 for partitions without one. */
export async function fetchCommitted(
  connection: BrokerConnection,
  group: string,
  partitions: readonly TopicPartition[],
): Promise<FoundOffset[]> {
  const response = await connection.send(9, 1, (request) => {
    request.text(group)
    request.array(partitions, (of) => request.partition(of))
  })
  return response.partitions((of): FoundOffset => {
    const offset = response.int64()
    response.nullableText()
    return { ...of, code: response.int16(), offset }
  })
}
