import { random } from './random.js'

/** The parameters that determine the data of every batch. */
export interface DataSpec {
  readonly seed: number
  /** Average number of records in a batch. */
  readonly mean: number
}

/** Each serial number must be in the results once: otherwise a record was lost or duplicated. */
export type Entry = readonly [serial: number, key: string, value: number]

export type Side = 'left' | 'right'

const SERIALS_A_BATCH = 10_000_000
const RIGHT = SERIALS_A_BATCH / 2
/** The right side of a join is small, since the join multiplies. */
const RIGHT_SHARE = 1 / 5
/** Keys that may occur in one batch; small numbers are frequent. */
const KEYS = 300
/** The range of keys moves by this many every few batches, so that old keys become idle and return much later. */
const DRIFT = { keys: 40, batches: 8, around: 1000 } as const
const SPREAD = 16
const LONGEST_LINE = 8

/** Keys `k0` to `k999`. */
export const KEY_COUNT = DRIFT.around

/** Pairs with positive values, so that a sum of 0 means no pair. One batch in sixteen is empty. */
export function entries({ seed, mean }: DataSpec, batch: number, side: Side = 'left'): Entry[] {
  const next = random(seed, side, batch)
  const key = keys(next, batch)
  const first = batch * SERIALS_A_BATCH + (side === 'right' ? RIGHT : 0)
  const length = size(next, side === 'right' ? mean * RIGHT_SHARE : mean)
  return Array.from({ length }, (_, i) => [first + i, key(), 1 + Math.floor(next() * 100)])
}

/** Pairs with so many keys that most are not in a batch. */
export function sparseEntries(spec: DataSpec, batch: number): Entry[] {
  return entries(spec, batch).map(([serial, key, value]) => [serial, `${key}-${serial % SPREAD}`, value])
}

/** `<serial> <word> <word> ...`. */
export function lines({ seed, mean }: DataSpec, batch: number): string[] {
  const next = random(seed, 'lines', batch)
  const key = keys(next, batch)
  return Array.from({ length: size(next, mean) }, (_, i) => {
    const words = Array.from({ length: Math.floor(next() * (LONGEST_LINE + 1)) }, key)
    return [batch * SERIALS_A_BATCH + i, ...words].join(' ')
  })
}

/** A dataset that never changes: names of the even keys. */
export function names(): [key: string, name: string][] {
  return Array.from({ length: KEY_COUNT / 2 }, (_, i) => [`k${2 * i}`, `name of ${2 * i}`])
}

function size(next: () => number, mean: number): number {
  return next() < 1 / 16 ? 0 : Math.floor(next() * 2 * mean)
}

function keys(next: () => number, batch: number): () => string {
  const drift = Math.floor(batch / DRIFT.batches) * DRIFT.keys
  return () => `k${(Math.floor(next() * next() * KEYS) + drift) % DRIFT.around}`
}
