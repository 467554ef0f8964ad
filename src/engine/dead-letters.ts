import type { Rdd } from '../ops/rdd/rdd.js'
import type { RejectError } from '../pool/protocol.js'
import type { TaskDone } from './task.js'

/** A record that was given up, as its function threw. */
export interface DeadLetter {
  /** The batch time of the dataset that the record was in; undefined outside of streams. */
  readonly time: number | undefined
  /** The operation, with the number of its stream: `map#3`. */
  readonly operation: string
  readonly partition: number
  /** What the function was given: a pair, with mapValues. Its text, if it cannot be copied. */
  readonly record: unknown
  /** What the function threw. */
  readonly error: RejectError
}

/** What one batch, or one job outside of batches, has given up. */
export interface DeadLetterBatch {
  /** Undefined for a job outside of batches. */
  readonly time: number | undefined
  /** All records that were given up. */
  readonly count: number
  /** The same by operation. */
  readonly counts: Readonly<Record<string, number>>
  /** Those of operations with onRecordError 'deadLetter', up to `deadLetterLimit`, by operation and partition. */
  readonly letters: readonly DeadLetter[]
}

/** What one partition of a dataset has given up. */
interface Part {
  readonly operation: string
  readonly count: number
  readonly letters: readonly DeadLetter[]
}

/**
 * Enters the records that tasks gave up, once for each partition of each dataset: not again for a retry, a second copy
 * of a task, another output over the same stream, or data that was lost and computed again with the same outcome.
 */
export class DeadLetters {
  readonly #limit: number
  readonly #entered = new WeakMap<Rdd<unknown>, Set<number>>()
  /** By batch, and by dataset and partition; undefined for a partition that gave up nothing. */
  readonly #open = new Map<number | undefined, Map<string, Part | undefined>>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** `batchTime`: the batch that the task ran for, which may be later than the dataset's. */
  enter({ planned, result }: TaskDone, batchTime: number | undefined): void {
    for (const { slot, rdd, partition } of planned.rejects) {
      let partitions = this.#entered.get(rdd)
      if (!partitions) this.#entered.set(rdd, (partitions = new Set()))
      if (partitions.has(partition)) continue
      partitions.add(partition)
      let open = this.#open.get(batchTime)
      if (!open) this.#open.set(batchTime, (open = new Map()))
      const rejects = result.rejects?.find((each) => each.slot === slot)
      if (!rejects) {
        open.set(`${rdd.id}:${partition}`, undefined)
        continue
      }
      const { operation, count, kept } = rejects
      const time = rdd.rejecting.time ?? batchTime
      const letters = kept.map(({ record, error }) => ({ time, operation, partition, record, error }))
      open.set(`${rdd.id}:${partition}`, { operation, count, letters })
    }
  }

  /**
   * Takes back what a batch has entered for the partitions that a task reads: the task runs again, or has run again and
   * came out different. What was reported with an earlier batch stays.
   */
  retract({ planned }: TaskDone, batchTime: number | undefined): void {
    const open = this.#open.get(batchTime)
    for (const { rdd, partition } of planned.rejects)
      if (open?.delete(`${rdd.id}:${partition}`)) this.#entered.get(rdd)?.delete(partition)
  }

  /** What has been entered for a batch; undefined if nothing. Tasks end in any order, so the letters are sorted first. */
  take(batchTime: number | undefined): DeadLetterBatch | undefined {
    const open = this.#open.get(batchTime)
    if (!open) return undefined
    this.#open.delete(batchTime)
    const parts = [...open.values()].filter((part) => part !== undefined)
    if (parts.length === 0) return undefined
    const counts = new Map<string, number>()
    for (const { operation, count } of parts) counts.set(operation, (counts.get(operation) ?? 0) + count)
    return {
      time: batchTime,
      count: parts.reduce((sum, { count }) => sum + count, 0),
      counts: Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
      letters: parts
        .flatMap(({ letters }) => letters)
        .sort(inOrder)
        .slice(0, this.#limit),
    }
  }
}

function inOrder(a: DeadLetter, b: DeadLetter): number {
  if (a.operation !== b.operation) return a.operation < b.operation ? -1 : 1
  return (a.time ?? 0) - (b.time ?? 0) || a.partition - b.partition
}
