import type { Aggregator, Plan } from '../plan.js'
import { type NarrowDependency, type Planner, Rdd } from './rdd.js'

/** Combines by key inside each partition: for parents whose equal keys are already together. Narrow. */
export class CombinedRdd<T> extends Rdd<T> {
  readonly partitions: number
  readonly dependencies: readonly [NarrowDependency]
  readonly #aggregator: Aggregator

  constructor(parent: Rdd<unknown>, aggregator: Aggregator) {
    super(parent.context, aggregator.label, parent.partitioner)
    this.partitions = parent.partitions
    this.dependencies = [{ kind: 'narrow', rdd: parent }]
    this.#aggregator = aggregator
  }

  plan(partition: number, planner: Planner): Plan {
    return { op: 'combine', of: planner.of(this.dependencies[0].rdd, partition), aggregator: this.#aggregator }
  }
}
