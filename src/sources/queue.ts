import { ArgumentError } from '../errors.js'
import { checkNames } from '../ops/option-names.js'
import type { LocalSource } from '../ops/source.js'
import { checkOnRecordError } from './check.js'

export interface QueueOptions<T> {
  /** Whether a batch reads one entry (true), or all entries. */
  readonly oneAtATime?: boolean
  /** The records of a batch that finds the queue empty. Default: none. */
  readonly default?: readonly T[]
  /**
   * The policy for a record that is not data: 'skip' (default) omits it, and a `receiverError` event names the path;
   * 'fail' fails the batch.
   */
  readonly onRecordError?: 'skip' | 'fail'
}

const NAMES = ['oneAtATime', 'default', 'onRecordError'] as const satisfies (keyof QueueOptions<unknown>)[]

/**
 * Creates a stream over a queue of datasets. The array is live: push to it at any time, and each batch removes entries
 * from its front. An entry of null or undefined is a batch without a dataset, which differs from an empty one. Not
 * replayable.
 */
export function queueSource<T>(
  batches: (readonly T[] | undefined | null)[],
  options: QueueOptions<T> = {},
): LocalSource<T> {
  if (!Array.isArray(batches)) {
    throw new ArgumentError(
      `batches is ${typeof batches}; it must be an array of arrays of records, one for each batch.`,
    )
  }
  checkNames(options, NAMES, 'queueStream')
  const { oneAtATime = true, onRecordError = 'skip' } = options
  checkOnRecordError(onRecordError)
  return {
    kind: 'local',
    name: 'queue',
    onRecordError,
    atEnd: () => batches.length === 0,
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
