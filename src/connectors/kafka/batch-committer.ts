import { SaveError } from '../../errors.js'
import { grouped } from '../../values/grouped.js'
import { checked, type KafkaCluster } from './cluster.js'
import { type ProducerSettings, TransactionalProducer } from './transactional-producer.js'
import type { TopicPartition } from './wire/topic-partition.js'
import { fetchStableOffsets } from './wire/transactions.js'
import type { EncodedPartition } from './writer.js'

/**
 * An offset of a consumer group that a batch's transaction moves from `from` to `to`. If the group has committed `to`
 * already, an earlier attempt has committed the batch.
 */
export interface BatchMark extends TopicPartition {
  readonly group: string
  readonly from: number
  readonly to: number
}

/** Commits each batch at most once, under a transactional id. */
export class BatchCommitter {
  readonly #cluster: KafkaCluster
  readonly #topic: string
  readonly #producer: TransactionalProducer
  readonly #signal: AbortSignal
  /** The committed offsets that were looked up since the id was taken over, by group, topic and partition. */
  readonly #committed = new Map<string, number>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(cluster: KafkaCluster, topic: string, settings: ProducerSettings, signal: AbortSignal) {
    this.#cluster = cluster
    this.#topic = topic
    this.#producer = new TransactionalProducer(cluster, settings, signal)
    this.#signal = signal
  }

  /** Aborts open transactions of earlier producers. After that, they can no longer change the groups' offsets. */
  async takeOver(): Promise<void> {
    if (await this.#producer.takeOver()) this.#committed.clear()
  }

  /**
   * Writes the records and offsets of a batch in one transaction. Writes nothing if an earlier attempt has committed
   * the batch.
   */
  commit(marks: readonly BatchMark[], batches: EncodedPartition): Promise<void> {
    const committed = this.#turn.then(() => this.#commit(marks, batches))
    this.#turn = committed.catch(() => undefined)
    return committed
  }

  async #commit(marks: readonly BatchMark[], batches: EncodedPartition): Promise<void> {
    await this.takeOver()
    const groups = grouped(marks, ({ group }) => group)
    for (const [group, of] of groups) await this.#lookUp(group, of)
    if (marks.every((mark) => this.#offsetOf(mark) >= mark.to)) return
    const moved = marks.find((mark) => this.#offsetOf(mark) > mark.from)
    if (moved) throw movedBeyond(moved, this.#offsetOf(moved))
    const offsets = [...groups].map(
      ([group, of]) => [group, of.map(({ to, ...at }) => ({ ...at, offset: to }))] as const,
    )
    await this.#producer.write({ topic: this.#topic, batches, offsets: new Map(offsets) })
    for (const mark of marks) this.#committed.set(keyOf(mark), mark.to)
  }

  async #lookUp(group: string, marks: readonly BatchMark[]): Promise<void> {
    const unknown = marks.filter((mark) => !this.#committed.has(keyOf(mark)))
    if (unknown.length === 0) return
    await this.#cluster.onCoordinator(group, this.#signal, async (connection) => {
      for (const { code, ...found } of await fetchStableOffsets(connection, group, unknown)) {
        checked(code, `The offsets of group '${group}' cannot be looked up`)
        this.#committed.set(keyOf({ group, ...found }), found.offset)
      }
    })
  }

  #offsetOf(mark: BatchMark): number {
    return this.#committed.get(keyOf(mark)) ?? -1
  }
}

function keyOf({ group, topic, partition }: TopicPartition & { readonly group: string }): string {
  return JSON.stringify([group, topic, partition])
}

function movedBeyond({ group, topic, partition, from, to }: BatchMark, committed: number): SaveError {
  return new SaveError(
    `Group '${group}' has offset ${committed} of partition ${partition} of Kafka topic '${topic}', and the batch reads ${from} to ${to - 1}: another program commits offsets for the group. Use a group that only this application uses.`,
    { details: { group, topic, partition, from, to, committed } },
  )
}
