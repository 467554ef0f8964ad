import { SourceError } from '../errors.js'

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

/** The number of characters of a bad record that errors show. */
const SHOWN = 200

const errors = new WeakMap<object, SourceError>()

/**
 * Handles records of a file that cannot be read. With `keep`, a marker takes the place of each, for `passRecord` to
 * reject; otherwise the first one fails the task.
 */
export class Faults {
  readonly #keep: boolean

  constructor(keep: boolean) {
    this.#keep = keep
  }

  /** Returns the marker for the record. @throws SourceError unless bad records are kept. */
  bad(fault: Fault): BadRecord {
    const error = errorOf(fault)
    if (!this.#keep) throw error
    const { path, offset, text } = fault
    const record: BadRecord = { path, offset, ...(text !== undefined && { text: text.slice(0, SHOWN) }) }
    errors.set(record, error)
    return record
  }
}

/** Returns a record of a format. @throws SourceError for the marker of a bad record. */
export function passRecord<T>(record: T): T {
  if (typeof record === 'object' && record !== null) {
    const error = errors.get(record)
    if (error) throw error
  }
  return record
}

function errorOf({ path, offset, text, why, cause }: Fault): SourceError {
  const shown = text === undefined ? '' : `: ${JSON.stringify(text.slice(0, SHOWN))}`
  return new SourceError(`The record at byte ${offset} of ${path} ${why}${shown}.`, {
    cause,
    details: { path, offset },
  })
}
