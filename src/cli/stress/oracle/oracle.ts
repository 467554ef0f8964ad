import type { DataSpec } from '../data.js'

/** The right records of one output in one batch. */
export interface Answer {
  readonly records: readonly unknown[]
  /** The order counts. */
  readonly ordered?: boolean
}

/**
 * Computes what a pipeline must answer, batch after batch, in one thread with arrays and maps. It shares nothing with
 * the engine but the input data.
 */
export interface Oracle {
  /** Records of all inputs in the batch asked for last. */
  readonly records: number
  /** The answers of batch `batch`, asked for in order from 1; an output that does not fire is absent. */
  next(batch: number): Readonly<Record<string, Answer>>
}

export type MakeOracle = (spec: DataSpec) => Oracle

/** An oracle from a function that draws a batch's serials and answers. */
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
