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
  | { readonly kind: 'custom'; readonly partitions: number; readonly fn: FnRef; readonly identity: AnyFunction }

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
  if (partitioner.kind === 'custom') return { kind: 'custom', partitions: partitioner.partitions, fn: partitioner.fn }
  if (partitioner.kind !== 'range') return partitioner
  const { partitions, key, compare, ascending } = partitioner
  return { kind: 'range', partitions, key, compare, ascending, bounds: partitioner.bounds ?? [] }
}
