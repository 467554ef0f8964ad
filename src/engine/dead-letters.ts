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

/**
 * Enters the records that tasks gave up, once for each partition of each dataset: not again for a retry, a second copy
 * of a task, another output over the same stream, or data that was lost and computed again.
 */
export class DeadLetters {
  readonly #limit: number
  readonly #entered = new WeakMap<Rdd<unknown>, Set<number>>()
  readonly #open = new Map<number | undefined, { counts: Map<string, number>; letters: DeadLetter[] }>()

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
      const rejects = result.rejects?.find((each) => each.slot === slot)
      if (!rejects) continue
      const { operation, count, kept } = rejects
      let open = this.#open.get(batchTime)
      if (!open) this.#open.set(batchTime, (open = { counts: new Map(), letters: [] }))
      open.counts.set(operation, (open.counts.get(operation) ?? 0) + count)
      const time = rdd.rejecting.time ?? batchTime
      for (const { record, error } of kept) open.letters.push({ time, operation, partition, record, error })
    }
  }

  /** What has been entered for a batch; undefined if nothing. Tasks end in any order, so the letters are sorted first. */
  take(batchTime: number | undefined): DeadLetterBatch | undefined {
    const open = this.#open.get(batchTime)
    if (!open) return undefined
    this.#open.delete(batchTime)
    const counts = [...open.counts].sort(([a], [b]) => (a < b ? -1 : 1))
    return {
      time: batchTime,
      count: counts.reduce((sum, [, count]) => sum + count, 0),
      counts: Object.fromEntries(counts),
      letters: open.letters.sort(inOrder).slice(0, this.#limit),
    }
  }
}

function inOrder(a: DeadLetter, b: DeadLetter): number {
  if (a.operation !== b.operation) return a.operation < b.operation ? -1 : 1
  return (a.time ?? 0) - (b.time ?? 0) || a.partition - b.partition
}
