import type { Dataset, Partitioner, Planner } from '../dataset.js'
import type { Plan } from '../plan.js'
import { Rdd } from './rdd.js'

/** An RDD that reads the partitions of one parent unchanged: partition i reads the parent's partition i. */
export abstract class NarrowRdd<T> extends Rdd<T> {
  readonly partitions: number

  /** Operations that do not change keys pass the parent's `partitioner`. */
  constructor(parent: Rdd<unknown>, label: string, partitioner?: Partitioner, partitions = parent.partitions) {
    super(parent.context, label, [{ kind: 'narrow', rdd: parent }], partitioner)
    this.partitions = partitions
  }

  get parent(): Dataset {
    return this.dependencies[0]!.rdd
  }

  /** Returns the plan of the parent's partition with the same number. */
  protected planOfParent(partition: number, planner: Planner): Plan {
    return planner.of(this.parent, partition)
  }
}
