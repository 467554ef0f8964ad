import type { Partitioner } from '../partitioner.js'
import type { Plan } from '../plan.js'
import { type NarrowDependency, type Planner, Rdd } from './rdd.js'

/** An RDD of one parent, whose partitions it reads as they are: each its own, unless it has fewer. */
export abstract class NarrowRdd<T> extends Rdd<T> {
  readonly partitions: number
  readonly dependencies: readonly [NarrowDependency]

  /** `partitioner` is given only by operations that leave keys as they are. */
  constructor(parent: Rdd<unknown>, label: string, partitioner?: Partitioner, partitions = parent.partitions) {
    super(parent.context, label, partitioner)
    this.partitions = partitions
    this.dependencies = [{ kind: 'narrow', rdd: parent }]
  }

  /** What the parent does for its partition of this number. */
  protected planOfParent(partition: number, planner: Planner): Plan {
    return planner.of(this.dependencies[0].rdd, partition)
  }
}
