/**
 * Terminates a worker of a running context on purpose, and measures how long the pipeline needed to get over it: from
 * the news that the thread is lost to the end of the batch that was running, or of the next.
 */
export class Sabotage {
  /** Threads that were lost, for whatever reason. */
  lost = 0
  /** Ms, once it is known. */
  recovered
  #context
  #print

  /** @param {import('millrace').StreamingContext} context @param {(line: string) => void} print */
  constructor(context, print) {
    this.#context = context
    this.#print = print
    context.on('threadLost', ({ thread }) => this.#onLost(thread))
  }

  /** Terminates a thread when the next batch starts, so that it dies while there is work. */
  arm() {
    const off = this.#context.on('batchStarted', () => {
      off()
      const victim = this.#context.context.engine.pool.ready().at(-1)
      this.#print(`-- thread ${victim.id} terminated on purpose --`)
      victim.worker.terminate()
    })
  }

  #onLost(thread) {
    this.lost++
    const lostAt = performance.now()
    const off = this.#context.on('batchCompleted', () => {
      off()
      this.recovered = Math.round(performance.now() - lostAt)
      this.#print(`-- thread ${thread} lost; recovered, the batch complete after ${this.recovered} ms --`)
    })
  }
}
