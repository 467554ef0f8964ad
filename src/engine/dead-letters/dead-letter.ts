import type { RejectError } from '../../pool/protocol.js'
import { recordSize } from '../../values/record-size.js'

/** A record that was dropped because its function threw. */
export interface DeadLetter {
  /** The batch time of the dataset that the record was in; undefined outside of streams. */
  readonly time: number | undefined
  /** The operation, with the number of its stream: `map#3`. */
  readonly operation: string
  /** The partition of the dataset that the record was in. */
  readonly partition: number
  /** The argument of the function; for mapValues, the pair. Its text, if it cannot be copied. */
  readonly record: unknown
  /** The thrown value. */
  readonly error: RejectError
}

/** The records that one batch, or one job outside of batches, has dropped. */
export interface DeadLetterBatch {
  /** The batch time; undefined for a job outside of batches. */
  readonly time: number | undefined
  /** The number of dropped records. */
  readonly count: number
  /** The number of dropped records by operation. */
  readonly counts: Readonly<Record<string, number>>
  /**
   * Records of operations with onRecordError 'dead-letter', up to `deadLetterLimit`, ordered by operation and
   * partition.
   */
  readonly letters: readonly DeadLetter[]
}

/** Most bytes of dead letters that a batch reports, and that a context stores. The first letter is always stored. */
const LETTER_BYTES = 64 * 1024 * 1024

/** Returns as many of the first letters as fit. */
export function withinBytes(letters: readonly DeadLetter[]): DeadLetter[] {
  let bytes = 0
  const end = letters.findIndex((letter, i) => (bytes += recordSize(letter)) > LETTER_BYTES && i > 0)
  return end < 0 ? [...letters] : letters.slice(0, end)
}
