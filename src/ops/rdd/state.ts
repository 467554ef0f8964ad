import type { FnRef } from '../functions/ref.js'
import type { Partitioner } from '../partitioner.js'
import type { Plan } from '../plan.js'
import type { RddBuilder } from './builder.js'
import { type NarrowDependency, type Planner, Rdd, type StatefulRdd } from './rdd.js'

export interface WindowFunctions {
  readonly reduce: FnRef
  readonly inverse: FnRef
  readonly filter?: FnRef
}

export interface WindowStateOptions {
  /** The number of the stream that keeps the state. */
  readonly operator: number
  readonly time: number
  readonly previous: number | undefined
  readonly entering: readonly Rdd<unknown>[]
  readonly leaving: readonly Rdd<unknown>[]
  readonly partitioner: Partitioner
  readonly functions: WindowFunctions
  readonly label: string
}

/**
 * The contents of a sliding window at one time: the version before, plus what entered, minus what left. The version
 * before is named by its time only, so the lineage does not grow with the stream; the engine keeps what a rebuild needs.
 */
export class WindowStateRdd<T> extends Rdd<T> implements StatefulRdd {
  readonly partitions: number
  readonly dependencies: readonly NarrowDependency[]
  readonly operator: number
  readonly time: number
  readonly previous: number | undefined
  readonly #options: WindowStateOptions

  constructor(context: RddBuilder, options: WindowStateOptions) {
    super(context, options.label, options.partitioner)
    this.#options = options
    this.operator = options.operator
    this.time = options.time
    this.previous = options.previous
    this.partitions = options.partitioner.partitions
    this.dependencies = [...options.entering, ...options.leaving].map((rdd) => ({ kind: 'narrow', rdd }))
  }

  changes(partition: number, planner: Planner): { entering: Plan[]; leaving: Plan[] } {
    const { entering, leaving } = this.#options
    return {
      entering: entering.map((rdd) => planner.of(rdd, partition)),
      leaving: leaving.map((rdd) => planner.of(rdd, partition)),
    }
  }

  plan(partition: number, planner: Planner): Plan {
    const { operator, time, previous } = this
    const slot = planner.state({ operator, partition, time, previous, rdd: this })
    return { op: 'window-state', slot, ...this.changes(partition, planner), ...this.#options.functions, label: this.label }
  }
}
