/** The demo's tally of results: posts, and the delay of each from its writing to its result. */
export class TrendTally {
  posts = 0
  batches = 0
  /** The counts of the newest window. */
  counts = new Map()
  /** Posts by their delay in whole ms. */
  #delays = new Map()

  /** Adds one batch: `[written at, posts]` pairs, and the time of the result. */
  add(arrivals, resultAt) {
    this.batches++
    for (const [at, posts] of arrivals) {
      const delay = resultAt - at
      this.posts += posts
      this.#delays.set(delay, (this.#delays.get(delay) ?? 0) + posts)
    }
  }

  get tags() {
    return Array.from(this.counts.values()).reduce((sum, count) => sum + count, 0)
  }

  /** @param {number} share 0 to 1 @returns {number} ms within which this share of the posts had a result */
  delay(share) {
    let left = share * this.posts
    for (const [delay, posts] of [...this.#delays].sort(([a], [b]) => a - b)) {
      left -= posts
      if (left <= 0) return delay
    }
    return Number.NaN
  }
}
