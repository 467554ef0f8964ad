import type { Partitioner } from '../partitioner.js'
import type { Aggregator, Plan } from '../plan.js'
import { type Planner, Rdd, type ShuffleDependency } from './rdd.js'

/** The reduce side of a shuffle. With an aggregator: one pair a key; without: the records as they were. */
export class ShuffledRdd<T> extends Rdd<T> {
  readonly partitions: number
  readonly dependencies: readonly [ShuffleDependency]

  constructor(parent: Rdd<unknown>, partitioner: Partitioner, label: string, aggregator?: Aggregator) {
    // Records that were dealt out evenly are nowhere in particular.
    super(parent.context, label, partitioner.kind === 'deal' ? undefined : partitioner)
    this.partitions = partitioner.partitions
    this.dependencies = [{ kind: 'shuffle', id: parent.context.nextShuffleId(), rdd: parent, partitioner, aggregator }]
  }

  plan(partition: number, planner: Planner): Plan {
    const [dependency] = this.dependencies
    return { op: 'merge', slot: planner.shuffle(dependency, partition), aggregator: dependency.aggregator }
  }
}
