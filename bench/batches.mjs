import { ManualClock, StreamingContext } from 'millrace'
import { HandFed } from './hand-fed.mjs'
import { stopwatch } from './machine.mjs'

const INTERVAL = 1000

/**
 * A stream whose batches are made by hand: text goes in through a receiver, as from a socket, and `run` runs one batch
 * over it. `define(lines, ssc)` builds the graph from the stream of lines. Its output must be named 'result', unless
 * `define` answers with a function: then that one gives the result after each batch.
 */
export class Batches {
  #ssc
  #clock = new ManualClock(0)
  #input = new HandFed()
  #next
  #stop
  #time

  static async start({ threads, parallelism = threads, define }) {
    const batches = new Batches()
    await batches.#start(threads, parallelism, define)
    return batches
  }

  async #start(threads, parallelism, define) {
    const clock = this.#clock
    this.#ssc = new StreamingContext({
      batchInterval: INTERVAL,
      threads,
      parallelism,
      clock,
      receiverBufferBytes: 2 ** 30,
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

  /** One batch of these bytes: its records, and the time from its start to its end. */
  async run(bytes) {
    this.#input.feed(bytes)
    await this.#clock.advance(INTERVAL)
    await this.#ssc.awaitIdle()
    return { result: await this.#next(), time: this.#time }
  }

  stop() {
    return this.#ssc.stop()
  }
}
