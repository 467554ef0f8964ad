import type { BatchInfo } from '../events/batch-info.js'
import type { Events } from '../events/events.js'
import type { Logger } from '../logger.js'

/** Batches lag when the oldest unfinished one is this many intervals and this many ms older than the newest. */
const LATE_INTERVALS = 5
const LATE_MS = 10_000

export interface LagWatchOptions {
  readonly interval: number
  readonly events: Events
  readonly logger: Pick<Logger, 'warn'>
}

/** Reports once when batches fall far behind, with the slowest output, and once when they have caught up. */
export class LagWatch {
  readonly #options: LagWatchOptions
  #last: BatchInfo | undefined
  #lagging = false

  constructor(options: LagWatchOptions) {
    this.#options = options
  }

  /**
   * Called when a batch falls due. `unfinished`: batch times up to it, ascending. `at`: the label of the running
   * output, if any.
   */
  due(unfinished: readonly number[], at: string | undefined): void {
    const { interval, events, logger } = this.#options
    const oldest = unfinished[0]!
    const behind = unfinished.at(-1)! - oldest
    if (this.#lagging || behind < Math.max(LATE_INTERVALS * interval, LATE_MS)) return
    this.#lagging = true
    const lag = { time: oldest, behind, batches: unfinished.length, reason: this.#reason(oldest, at) }
    events.emit('lagging', lag)
    logger.warn(`batches are ${behind} ms behind, ${unfinished.length} wait or run: ${lag.reason}`, lag)
  }

  /** Called when a batch is complete. `unfinished`: the batch times after it. */
  completed(info: BatchInfo, unfinished: readonly number[]): void {
    this.#last = info
    if (!this.#lagging || unfinished.length > 1) return
    this.#lagging = false
    this.#options.events.emit('caughtUp', { time: info.time })
    this.#options.logger.warn(`batches have caught up with batch ${info.time} ms`, { time: info.time })
  }

  #reason(oldest: number, at: string | undefined): string {
    const running = `batch ${oldest} ms is at ${at ?? 'its input'}`
    const [slowest] = [...(this.#last?.outputs ?? [])].sort((a, b) => took(b) - took(a))
    if (!this.#last || !slowest) return running
    return `${running}; of ${this.#last.processingDelay} ms for batch ${this.#last.time} ms, ${slowest.label} took ${took(slowest)}`
  }
}

function took({ startedAt, endedAt }: { readonly startedAt: number; readonly endedAt: number }): number {
  return endedAt - startedAt
}
