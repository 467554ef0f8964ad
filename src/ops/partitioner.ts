import { ArgumentError } from '../errors.js'
import type { AnyFunction, FnRef } from './functions/ref.js'
import type { PartitionerSpec } from './plan.js'
import type { Rdd } from './rdd/rdd.js'

/**
 * Which partition a key goes to. `hash` spreads equal keys to the same place; `range` keeps an order over partitions and
 * learns its bounds from a sample when its first job runs; `deal` spreads records evenly whatever they are.
 */
export type Partitioner =
  | { readonly kind: 'hash'; readonly partitions: number }
  | RangePartitioner
  | { readonly kind: 'deal'; readonly partitions: number }
  | CustomPartitioner

/** A partitioner by a function of the user's. */
export interface CustomPartitioner {
  readonly kind: 'custom'
  readonly partitions: number
  /** The function itself: partitioners of one function place alike. */
  readonly identity: AnyFunction
  /** How threads find the function; known once a context has captured it. */
  readonly fn?: FnRef
}

/** Bounds are found by the engine, once, by sampling `sampled`. */
export interface RangePartitioner {
  readonly kind: 'range'
  readonly partitions: number
  readonly sampled: Rdd<unknown>
  readonly key: FnRef
  readonly compare?: FnRef
  readonly ascending: boolean
  bounds?: readonly unknown[]
}

export function hashPartitioner(partitions: number): Partitioner {
  return { kind: 'hash', partitions: checkPartitions(partitions) }
}

/**
 * Places each key in the partition that `place(key)` answers: a whole number from 0 to `partitions - 1`; another answer
 * fails the task. Give the same function object to datasets that shall be placed alike: then joins need no shuffle.
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

export function checkPartitions(partitions: number): number {
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new ArgumentError(`The number of partitions is ${partitions}; it must be a whole number of at least 1.`, {
      given: partitions,
    })
  }
  return partitions
}

/** Whether data placed by `a` is where `b` would place it. */
export function samePartitioner(a: Partitioner | undefined, b: Partitioner | undefined): boolean {
  if (!a || !b || a.partitions !== b.partitions) return false
  if (a.kind === 'hash' && b.kind === 'hash') return true
  if (a.kind === 'custom' && b.kind === 'custom') return a.identity === b.identity
  return a === b && a.kind !== 'deal'
}

/** The form that travels. A range partitioner must have its bounds. */
export function toSpec(partitioner: Partitioner): PartitionerSpec {
  if (partitioner.kind === 'custom') return { kind: 'custom', partitions: partitioner.partitions, fn: partitioner.fn! }
  if (partitioner.kind !== 'range') return partitioner
  const { partitions, key, compare, ascending } = partitioner
  return { kind: 'range', partitions, key, compare, ascending, bounds: partitioner.bounds ?? [] }
}
