/**
 * Returns a generator of numbers in [0, 1) that depend only on the seed and a path. So the data of batch 17 is the same
 * in runs with other kills.
 */
export function random(seed: number, ...path: readonly (string | number)[]): () => number {
  let state = 0x811c9dc5
  for (const char of [seed, ...path].join('/')) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
