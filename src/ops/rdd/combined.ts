import type { Planner } from '../dataset.js'
import type { Aggregator, Plan } from '../plan.js'
import { NarrowRdd } from './narrow.js'
import type { Rdd } from './rdd.js'

/** Combines by key within each partition, for parents with all records of a key in one partition. Narrow. */
export class CombinedRdd<T> extends NarrowRdd<T> {
  readonly #aggregator: Aggregator

  constructor(parent: Rdd<unknown>, aggregator: Aggregator) {
    super(parent, aggregator.label, parent.partitioner)
    this.#aggregator = aggregator
  }

  protected describe(partition: number, planner: Planner): Plan {
    return { op: 'combine', of: this.planOfParent(partition, planner), aggregator: this.#aggregator }
  }
}
