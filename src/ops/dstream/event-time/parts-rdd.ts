import type { Aggregator, EventWindowOperator, Plan } from '../../plan.js'
import { NarrowRdd } from '../../rdd/narrow.js'
import type { Planner, Rdd } from '../../rdd/rdd.js'

export interface PartsOptions {
  readonly window: EventWindowOperator['window']
  readonly allowedLateness: number
  readonly aggregator: Aggregator
  /** The watermark of the version before: what it has dealt with is late. */
  readonly before: number
  readonly label: string
}

/**
 * The map side of windows of event time: `[key, [time, value]]` combined by key and part of a window (a pane, or a piece of a
 * session) in each partition, so that what travels follows the keys and windows, not the records.
 */
export class PartsRdd extends NarrowRdd<[unknown, unknown]> {
  readonly #options: PartsOptions

  constructor(parent: Rdd<unknown>, options: PartsOptions) {
    super(parent, options.label)
    this.#options = options
  }

  plan(partition: number, planner: Planner): Plan {
    const { before, ...how } = this.#options
    const of = this.planOfParent(partition, planner)
    return { op: 'parts', of, slot: planner.watermark(before), ...how }
  }
}
