import type { Aggregator, Plan } from '../plan.js'
import { NarrowRdd } from './narrow.js'
import type { Planner, Rdd } from './rdd.js'

/** Combines by key inside each partition: for parents whose equal keys are already together. Narrow. */
export class CombinedRdd<T> extends NarrowRdd<T> {
  readonly #aggregator: Aggregator

  constructor(parent: Rdd<unknown>, aggregator: Aggregator) {
    super(parent, aggregator.label, parent.partitioner)
    this.#aggregator = aggregator
  }

  plan(partition: number, planner: Planner): Plan {
    return { op: 'combine', of: this.planOfParent(partition, planner), aggregator: this.#aggregator }
  }
}
