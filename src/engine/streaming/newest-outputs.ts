import { recordSize } from '../../values/record-size.js'

/** The most records of a table that a query or the page reads, and about the most bytes. */
export const MOST_RECORDS = 100_000
export const MOST_BYTES = 16 * 1024 * 1024

/** The newest batch of a named output. */
export interface NewestBatch {
  readonly time: number
  /** The first records. */
  readonly records: readonly unknown[]
  /** Whether the batch has records beyond these. */
  readonly more: boolean
}

/** The newest batch of each named output, for the page and the shell. Holds none until one of them needs it. */
export class NewestOutputs {
  #batches: Map<string, NewestBatch> | undefined

  /** Holds the newest batches from now on. */
  keep(): void {
    this.#batches ??= new Map()
  }

  note(name: string, time: number, records: readonly unknown[]): void {
    if (!this.#batches) return
    const count = countWithin(records)
    // A copy, because the reader of the output owns the list.
    this.#batches.set(name, { time, records: records.slice(0, count), more: count < records.length })
  }

  get(name: string): NewestBatch | undefined {
    return this.#batches?.get(name)
  }
}

/** Returns how many of the first records are within the bounds. */
export function countWithin(records: readonly unknown[]): number {
  let bytes = 0
  const end = Math.min(records.length, MOST_RECORDS)
  for (let i = 0; i < end; i++) {
    bytes += recordSize(records[i])
    if (bytes > MOST_BYTES) return i
  }
  return end
}
