import { CheckpointError } from '../../errors.js'
import { diskFault } from '../../files/disk-fault.js'
import { messageOf } from '../../values/message-of.js'
import type { Events } from '../events/events.js'
import type { Logger } from '../logger.js'

/** Ms of batch times until the first retry; each further failure doubles the pause. */
const FIRST_PAUSE_MS = 1000
const MOST_DOUBLINGS = 10

/** Counts checkpoints that could not be written, and reports the first failure, every doubling, and the end of the row. */
export class CheckpointFailures {
  readonly #directory: () => string
  readonly #events: Pick<Events, 'emit'>
  readonly #logger: Pick<Logger, 'warn' | 'error'>
  /** Failures since the last checkpoint. */
  #row = 0

  /** `directory`: its path changes once it is taken. */
  constructor(directory: () => string, events: Pick<Events, 'emit'>, logger: Pick<Logger, 'warn' | 'error'>) {
    this.#directory = directory
    this.#events = events
    this.#logger = logger
  }

  /** Ms of batch times between the last attempt and the next. `interval`: while nothing fails, and at most. */
  pause(interval: number): number {
    if (this.#row === 0) return interval
    return Math.min(interval, FIRST_PAUSE_MS * 2 ** Math.min(this.#row - 1, MOST_DOUBLINGS))
  }

  failed(time: number, cause: unknown): void {
    const failures = ++this.#row
    const directory = this.#directory()
    const { code, advice } = diskFault(cause)
    const error = new CheckpointError(
      `The checkpoint of batch ${time} ms could not be written into ${directory}: ${messageOf(cause).replace(/\.$/, '')}. ${advice} Batches continue, and a restart resumes from the last checkpoint that was written.`,
      { directory, time, code, failures },
      cause,
    )
    // A power of two.
    if ((failures & (failures - 1)) === 0) this.#logger.error(error.message, error)
    this.#events.emit('checkpointFailed', { time, error, code, failures })
  }

  succeeded(time: number): void {
    const failures = this.#row
    this.#row = 0
    if (failures === 0) return
    this.#logger.warn(`checkpoints are written again, after ${failures} failures`, { time, failures })
    this.#events.emit('checkpointsResumed', { time, failures })
  }
}
