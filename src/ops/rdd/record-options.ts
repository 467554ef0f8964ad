import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import type { Rejecting } from '../dataset.js'
import { checkOnRecordError, type OnRecordError } from '../on-record-error.js'
import { checkNames } from '../option-names.js'

export interface RecordOptions {
  /**
   * The policy for a record whose function throws. 'fail' (default) fails the task, which is retried, and then the
   * job. 'skip' drops the record and counts it. 'dead-letter' also stores it, with its error, in `deadLetters`. If a
   * flatMap throws midway, it emits nothing for that record. Costs one `try` per record.
   */
  readonly onRecordError?: OnRecordError
}

/** Returns the settings of a step; undefined if errors fail its task. Throws ArgumentError for invalid options. */
export function rejecting(label: string, options: RecordOptions | undefined, time?: number): Rejecting | undefined {
  if (options === undefined) return undefined
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError(
      `${label} got ${describe(options)} for its options; it takes an object such as { onRecordError: 'skip' }.`,
    )
  }
  checkNames(options, ['onRecordError'], label)
  return rejectingBy(checkOnRecordError(label, options.onRecordError), time)
}

/** Returns the settings of a policy; undefined if errors fail the task. */
export function rejectingBy(onRecordError: OnRecordError = 'fail', time?: number): Rejecting | undefined {
  return onRecordError === 'fail' ? undefined : { keep: onRecordError === 'dead-letter', time }
}
