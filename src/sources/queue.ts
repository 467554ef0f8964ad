import { ArgumentError } from '../errors.js'
import type { LocalSource } from '../ops/source.js'

export interface QueueOptions<T> {
  /** One entry a batch (the default), or all that are there. */
  readonly oneAtATime?: boolean
  /** The records of a batch that finds the queue empty: none unless given. */
  readonly default?: readonly T[]
}

/**
 * A stream over a queue of datasets. The array is live: push to it at any time, each batch takes from its front. An
 * entry that is null or undefined is a batch without a dataset, which differs from an empty one. Not replayable.
 */
export function queueSource<T>(
  batches: (readonly T[] | undefined | null)[],
  options: QueueOptions<T> = {},
): LocalSource<T> {
  if (!Array.isArray(batches)) {
    throw new ArgumentError(`batches is ${typeof batches}; give an array of arrays of records, one for each batch.`)
  }
  const { oneAtATime = true } = options
  return {
    kind: 'local',
    name: 'queue',
    next: () => {
      if (batches.length === 0) return options.default ?? []
      if (oneAtATime) return batches.shift() ?? undefined
      const present = batches.splice(0).filter((batch) => batch !== undefined && batch !== null)
      if (present.length === 0) return undefined
      const records: T[] = []
      for (const batch of present) for (const record of batch) records.push(record)
      return records
    },
  }
}
