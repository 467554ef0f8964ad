import { SaveError } from '../../errors.js'
import { grouped } from '../../values/grouped.js'
import { checked, type KafkaCluster, KafkaCodeError } from './cluster.js'
import { countOf, seal } from './record-encoder.js'
import type { BrokerConnection } from './wire/connection.js'
import { DUPLICATE_SEQUENCE, FENCED } from './wire/error-codes.js'
import type { CommittedOffset } from './wire/requests.js'
import { partitionKey, type TopicPartition } from './wire/topic-partition.js'
import {
  addGroup,
  addPartitions,
  commitInTransaction,
  commitTransaction,
  initProducer,
  type ProducerIdentity,
  produce,
} from './wire/transactions.js'

/** The content of a transaction. */
export interface Transaction {
  readonly topic: string
  /** Record batches. Those of one partition are in the order in which they are appended. */
  readonly batches: readonly (readonly [partition: number, batch: Uint8Array])[]
  /** The offsets to commit, by group. */
  readonly offsets: ReadonlyMap<string, readonly CommittedOffset[]>
}

export interface ProducerSettings {
  readonly id: string
  readonly timeoutMs: number
  readonly requestTimeoutMs: number
}

/** Sequence numbers of records wrap around, as in Java's producer. */
const SEQUENCES = 2 ** 31

/**
 * Writes transactions under a transactional id, one at a time. The id belongs to the producer that took it over last.
 * Transactions of an earlier producer then fail, even if its process still runs.
 */
export class TransactionalProducer {
  readonly #cluster: KafkaCluster
  readonly #settings: ProducerSettings
  readonly #signal: AbortSignal
  #identity: ProducerIdentity | undefined
  /** Whether the last transaction failed, or its outcome is unknown. */
  #isBroken = false
  /** The number of records that this identity has sent, by partition. */
  readonly #sequences = new Map<string, number>()

  constructor(cluster: KafkaCluster, settings: ProducerSettings, signal: AbortSignal) {
    this.#cluster = cluster
    this.#settings = settings
    this.#signal = signal
  }

  /**
   * Takes over the id: the first time from any other producer, later to recover from a failed transaction. Aborts the
   * open transaction of the id. Returns false if no take-over was necessary.
   *
   * @throws SaveError (rejects) if another producer has taken over the id since.
   */
  async takeOver(): Promise<boolean> {
    if (this.#identity && !this.#isBroken) return false
    const { id, timeoutMs } = this.#settings
    this.#identity = await this.#coordinated(async (connection) => {
      const { code, identity } = await initProducer(connection, id, timeoutMs, this.#identity)
      if (FENCED.has(code)) throw fenced(id)
      return checked(code, `Transactional id '${id}' cannot be taken over`, identity)
    })
    this.#isBroken = false
    this.#sequences.clear()
    return true
  }

  /** Writes records and offsets atomically. Requires `takeOver` before. */
  async write(transaction: Transaction): Promise<void> {
    const identity = this.#identity!
    this.#isBroken = true
    try {
      await this.#send(identity, transaction)
      for (const [group, offsets] of transaction.offsets) await this.#addOffsets(identity, group, offsets)
      const what = `The transaction of '${this.#settings.id}' cannot be committed`
      await this.#coordinated(async (connection) => checked(await commitTransaction(connection, identity), what))
    } catch (error) {
      // An open transaction blocks the readers of the topic, so it is aborted now. If no broker answers, its timeout
      // aborts it.
      if (error instanceof KafkaCodeError) await this.takeOver()
      throw error
    }
    this.#isBroken = false
  }

  async #send(identity: ProducerIdentity, { topic, batches }: Transaction): Promise<void> {
    const byPartition = grouped(batches, ([partition]) => partition)
    if (byPartition.size === 0) return
    const partitions = [...byPartition.keys()].map((partition) => ({ topic, partition }))
    await this.#coordinated(async (connection) =>
      checked(await addPartitions(connection, identity, partitions), `Kafka topic '${topic}' cannot be written`),
    )
    const sending = partitions.map(async (at) => {
      for (const [, batch] of byPartition.get(at.partition)!) await this.#append(identity, at, batch)
    })
    // All requests must end before the transaction ends.
    for (const outcome of await Promise.allSettled(sending)) if (outcome.status === 'rejected') throw outcome.reason
  }

  async #append(identity: ProducerIdentity, at: TopicPartition, bytes: Uint8Array): Promise<void> {
    const key = partitionKey(at)
    const sequence = this.#sequences.get(key) ?? 0
    const batch = seal(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), identity, sequence)
    this.#sequences.set(key, (sequence + countOf(batch)) % SEQUENCES)
    const { id, requestTimeoutMs } = this.#settings
    await this.#cluster.onLeader(at, this.#signal, async (connection) => {
      const code = await produce(connection, at, batch, id, requestTimeoutMs)
      // The broker had appended the batch already, but its answer was lost.
      if (code !== DUPLICATE_SEQUENCE)
        checked(code, `Partition ${at.partition} of Kafka topic '${at.topic}' cannot be written`)
    })
  }

  async #addOffsets(identity: ProducerIdentity, group: string, offsets: readonly CommittedOffset[]): Promise<void> {
    const what = `The offsets of group '${group}' cannot be committed`
    await this.#coordinated(async (connection) => checked(await addGroup(connection, identity, group), what))
    await this.#cluster.onCoordinator(group, this.#signal, async (connection) =>
      checked(await commitInTransaction(connection, identity, group, offsets), what),
    )
  }

  #coordinated<T>(operation: (connection: BrokerConnection) => Promise<T>): Promise<T> {
    return this.#cluster.onTransactionCoordinator(this.#settings.id, this.#signal, operation)
  }
}

function fenced(id: string): SaveError {
  return new SaveError(
    `Another process, or another sink of this one, has taken over the transactional id '${id}'. Run one process per application, and give each of its sinks an application of its own.`,
    { details: { transactionalId: id } },
  )
}
