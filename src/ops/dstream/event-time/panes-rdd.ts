import type { Aggregator, FixedWindows, Plan } from '../../plan.js'
import { type NarrowDependency, type Planner, Rdd } from '../../rdd/rdd.js'

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
export class PanesRdd extends Rdd<[unknown, unknown]> {
  readonly partitions: number
  readonly dependencies: readonly [NarrowDependency]
  readonly #options: PanesOptions

  constructor(parent: Rdd<unknown>, options: PanesOptions) {
    super(parent.context, options.label)
    this.partitions = parent.partitions
    this.dependencies = [{ kind: 'narrow', rdd: parent }]
    this.#options = options
  }

  plan(partition: number, planner: Planner): Plan {
    const { before, ...how } = this.#options
    const of = planner.of(this.dependencies[0].rdd, partition)
    return { op: 'panes', of, slot: planner.watermark(before), ...how }
  }
}
