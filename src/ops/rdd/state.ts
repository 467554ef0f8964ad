import type { Partitioner } from '../partitioner.js'
import type { Plan, StateOperator, VersionWatermarks } from '../plan.js'
import type { RddBuilder } from './builder.js'
import { type NarrowDependency, type Planner, Rdd, type StatefulRdd } from './rdd.js'

export interface StateRddOptions {
  /** The number of the stream that keeps the state. */
  readonly operator: number
  readonly time: number
  /** The version that this one is made from; undefined at the beginning of the stream. */
  readonly previous: number | undefined
  /** What the version is made of: groups of RDDs that are all placed by `partitioner`. */
  readonly changes: readonly (readonly Rdd<unknown>[])[]
  readonly partitioner: Partitioner
  readonly how: StateOperator
  /** Look for keys that have been idle too long. */
  readonly scan?: boolean
  /** Of state by event time. */
  readonly watermarks?: VersionWatermarks
  readonly label: string
}

/** What of a version the records are: its pairs, what making it gave, or what it refused as too late. */
type Emit = (Plan & { op: 'state' })['emit']

/**
 * A version of kept state: the version before, changed by the batch. The version before is named by its time only, so the
 * lineage does not grow with the stream; the engine keeps what a rebuild needs.
 */
export class StateRdd<T> extends Rdd<T> implements StatefulRdd {
  readonly partitions: number
  readonly dependencies: readonly NarrowDependency[]
  readonly operator: number
  readonly time: number
  readonly previous: number | undefined
  readonly scan: boolean
  readonly watermarks: VersionWatermarks | undefined
  readonly #options: StateRddOptions
  readonly #emit: Emit

  constructor(context: RddBuilder, options: StateRddOptions, emit: Emit = 'entries') {
    // Records that mapping gave are nowhere in particular; the entries are where their keys belong.
    super(context, options.label, emit === 'entries' ? options.partitioner : undefined)
    this.#options = options
    this.#emit = emit
    this.operator = options.operator
    this.time = options.time
    this.previous = options.previous
    this.scan = options.scan ?? false
    this.watermarks = options.watermarks
    this.partitions = options.partitioner.partitions
    this.dependencies = options.changes.flat().map((rdd) => ({ kind: 'narrow', rdd }))
  }

  changes(partition: number, planner: Planner): Plan[][] {
    return this.#options.changes.map((group) => group.map((rdd) => planner.of(rdd, partition)))
  }

  plan(partition: number, planner: Planner): Plan {
    const slot = planner.state({ partition, rdd: this })
    const { how } = this.#options
    return {
      op: 'state',
      slot,
      operator: how,
      changes: this.changes(partition, planner),
      emit: this.#emit,
      label: this.label,
    }
  }

  /** The same version seen as the pairs of the state. */
  entries<E>(): StateRdd<E> {
    return new StateRdd<E>(this.context, this.#options, 'entries')
  }

  /** The same version without records: to have it made, at no cost but that. */
  made(): StateRdd<never> {
    return new StateRdd<never>(this.context, this.#options, 'nothing')
  }

  /** The same version seen as the records that came too late for it. */
  late<L>(): StateRdd<L> {
    return new StateRdd<L>(this.context, this.#options, 'late')
  }
}
