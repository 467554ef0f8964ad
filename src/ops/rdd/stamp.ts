import type { FnRef } from '../functions/ref.js'
import type { Plan } from '../plan.js'
import { NarrowRdd } from './narrow.js'
import type { Planner, Rdd } from './rdd.js'

export interface StampOptions {
  /** The stream that the event times are observed for, and the time of the batch. */
  readonly stream: number
  readonly time: number
  /** The event time of a record: ms, or a Date. */
  readonly fn: FnRef
  readonly label: string
}

/** Each record with its event time, as `[time, record]`. Whoever computes a partition reports how far time has come. */
export class StampRdd<T> extends NarrowRdd<[number, T]> {
  readonly #options: StampOptions

  constructor(parent: Rdd<T>, options: StampOptions) {
    super(parent, options.label)
    this.#options = options
  }

  plan(partition: number, planner: Planner): Plan {
    const { stream, time, fn, label } = this.#options
    const of = this.planOfParent(partition, planner)
    return { op: 'stamp', of, fn, slot: planner.observe({ stream, time, partition }), label }
  }
}
