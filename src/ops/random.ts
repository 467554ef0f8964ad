import { hashKey } from '../values/keys.js'

/**
 * Returns a generator of numbers in [0, 1) that depend only on the seed, so a recomputed partition draws the same
 * sample. It is sfc32: 128 bits of state, passes the usual test batteries.
 */
export function random(...seed: readonly unknown[]): () => number {
  let a = hashKey([0, seed])
  let b = hashKey([1, seed])
  let c = hashKey([2, seed])
  let counter = 1
  const next = () => {
    const sum = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  // The first numbers of similar seeds are similar, so they are discarded.
  for (let i = 0; i < 12; i++) next()
  return next
}

/** Returns a random seed, for callers without one. */
export function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 32)
}

/** Returns a number from the Poisson distribution: how often sampling with replacement draws one record. */
export function poisson(mean: number, next: () => number): number {
  let drawn = 0
  // Knuth's product of uniform numbers, in steps of 16, because exp(-mean) would underflow.
  for (let left = mean; left > 0; left -= 16) {
    const limit = Math.exp(-Math.min(left, 16))
    for (let product = next(); product > limit; product *= next()) drawn++
  }
  return drawn
}

/** Returns `n` random whole numbers below `size` in random order, distinct or with replacement. */
export function drawIndexes(n: number, size: number, withReplacement: boolean, next: () => number): number[] {
  const below = (limit: number) => Math.floor(next() * limit)
  if (withReplacement) return size === 0 ? [] : Array.from({ length: n }, () => below(size))
  const drawn = new Set<number>()
  // Floyd's algorithm: for each of the last n numbers, takes a random candidate up to it or, if that is drawn already,
  // the number itself.
  for (let i = size - Math.min(n, size); i < size; i++) {
    const candidate = below(i + 1)
    drawn.add(drawn.has(candidate) ? i : candidate)
  }
  const order = [...drawn]
  for (let i = order.length - 1; i > 0; i--) {
    const j = below(i + 1)
    const swapped = order[i]!
    order[i] = order[j]!
    order[j] = swapped
  }
  return order
}
