import type { EventWindowOperator } from '../../../ops/plan.js'
import { copyOf, isObject } from '../../../values/copy.js'
import type { ThreadServices } from '../runtime/task.js'

/** The functions that turn values into accumulators and merge accumulators. */
export interface Aggregation {
  first(value: unknown): unknown
  add(accumulator: unknown, value: unknown): unknown
  /** May change its first argument. */
  merge(a: unknown, b: unknown): unknown
  /** Merges accumulators into a new one, without a change of any. */
  together(parts: readonly unknown[]): unknown
}

export function aggregationOf(
  { aggregator, neutral }: Pick<EventWindowOperator, 'aggregator' | 'neutral'>,
  { resolve }: ThreadServices,
): Aggregation {
  const merge = resolve(aggregator.mergeCombiners) as Aggregation['merge']
  const begin = neutral && resolve(neutral)
  return {
    first: aggregator.create ? (resolve(aggregator.create) as Aggregation['first']) : (value) => value,
    add: resolve(aggregator.mergeValue) as Aggregation['add'],
    merge,
    together: (parts) => {
      const own = parts.some(isObject) ? parts.map(copyOf) : parts
      return begin ? own.reduce(merge, begin()) : own.reduce(merge)
    },
  }
}
