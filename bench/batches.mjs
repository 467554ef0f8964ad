import { ManualClock, StreamingContext } from 'millrace'
import { HandFed } from './hand-fed.mjs'
import { stopwatch } from './machine.mjs'

const INTERVAL = 1000

/**
 * A stream whose batches are triggered by hand: text enters through a receiver, as from a socket, and `run` runs one
 * batch over it. `define(lines, ssc)` builds the graph from the stream of lines. Its output must be named 'result',
 * unless `define` returns a function: that function then returns the result after each batch. `options`: further ones
 * of the context.
 */
export class Batches {
  #ssc
  #clock = new ManualClock(0)
  #input = new HandFed()
  #next
  #stop
  #time

  static async start({ threads, parallelism = threads, define, options = {} }) {
    const batches = new Batches()
    await batches.#start(threads, parallelism, define, options)
    return batches
  }

  async #start(threads, parallelism, define, options) {
    const clock = this.#clock
    this.#ssc = new StreamingContext({
      batchInterval: INTERVAL,
      threads,
      parallelism,
      clock,
      receiverBufferBytes: 2 ** 30,
      ...options,
    })
    const answer = define(this.#ssc.input(this.#input.source), this.#ssc)
    // The clock stands still during a batch, so the times come from when the events come.
    this.#ssc.on('batchStarted', () => {
      this.#stop = stopwatch()
    })
    this.#ssc.on('batchCompleted', () => {
      this.#time = this.#stop()
    })
    await this.#ssc.start()
    this.#next = typeof answer === 'function' ? answer : this.#output()
  }

  #output() {
    const results = this.#ssc.output('result')[Symbol.asyncIterator]()
    return async () => (await results.next()).value.records
  }

  /** Runs one batch of these bytes, or of those of the file with this path. Returns its records, and the time from its start to its end. */
  async run(bytes) {
    if (typeof bytes === 'string') this.#input.feedFile(bytes)
    else this.#input.feed(bytes)
    await this.#clock.advance(INTERVAL)
    await this.#ssc.awaitIdle()
    return { result: await this.#next(), time: this.#time }
  }

  /**
   * Runs a batch of the bytes that were fed before, while `bytes`, those of the next batch, arrive in pieces of 1 MiB. Returns
   * its records. Call `feed` before the first one.
   */
  async runWhileFeeding(bytes) {
    const [result] = await Promise.all([this.#tick(), this.feed(bytes)])
    return { result }
  }

  async feed(bytes) {
    for (let at = 0; at < bytes.length; at += 2 ** 20) {
      this.#input.feed(bytes.subarray(at, at + 2 ** 20))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async #tick() {
    await this.#clock.advance(INTERVAL)
    await this.#ssc.awaitIdle()
    return await this.#next()
  }

  stop() {
    return this.#ssc.stop()
  }
}
