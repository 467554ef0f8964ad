/** Longer texts are copied by one call. */
const LONG = 32

/** Copies a text to an offset, and returns the end of the copy. */
export function copyText(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  if (end - start > LONG) to.set(from.subarray(start, end), at)
  else for (let k = start; k < end; k++) to[at + k - start] = from[k]!
  return at + end - start
}
