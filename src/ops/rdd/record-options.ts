import { ArgumentError } from '../../errors.js'
import { checkNames } from '../option-names.js'
import type { Rejecting } from './rdd.js'

/** What becomes of a record whose function throws. */
export type OnRecordError = 'fail' | 'skip' | 'deadLetter'

export interface RecordOptions {
  /**
   * A record whose function throws: 'fail' fails the task, which is retried, and then the job (default); 'skip' gives up
   * the record and counts it; 'deadLetter' also keeps it, with its error, in `deadLetters`. Of a flatMap that throws
   * midway nothing goes on. Costs a `try` a record.
   */
  readonly onRecordError?: OnRecordError
}

const ALLOWED: readonly OnRecordError[] = ['fail', 'skip', 'deadLetter']

/** What the options ask of a step; undefined: its task fails. Throws ArgumentError. */
export function rejecting(label: string, options: RecordOptions | undefined, time?: number): Rejecting | undefined {
  if (options === undefined) return undefined
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError(
      `${label} got ${String(options)} for its options; give an object such as { onRecordError: 'skip' }.`,
    )
  }
  checkNames(options, ['onRecordError'], label)
  const { onRecordError = 'fail' } = options
  if (!ALLOWED.includes(onRecordError)) {
    const given = JSON.stringify(onRecordError)
    throw new ArgumentError(`${label}: onRecordError is ${given}; it must be one of ${ALLOWED.join(', ')}.`, {
      onRecordError,
    })
  }
  return onRecordError === 'fail' ? undefined : { keep: onRecordError === 'deadLetter', time }
}
