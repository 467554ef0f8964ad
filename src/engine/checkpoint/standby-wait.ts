import type { Events } from '../events/events.js'
import type { Logger } from '../logger.js'
import type { Standby } from './lease.js'
import { describeOwner, type Owner } from './owner-file.js'

/** Reports the wait of a standby for its checkpoint directory. */
export class StandbyWait implements Standby {
  readonly #directory: string
  readonly #events: Pick<Events, 'emit'>
  readonly #logger: Pick<Logger, 'info' | 'warn'>
  #since: number | undefined
  #hasFailed = false

  constructor(directory: string, events: Pick<Events, 'emit'>, logger: Pick<Logger, 'info' | 'warn'>) {
    this.#directory = directory
    this.#events = events
    this.#logger = logger
  }

  waits(owner: Owner | undefined): void {
    const directory = this.#directory
    this.#since = performance.now()
    this.#logger.info(`standby: ${describeOwner(owner)} has the checkpoint directory ${directory}`, { directory })
    this.#events.emit('standby', { directory, pid: owner?.pid, host: owner?.host })
  }

  /** Logs the first failure only: the lease looks again ten times a second. */
  failed(error: unknown): void {
    if (!this.#hasFailed)
      this.#logger.warn(
        `standby: the checkpoint directory ${this.#directory} cannot be watched; the wait continues`,
        error,
      )
    this.#hasFailed = true
  }

  /** The directory is taken. Reports nothing if no context had it. */
  ends(): void {
    const directory = this.#directory
    if (this.#since === undefined) return
    const ms = performance.now() - this.#since
    this.#logger.info(`standby: took over the checkpoint directory ${directory}`, { directory, ms })
    this.#events.emit('standbyPromoted', { directory, ms })
  }
}
