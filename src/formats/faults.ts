import { SourceError } from '../errors.js'
import type { ReadContext } from '../ops/source.js'

/** A record of a file that cannot be read, as dead letters contain it. */
export interface BadRecord {
  readonly path: string
  /** The byte at which the record begins. */
  readonly offset: number
  /** The beginning of the record, if it is text. */
  readonly text?: string
}

export interface Fault extends BadRecord {
  /** The fault, as the end of a sentence. */
  readonly why: string
  readonly cause?: unknown
}

/** Rejects a record of a file that cannot be read. @throws SourceError if bad records fail their task. */
export type RejectRecord = (fault: Fault) => void

/** The number of characters of a bad record that errors show. */
const SHOWN = 200

/** Returns the function that rejects records of files by the policy of the source. */
export function rejectInto({ reject }: Pick<ReadContext, 'reject'>): RejectRecord {
  return (fault) => {
    const { path, offset, text } = fault
    reject({ path, offset, ...(text !== undefined && { text: text.slice(0, SHOWN) }) }, errorOf(fault))
  }
}

function errorOf({ path, offset, text, why, cause }: Fault): SourceError {
  const shown = text === undefined ? '' : `: ${JSON.stringify(text.slice(0, SHOWN))}`
  return new SourceError(`The record at byte ${offset} of ${path} ${why}${shown}.`, {
    cause,
    details: { path, offset },
  })
}
