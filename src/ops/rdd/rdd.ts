import type { Dataset, Dependency, Partitioner, Planner } from '../dataset.js'
import type { AnyFunction, FnRef, ReturnKind } from '../functions/ref.js'
import type { Plan } from '../plan.js'
import type { RddContext } from './context.js'
import type { StorageLevel } from './storage-level.js'

/**
 * A node of the lineage: how the partitions of one dataset are computed. It never changes once built. The
 * context's `RddTable` holds later decisions of users and the engine: storage level, name, checkpoint.
 */
export abstract class Rdd<T> implements Dataset {
  /** Carries the element type; never set. */
  declare readonly __element?: T
  readonly id: number
  readonly context: RddContext
  readonly label: string
  abstract readonly partitions: number
  readonly partitioner: Partitioner | undefined

  constructor(context: RddContext, label: string, dependencies: readonly Dependency[], partitioner?: Partitioner) {
    this.context = context
    this.label = label
    this.partitioner = partitioner
    this.id = context.register(this, dependencies)
  }

  /** Describes how one partition is computed from the dependencies. */
  protected abstract describe(partition: number, planner: Planner): Plan

  plan(partition: number, planner: Planner): Plan {
    const checkpoint = this.context.rdds.of(this).checkpoint
    return checkpoint ? planner.of(checkpoint, partition) : this.describe(partition, planner)
  }

  get dependencies(): readonly Dependency[] {
    return this.context.rdds.of(this).dependencies
  }

  get storage(): StorageLevel | undefined {
    const { storage, held } = this.context.rdds.of(this)
    return storage ?? held
  }

  get survivesThreads(): boolean {
    return this.context.rdds.of(this).survivesThreads
  }
}

/** Registers a function so that every thread can find it. @throws CaptureError if it cannot be shipped. */
export function captured(rdd: Rdd<unknown>, fn: AnyFunction, label: string, returns?: ReturnKind): FnRef {
  return rdd.context.capture(fn, label, returns)
}
