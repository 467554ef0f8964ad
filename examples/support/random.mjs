// Random numbers from a seed. Each post has a generator of its own, made from the seed and the post's number: any post
// can be made at any time, in any order, and is always the same.

/** Scrambles 32 bits so that neighbouring inputs have unrelated outputs. */
function mix(value) {
  value = Math.imul(value ^ (value >>> 16), 0x21f0aaad)
  value = Math.imul(value ^ (value >>> 15), 0x735a2d97)
  return (value ^ (value >>> 15)) >>> 0
}

/** A stream of numbers; `seek` starts the stream of another number. */
export class SeededRandom {
  #seed
  #state

  constructor(seed, index = 0) {
    this.#seed = mix(seed)
    this.seek(index)
  }

  seek(index) {
    this.#state = mix(this.#seed ^ mix(index + 0x9e3779b9))
  }

  /** @returns {number} 32 random bits, as a whole number from 0 */
  bits() {
    this.#state = (this.#state + 0x9e3779b9) | 0
    return mix(this.#state)
  }

  /** @param {number} limit 1 to 2^32 @returns {number} a whole number from 0 to below `limit` */
  below(limit) {
    return Math.floor((this.bits() / 4294967296) * limit)
  }
}

/**
 * A table for drawing from a discrete distribution in constant time (Vose's alias method): a column is drawn evenly,
 * then its own index or its alias is taken.
 */
export class Distribution {
  #chance
  #alias

  /** @param {readonly number[]} weights above 0, in any unit */
  constructor(weights) {
    const size = weights.length
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const scaled = weights.map((weight) => (weight * size) / total)
    this.#chance = new Float64Array(size).fill(1)
    this.#alias = new Uint32Array(size)
    const small = []
    const large = []
    for (let i = 0; i < size; i++) (scaled[i] < 1 ? small : large).push(i)
    while (small.length > 0 && large.length > 0) {
      const low = small.pop()
      const high = large[large.length - 1]
      this.#chance[low] = scaled[low]
      this.#alias[low] = high
      scaled[high] -= 1 - scaled[low]
      if (scaled[high] < 1) small.push(large.pop())
    }
  }

  draw(random) {
    const column = random.below(this.#chance.length)
    return random.bits() / 4294967296 < this.#chance[column] ? column : this.#alias[column]
  }
}

/** @param {number} size @returns {Distribution} where index k has a weight of 1 / (k + 1) */
export const zipf = (size) => new Distribution(Array.from({ length: size }, (_, k) => 1 / (k + 1)))
