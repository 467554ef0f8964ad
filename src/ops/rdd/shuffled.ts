import type { Partitioner, Planner, ShuffleDependency } from '../dataset.js'
import type { Aggregator, Plan } from '../plan.js'
import { Rdd } from './rdd.js'

/** The reduce side of a shuffle. With an aggregator it returns one pair per key, without one the shuffled records. */
export class ShuffledRdd<T> extends Rdd<T> {
  readonly partitions: number

  constructor(parent: Rdd<unknown>, partitioner: Partitioner, label: string, aggregator?: Aggregator) {
    const { context } = parent
    const id = context.nextShuffleId()
    const dependency = { kind: 'shuffle', id, rdd: parent, partitioner, aggregator, label } as const
    // After an even distribution a key may be in any partition, so there is no partitioner.
    super(context, label, [dependency], partitioner.kind === 'deal' ? undefined : partitioner)
    this.partitions = partitioner.partitions
  }

  protected describe(partition: number, planner: Planner): Plan {
    const [dependency] = this.dependencies as readonly [ShuffleDependency]
    return { op: 'merge', input: planner.shuffle(dependency, partition), aggregator: dependency.aggregator }
  }
}
