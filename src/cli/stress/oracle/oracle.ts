import type { DataSpec } from '../data.js'

/** The expected records of one output in one batch. */
export interface Answer {
  readonly records: readonly unknown[]
  /** Whether the order of the records counts. */
  readonly ordered?: boolean
}

/**
 * Computes the expected answers of a pipeline, batch by batch, in one thread with arrays and maps. It shares only the
 * input data with the engine.
 */
export interface Oracle {
  /** Number of records of all inputs in the last batch. */
  readonly records: number
  /**
   * Returns the answers of a batch. Call it for the batches in order, from 1 on. An output that does not fire is
   * absent.
   */
  next(batch: number): Readonly<Record<string, Answer>>
}

export type MakeOracle = (spec: DataSpec) => Oracle

/** Creates an oracle from a function that draws a batch's serial numbers and answers. */
export function oracle(
  answer: (batch: number) => { readonly serials: readonly number[]; readonly answers: Record<string, Answer> },
): Oracle {
  let records = 0
  return {
    get records() {
      return records
    },
    next(batch) {
      const { serials, answers } = answer(batch)
      records = serials.length
      return { serials: { records: serials.map((serial) => [serial, 1]) }, ...answers }
    },
  }
}

export function add(totals: Map<string, number>, key: string, value: number): void {
  totals.set(key, (totals.get(key) ?? 0) + value)
}
