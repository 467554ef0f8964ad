import type { Dataset, RejectingDataset } from '../../ops/dataset.js'
import { unpackAnswer } from '../../pool/answer-wire.js'
import type { TaskRejects } from '../../pool/protocol.js'
import { type DeadLetter, type DeadLetterBatch, withinBytes } from './dead-letter.js'

/** A finished task, as far as dead letters are concerned. */
interface FinishedTask {
  readonly planned: {
    readonly rejects: readonly { readonly input: number; readonly rdd: RejectingDataset; readonly partition: number }[]
  }
  readonly result: { readonly rejects?: readonly TaskRejects[] }
}

/** The dropped records of one partition of a dataset. */
interface Part {
  readonly operation: string
  readonly count: number
  readonly letters: readonly DeadLetter[]
}

/**
 * Registers the dropped records of each partition of each dataset once. A retry, a second copy of a task, another
 * output over the same stream, or a recomputation with the same result does not register them again.
 */
export class DeadLetters {
  readonly #limit: number
  readonly #entered = new WeakMap<Dataset, Set<number>>()
  /** By batch, then by dataset and partition; undefined for a partition that dropped nothing. */
  readonly #open = new Map<number | undefined, Map<string, Part | undefined>>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** `batchTime`: the batch that the task ran for, which may be later than the dataset's. */
  enter({ planned, result }: FinishedTask, batchTime: number | undefined): void {
    for (const { input, rdd, partition } of planned.rejects) {
      let partitions = this.#entered.get(rdd)
      if (!partitions) this.#entered.set(rdd, (partitions = new Set()))
      if (partitions.has(partition)) continue
      partitions.add(partition)
      let open = this.#open.get(batchTime)
      if (!open) this.#open.set(batchTime, (open = new Map()))
      const rejects = result.rejects?.find((each) => each.input === input)
      if (!rejects) {
        open.set(`${rdd.id}:${partition}`, undefined)
        continue
      }
      const { operation, count, kept } = rejects
      const time = rdd.rejecting.time ?? batchTime
      const letters = kept.map((letter) => ({
        time,
        operation,
        partition,
        record: unpackAnswer(letter.record),
        error: letter.error,
      }))
      open.set(`${rdd.id}:${partition}`, { operation, count, letters })
    }
  }

  /**
   * Removes a batch's records of the partitions that a task reads, because the task runs again or its recomputation
   * came out different. Keeps records that were reported with an earlier batch.
   */
  retract({ planned }: FinishedTask, batchTime: number | undefined): void {
    const open = this.#open.get(batchTime)
    for (const { rdd, partition } of planned.rejects)
      if (open?.delete(`${rdd.id}:${partition}`)) this.#entered.get(rdd)?.delete(partition)
  }

  /**
   * Removes and returns the records of a batch; undefined if there are none. Sorts them, because tasks end in any
   * order.
   */
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
      letters: withinBytes(
        parts
          .flatMap(({ letters }) => letters)
          .sort(inOrder)
          .slice(0, this.#limit),
      ),
    }
  }
}

function inOrder(a: DeadLetter, b: DeadLetter): number {
  if (a.operation !== b.operation) return a.operation < b.operation ? -1 : 1
  return (a.time ?? 0) - (b.time ?? 0) || a.partition - b.partition
}
