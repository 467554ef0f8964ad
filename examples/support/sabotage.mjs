import { terminateThread } from 'millrace/testing'

/**
 * Terminates a worker of a running context on purpose, and measures the recovery: from the event `threadLost` to the
 * end of the running batch, or of the next.
 */
export class Sabotage {
  /** Number of lost threads, for any reason. */
  lost = 0
  /** Recovery time in ms, once known. */
  recovered
  #context
  #print

  /** @param {import('millrace').StreamingContext} context @param {(line: string) => void} print */
  constructor(context, print) {
    this.#context = context
    this.#print = print
    context.on('threadLost', ({ thread }) => this.#onLost(thread))
  }

  /** Terminates a thread when the next batch starts, so that it dies during work. */
  arm() {
    const off = this.#context.on('batchStarted', () => {
      off()
      this.#print('-- the thread in slot 0 is terminated on purpose --')
      terminateThread(this.#context).catch((error) => this.#print(error.message))
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
