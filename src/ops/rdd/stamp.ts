import type { FnRef } from '../functions/ref.js'
import type { Plan } from '../plan.js'
import { type NarrowDependency, type Planner, Rdd } from './rdd.js'

export interface StampOptions {
  /** The stream that the event times are observed for, and the time of the batch. */
  readonly stream: number
  readonly time: number
  /** The event time of a record: ms, or a Date. */
  readonly fn: FnRef
  readonly label: string
}

/** Each record with its event time, as `[time, record]`. Whoever computes a partition reports how far time has come. */
export class StampRdd<T> extends Rdd<[number, T]> {
  readonly partitions: number
  readonly dependencies: readonly [NarrowDependency]
  readonly #options: StampOptions

  constructor(parent: Rdd<T>, options: StampOptions) {
    super(parent.context, options.label)
    this.partitions = parent.partitions
    this.dependencies = [{ kind: 'narrow', rdd: parent }]
    this.#options = options
  }

  plan(partition: number, planner: Planner): Plan {
    const { stream, time, fn, label } = this.#options
    const of = planner.of(this.dependencies[0].rdd, partition)
    return { op: 'stamp', of, fn, slot: planner.observe({ stream, time, partition }), label }
  }
}
