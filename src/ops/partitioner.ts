import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'
import type { CapturedPartitioner, CustomPartitioner, Partitioner, SampledPartitioner } from './dataset.js'
import type { PartitionerSpec } from './plan.js'

export function hashPartitioner(partitions: number): Partitioner {
  return { kind: 'hash', partitions: checkPartitions(partitions) }
}

/**
 * Creates a partitioner from a function: `place(key)` returns the key's partition, a whole number from 0 to `partitions
 * - 1`. Any other result fails the task. Pass the same function object for datasets that should be partitioned alike:
 * joins of them need no shuffle.
 *
 * ```ts
 * const byParity = customPartitioner(2, (key: number) => key % 2)
 * await ctx.parallelize([[1, 'a'], [2, 'b'], [3, 'c']] as [number, string][]).partitionBy(byParity).glom().collect()
 * // [[[2, 'b']], [[1, 'a'], [3, 'c']]]
 * ```
 */
export function customPartitioner<K>(partitions: number, place: (key: K) => number): CustomPartitioner {
  if (typeof place !== 'function') {
    throw new ArgumentError(
      `customPartitioner got ${typeof place}; it takes a function from a key to a partition number.`,
    )
  }
  return { kind: 'custom', partitions: checkPartitions(partitions), identity: place }
}

/** The driver plans each partition, so a billion partitions would exhaust its memory. */
export const MOST_PARTITIONS = 100_000

export function checkPartitions(partitions: number): number {
  if (Number.isInteger(partitions) && partitions >= 1 && partitions <= MOST_PARTITIONS) return partitions
  throw new ArgumentError(
    `The number of partitions is ${describe(partitions)}; it must be a whole number of at least 1, and at most ${MOST_PARTITIONS}.`,
    { given: partitions },
  )
}

/** Returns whether data partitioned by `a` is already partitioned as `b` would do it. */
export function samePartitioner(a: Partitioner | undefined, b: Partitioner | undefined): boolean {
  if (!a || !b || a.partitions !== b.partitions) return false
  if (a.kind === 'hash' && b.kind === 'hash') return true
  if (a.kind === 'custom' && b.kind === 'custom') return a.identity === b.identity
  return a === b && a.kind !== 'deal'
}

/** Returns the form of a partitioner that is sent to threads. A custom one must be captured, one by ranges must have its bounds. */
export function toSpec(partitioner: Partitioner): PartitionerSpec {
  const { kind, partitions } = partitioner
  if (kind === 'custom') return { kind, partitions, fn: (partitioner as CapturedPartitioner).fn }
  if (kind !== 'range') return { kind, partitions }
  const { key, compare, ascending, bounds = [] } = partitioner as SampledPartitioner
  return { kind, partitions, key, compare, ascending, bounds }
}
