import type { ThreadPool } from '../../pool/thread-pool.js'
import type { Events } from '../events/events.js'
import type { Logger } from '../logger.js'

/**
 * Measures the time until the pool is complete again after a loss. Further losses meanwhile belong to the same
 * measurement.
 */
export class PoolRestoration {
  readonly #events: Events
  readonly #logger: Logger
  #isRunning = false

  constructor(events: Events, logger: Logger) {
    this.#events = events
    this.#logger = logger
  }

  /** Whether threads are missing that existed before. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Emits `poolRestored` when every slot has a thread and there is a spare. */
  begin(pool: ThreadPool): void {
    if (this.#isRunning) return
    const began = performance.now()
    this.#isRunning = true
    pool.whenStrong().then(
      () => {
        this.#isRunning = false
        this.#events.emit('poolRestored', { ms: performance.now() - began })
      },
      (error: unknown) => this.#logger.debug('the pool closed while threads were missing', error),
    )
  }
}
