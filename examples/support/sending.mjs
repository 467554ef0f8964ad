// Sending at a rate, with backpressure.

/** The number of items that are due at a rate per second since `start`. Delayed items are due later, never dropped. */
export class Pace {
  #rate
  #start
  #taken = 0

  /** @param {number} rate a second, 0 for no limit @param {number} start ms */
  constructor(rate, start) {
    this.#rate = rate
    this.#start = start
  }

  due(now) {
    if (this.#rate === 0) return Number.POSITIVE_INFINITY
    return Math.floor(((now - this.#start) * this.#rate) / 1000) + 1 - this.#taken
  }

  take(amount) {
    this.#taken += amount
  }

  /** Milliseconds until one more is due. */
  wait(now) {
    return this.#rate === 0 ? 0 : this.#start + (this.#taken * 1000) / this.#rate - now
  }
}

/** Waits `ms`, or until `stream` closes. */
export function pause(ms, stream) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      stream.off('close', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    stream.once('close', done)
  })
}

/**
 * Writes, and waits while the stream asks for that.
 * @returns {Promise<boolean>} false when the stream was closed already, so that nothing was handed to it
 */
export async function offer(stream, bytes) {
  if (stream.destroyed) return false
  if (stream.write(bytes)) return true
  await new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.once('drain', done)
    stream.once('close', done)
  })
  return true
}
