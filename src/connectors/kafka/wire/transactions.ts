import type { BrokerAddress, BrokerConnection } from './connection.js'
import type { CommittedOffset, FoundOffset } from './requests.js'
import type { TopicPartition } from './topic-partition.js'

/**
 * The right to write under a transactional id. A later producer gets a higher epoch, and the broker then refuses the
 * earlier one.
 */
export interface ProducerIdentity {
  readonly transactionalId: string
  readonly producer: number
  readonly epoch: number
}

/** Looks up the broker that manages the transactions of an id. */
export async function findTransactionCoordinator(
  connection: BrokerConnection,
  transactionalId: string,
): Promise<{ readonly code: number; readonly address: BrokerAddress }> {
  const response = await connection.send(10, 1, (request) => request.text(transactionalId).int8(1))
  response.int32()
  const code = response.int16()
  response.nullableText()
  response.int32()
  return { code, address: { host: response.text(), port: response.int32() } }
}

/**
 * Takes over a transactional id: fences earlier producers, and aborts their open transactions. With `identity`, the
 * same producer recovers from a failure; the code is INVALID_PRODUCER_EPOCH if another producer has taken over the id
 * since.
 */
export async function initProducer(
  connection: BrokerConnection,
  transactionalId: string,
  timeoutMs: number,
  current?: ProducerIdentity,
): Promise<{ readonly code: number; readonly identity: ProducerIdentity }> {
  const response = await connection.send(22, 3, (request) => {
    request.tags().compactText(transactionalId).int32(timeoutMs)
    request
      .int64(current?.producer ?? -1)
      .int16(current?.epoch ?? -1)
      .tags()
  })
  response.tags()
  response.int32()
  const code = response.int16()
  return { code, identity: { transactionalId, producer: response.int64(), epoch: response.int16() } }
}

/** Adds partitions to the open transaction. Opens a transaction if there is none. */
export async function addPartitions(
  connection: BrokerConnection,
  { transactionalId, producer, epoch }: ProducerIdentity,
  partitions: readonly TopicPartition[],
): Promise<number> {
  const response = await connection.send(24, 0, (request) => {
    request.text(transactionalId).int64(producer).int16(epoch)
    request.array(partitions, (of) => request.partition(of))
  })
  response.int32()
  return response.partitions(() => response.int16()).find((code) => code !== 0) ?? 0
}

/** Adds a group to the open transaction, which may then commit the group's offsets. */
export async function addGroup(
  connection: BrokerConnection,
  { transactionalId, producer, epoch }: ProducerIdentity,
  group: string,
): Promise<number> {
  const response = await connection.send(25, 0, (request) =>
    request.text(transactionalId).int64(producer).int16(epoch).text(group),
  )
  response.int32()
  return response.int16()
}

/**
 * Stores offsets of a group. They take effect when the transaction commits. Must be sent to the group's coordinator.
 */
export async function commitInTransaction(
  connection: BrokerConnection,
  { transactionalId, producer, epoch }: ProducerIdentity,
  group: string,
  offsets: readonly CommittedOffset[],
): Promise<number> {
  const response = await connection.send(28, 0, (request) => {
    request.text(transactionalId).text(group).int64(producer).int16(epoch)
    request.array(offsets, ({ offset, ...of }) => request.partition(of, () => request.int64(offset).text(null)))
  })
  response.int32()
  return response.partitions(() => response.int16()).find((code) => code !== 0) ?? 0
}

export async function commitTransaction(
  connection: BrokerConnection,
  { transactionalId, producer, epoch }: ProducerIdentity,
): Promise<number> {
  const response = await connection.send(26, 0, (request) =>
    request.text(transactionalId).int64(producer).int16(epoch).boolean(true),
  )
  response.int32()
  return response.int16()
}

/** Appends a record batch to a partition. Resolves when all in-sync replicas have it. */
export async function produce(
  connection: BrokerConnection,
  of: TopicPartition,
  batch: Buffer,
  transactionalId: string | null,
  timeoutMs: number,
): Promise<number> {
  const response = await connection.send(0, 3, (request) => {
    request.text(transactionalId).int16(-1).int32(timeoutMs)
    request.array([of], () => request.partition(of, () => request.bytes(batch)))
  })
  const [code = -1] = response.partitions(() => {
    const partitionCode = response.int16()
    response.int64()
    response.int64()
    return partitionCode
  })
  return code
}

/**
 * Looks up the committed offsets of a group; -1 for partitions without one. A partition whose offset an open
 * transaction is about to commit has the code UNSTABLE_OFFSET_COMMIT.
 */
export async function fetchStableOffsets(
  connection: BrokerConnection,
  group: string,
  partitions: readonly TopicPartition[],
): Promise<FoundOffset[]> {
  const response = await connection.send(9, 7, (request) => {
    request.tags().compactText(group)
    request.compactArray(partitions, ({ topic, partition }) => {
      request.compactText(topic).compactArray([partition], (number) => request.int32(number))
      request.tags()
    })
    request.boolean(true).tags()
  })
  response.tags()
  response.int32()
  const found = response.compactArray(() => {
    const topic = response.compactText()
    const offsets = response.compactArray((): FoundOffset => {
      const partition = response.int32()
      const offset = response.int64()
      response.int32()
      response.compactText()
      const code = response.int16()
      response.tags()
      return { topic, partition, offset, code }
    })
    response.tags()
    return offsets
  })
  const code = response.int16()
  if (code === 0) return found.flat()
  return partitions.map((of) => ({ ...of, offset: -1, code }))
}
