import type { Planner } from '../../dataset.js'
import type { Aggregator, EventWindowOperator, Plan } from '../../plan.js'
import { NarrowRdd } from '../../rdd/narrow.js'
import type { Rdd } from '../../rdd/rdd.js'

export interface PartsOptions {
  readonly window: EventWindowOperator['window']
  readonly allowedLateness: number
  readonly aggregator: Aggregator
  /** The previous watermark: windows that end at or before it have been emitted, so their records are late. */
  readonly before: number
  readonly label: string
}

/**
 * The map side of event-time windows: combines `[key, [time, value]]` by key and part of a window (a pane, or a part of
 * a session) in each partition, so that the shuffle transfers one value for each key and part, not each record.
 */
export class PartsRdd extends NarrowRdd<[unknown, unknown]> {
  readonly #options: PartsOptions

  constructor(parent: Rdd<unknown>, options: PartsOptions) {
    super(parent, options.label)
    this.#options = options
  }

  protected describe(partition: number, planner: Planner): Plan {
    const { before, ...how } = this.#options
    const of = this.planOfParent(partition, planner)
    return { op: 'parts', of, input: planner.watermark(before), ...how }
  }
}
