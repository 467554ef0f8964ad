import { hashKey } from '../values/keys.js'

/**
 * Numbers in [0, 1) that depend on nothing but the seed, so that a partition that is computed again draws the same
 * sample. The generator is sfc32: 128 bits of state, passes the usual batteries of tests.
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
  // Seeds that differ in little give like numbers at first.
  for (let i = 0; i < 12; i++) next()
  return next
}

/** A seed for who gave none. */
export function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 32)
}

/** A number of the Poisson distribution: how often one record is drawn when drawing with replacement. */
export function poisson(mean: number, next: () => number): number {
  let drawn = 0
  // Knuth's product of uniform numbers; in pieces, as exp(-mean) would come to nothing.
  for (let left = mean; left > 0; left -= 16) {
    const limit = Math.exp(-Math.min(left, 16))
    for (let product = next(); product > limit; product *= next()) drawn++
  }
  return drawn
}

/** `n` of the whole numbers below `size`, in random order: different ones, or with replacement. */
export function drawIndexes(n: number, size: number, withReplacement: boolean, next: () => number): number[] {
  const below = (limit: number) => Math.floor(next() * limit)
  if (withReplacement) return size === 0 ? [] : Array.from({ length: n }, () => below(size))
  const drawn = new Set<number>()
  // Floyd: each number of the last n either itself or one that is not drawn yet.
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
