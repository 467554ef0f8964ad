import type { Exports } from './exports.js'

/** Pairs of short texts and numbers, in columns: valid until the function that gets them returns. */
export interface PlacedPairs {
  readonly texts: Uint8Array
  readonly lengths: Uint8Array
  readonly values: Int32Array | Float64Array
}

/** Takes pairs for the parts of a shuffle. */
export interface EachPlaced {
  /** The number of parts. */
  readonly parts: number
  /** Takes the pairs of a part. */
  readonly all: (part: number, pairs: PlacedPairs) => void
  /** Takes a pair with a long text as its key. */
  readonly one: (memory: Buffer, at: number, length: number, value: number) => void
}

/** Spare bytes after each part, and the types of values: assembly/places.ts. */
const GAP = 16
const TOO_LONG = 0
const INTS = 1

/** Passes the listed pairs in columns; false if one of their keys is too long for that. */
export function placePairs(wasm: Exports, pairs: number, { parts, all }: EachPlaced): boolean {
  const type = wasm.placePairs(parts)
  if (type === TOO_LONG) return false
  const { buffer } = wasm.memory
  const ends = new Uint32Array(buffer, wasm.placedEnds(), parts * 2)
  const values = new (type === INTS ? Int32Array : Float64Array)(buffer, wasm.placedValues(), pairs)
  const lengths = new Uint8Array(buffer, wasm.placedLengths(), pairs)
  let first = 0
  let byte = wasm.placedTexts()
  for (let part = 0; part < parts; part++) {
    const last = ends[part * 2]!
    const end = wasm.placedTexts() + ends[part * 2 + 1]!
    if (last > first)
      all(part, {
        texts: new Uint8Array(buffer, byte, end - byte),
        lengths: lengths.subarray(first, last),
        values: values.subarray(first, last),
      })
    first = last
    byte = end + GAP
  }
  return true
}
