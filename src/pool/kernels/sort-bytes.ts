import type { Exports } from './exports.js'
import { lengthsType } from './text-lengths.js'

/** Texts one after the other; text i begins at `starts[i]` and ends at `starts[i + 1]`. */
export interface Texts {
  readonly bytes: Buffer
  readonly starts: Uint32Array
}

/** Texts one after the other, and their lengths. */
export interface SortedTexts {
  readonly texts: Uint8Array
  readonly lengths: Uint8Array | Uint16Array | Uint32Array
}

/** The memory of a WebAssembly instance never shrinks, so larger partitions are divided first. */
const MOST_BYTES = 48 * 1024 * 1024
/** Keys and order, twice, and the start: assembly/sort.ts. */
const BYTES_A_TEXT = 28

/** Returns whether the kernels have memory for these texts. */
export function canSort({ starts }: Texts): boolean {
  const count = starts.length - 1
  return 2 * (starts[count]! - starts[0]!) + BYTES_A_TEXT * count <= MOST_BYTES
}

/** Sorts texts by their bytes, and returns them in their order. */
export function sortBytes(wasm: Exports, { bytes, starts }: Texts, ascending: boolean): SortedTexts {
  const count = starts.length - 1
  const first = starts[0]!
  const size = starts[count]! - first
  const startsAt = wasm.beginSort(size, count)
  // Here, because reserving memory may have replaced the buffer.
  const { buffer } = wasm.memory
  const to = new Uint32Array(buffer, startsAt, count + 1)
  for (let i = 0; i <= count; i++) to[i] = starts[i]! - first
  Buffer.from(buffer, wasm.textsToSort(), size).set(bytes.subarray(first, first + size))
  const lengths = new Uint32Array(buffer, wasm.sortTexts(ascending), count)
  let longest = 0
  for (let i = 0; i < count; i++) if (lengths[i]! > longest) longest = lengths[i]!
  const sorted = {
    texts: new Uint8Array(buffer, wasm.sortedTexts(), size).slice(),
    lengths: new (lengthsType(longest))(lengths),
  }
  wasm.endSort()
  return sorted
}
