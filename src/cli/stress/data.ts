import { random } from './random.js'

/** The parameters that determine the data of every batch. */
export interface DataSpec {
  readonly seed: number
  /** Average number of records per batch. */
  readonly mean: number
}

/** Each serial number must occur once in the results. Otherwise a record was lost or duplicated. */
export type Entry = readonly [serial: number, key: string, value: number]

export type Side = 'left' | 'right'

const SERIALS_A_BATCH = 10_000_000
const RIGHT = SERIALS_A_BATCH / 2
/** The right side of a join is small, since the join multiplies. */
const RIGHT_SHARE = 1 / 5
/** The number of keys that may occur in one batch. Low numbers are more frequent. */
const KEYS = 300
/** Every few batches, the range of keys moves by this many keys, so that old keys become idle and return much later. */
const DRIFT = { keys: 40, batches: 8, around: 1000 } as const
const SPREAD = 16
const LONGEST_LINE = 8

/** The number of possible keys, `k0` to `k999`. */
export const KEY_COUNT = DRIFT.around

/** Draws pairs with positive values, so that a sum of 0 means that there was no pair. One batch in sixteen is empty. */
export function entries({ seed, mean }: DataSpec, batch: number, side: Side = 'left'): Entry[] {
  const next = random(seed, side, batch)
  const key = keys(next, batch)
  const first = batch * SERIALS_A_BATCH + (side === 'right' ? RIGHT : 0)
  const length = size(next, side === 'right' ? mean * RIGHT_SHARE : mean)
  return Array.from({ length }, (_, i) => [first + i, key(), 1 + Math.floor(next() * 100)])
}

/** Draws pairs of so many keys that most keys are absent from a batch. */
export function sparseEntries(spec: DataSpec, batch: number): Entry[] {
  return entries(spec, batch).map(([serial, key, value]) => [serial, `${key}-${serial % SPREAD}`, value])
}

/** Draws lines `<serial> <word> <word> ...`. */
export function lines({ seed, mean }: DataSpec, batch: number): string[] {
  const next = random(seed, 'lines', batch)
  const key = keys(next, batch)
  return Array.from({ length: size(next, mean) }, (_, i) => {
    const words = Array.from({ length: Math.floor(next() * (LONGEST_LINE + 1)) }, key)
    return [batch * SERIALS_A_BATCH + i, ...words].join(' ')
  })
}

/** Returns a constant dataset: names of the even keys. */
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
