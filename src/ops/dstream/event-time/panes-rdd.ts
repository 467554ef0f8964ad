import type { Aggregator, FixedWindows, Plan } from '../../plan.js'
import { NarrowRdd } from '../../rdd/narrow.js'
import type { Planner, Rdd } from '../../rdd/rdd.js'

export interface PanesOptions {
  readonly window: FixedWindows
  readonly allowedLateness: number
  readonly aggregator: Aggregator
  /** The watermark of the version before: what it has dealt with is late. */
  readonly before: number
  readonly label: string
}

/**
 * The map side of windows of event time: `[key, [time, value]]` combined by key and pane in each partition, so that what
 * travels follows the keys and windows, not the records.
 */
export class PanesRdd extends NarrowRdd<[unknown, unknown]> {
  readonly #options: PanesOptions

  constructor(parent: Rdd<unknown>, options: PanesOptions) {
    super(parent, options.label)
    this.#options = options
  }

  plan(partition: number, planner: Planner): Plan {
    const { before, ...how } = this.#options
    const of = this.planOfParent(partition, planner)
    return { op: 'panes', of, slot: planner.watermark(before), ...how }
  }
}
