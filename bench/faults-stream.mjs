import { ManualClock, StreamingContext } from 'millrace'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { HandFed } from './hand-fed.mjs'

/** A stream with bytes and ticks by hand, or by the machine's clock, whose threads can be killed. */
export class FaultStream {
  #ssc
  #clock
  #input = new HandFed()
  #completed = 0
  #waiting = []
  /** When each batch was complete, by performance.now(), and its time. */
  completions = []

  /** `define` builds the graph from the stream of lines, outputs included. */
  static async start({ define, interval = 1000, byHand = true, ...options }) {
    const stream = new FaultStream()
    await stream.#start(define, interval, byHand, options)
    return stream
  }

  async #start(define, interval, byHand, options) {
    this.#clock = byHand ? new ManualClock(0) : undefined
    this.#ssc = new StreamingContext({
      batchInterval: interval,
      receiverBufferBytes: 2 ** 30,
      ...(byHand ? { clock: this.#clock } : {}),
      ...options,
    })
    define(this.#ssc.input(this.#input.source), interval)
    this.#ssc.on('batchCompleted', ({ time }) => {
      this.completions.push({ time, at: performance.now() })
      this.#completed++
      for (const done of this.#waiting.splice(0)) done()
    })
    await this.#ssc.start()
    await this.#pool.whenStrong()
  }

  get #pool() {
    return localEngineOf(this.#ssc).pool
  }

  /** Adds bytes to the next batch. */
  feed(bytes) {
    this.#input.feed(bytes)
  }

  /** Fires the tick of the next batch. Resolves when the batch is complete. */
  async tick() {
    const wanted = this.#completed + 1
    void this.#clock.advance(this.#ssc.batchInterval)
    while (this.#completed < wanted) await new Promise((resolve) => this.#waiting.push(resolve))
    await this.#ssc.awaitIdle()
  }

  /** Kills a thread from outside and without notice to the pool, like a crash. Returns the time. */
  kill(pick) {
    const ready = this.#pool.ready()
    const victim = ready[Math.floor(pick * ready.length)]
    const at = performance.now()
    void victim?.worker.terminate()
    return at
  }

  strong() {
    return this.#pool.whenStrong()
  }

  stop() {
    return this.#ssc.stop()
  }
}
