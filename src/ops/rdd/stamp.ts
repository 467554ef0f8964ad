import type { Planner } from '../dataset.js'
import type { FnRef } from '../functions/ref.js'
import type { Plan } from '../plan.js'
import { NarrowRdd } from './narrow.js'
import type { Rdd } from './rdd.js'

export interface StampOptions {
  /** The stream for which tasks observe event times, and the time of the batch. */
  readonly stream: number
  readonly time: number
  /** Returns the event time of a record, as ms or a Date. */
  readonly fn: FnRef
  readonly label: string
}

/** Each record with its event time, as `[time, record]`. Each task reports the latest time that it observed. */
export class StampRdd<T> extends NarrowRdd<[number, T]> {
  readonly #options: StampOptions

  constructor(parent: Rdd<T>, options: StampOptions) {
    super(parent, options.label)
    this.#options = options
  }

  protected describe(partition: number, planner: Planner): Plan {
    const { stream, time, fn, label } = this.#options
    const of = this.planOfParent(partition, planner)
    return { op: 'stamp', of, fn, input: planner.observe({ stream, time, partition }), label }
  }
}
