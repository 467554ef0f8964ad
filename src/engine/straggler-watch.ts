import type { PoolThread } from '../pool/pool-thread.js'
import { PROGRESS } from '../pool/vitals.js'
import type { Attempt } from './task.js'

/** When a slow task gets a second copy. */
export interface Speculation {
  /** Slower than the median of its stage by this factor. */
  readonly multiplier: number
  /** Once this part of the stage's tasks is done. */
  readonly quantile: number
  /** Never before it has run so long. */
  readonly minMs: number
}

export interface StragglerWatchOptions {
  /** Attempts by thread; the first of each list is the one that runs. */
  readonly running: ReadonlyMap<PoolThread, readonly Attempt[]>
  readonly taskTimeoutMs: number
  readonly speculation: Speculation | undefined
  readonly terminate: (thread: PoolThread) => void
  readonly copy: (attempt: Attempt) => void
}

const MOST_MS = 1000
const LEAST_MS = 10

/**
 * Looks at running tasks from time to time. Threads show progress in a shared word, so nobody has to answer: one that
 * shows none for `taskTimeout` is terminated; one that is far behind its stage gets a second copy elsewhere.
 */
export class StragglerWatch {
  readonly #options: StragglerWatchOptions
  readonly #period: number
  /** Progress last seen of a thread, the attempt it was seen of, and for how many ms there has been no other. */
  readonly #seen = new Map<PoolThread, { attempt: Attempt; progress: number; stillMs: number }>()
  #lookedAt = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: StragglerWatchOptions) {
    this.#options = options
    const shortest = Math.min(options.taskTimeoutMs, options.speculation?.minMs ?? Number.POSITIVE_INFINITY)
    this.#period = Math.max(LEAST_MS, Math.min(MOST_MS, shortest / 4))
  }

  /** Watches until nothing runs any more. */
  start(): void {
    if (this.#timer) return
    this.#lookedAt = performance.now()
    this.#timer = setInterval(() => this.#look(), this.#period)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#seen.clear()
  }

  #look(): void {
    const { running, taskTimeoutMs, terminate } = this.#options
    const now = performance.now()
    // A look that comes late was held up itself, perhaps with the whole process, which somebody stopped or which got no
    // processor: that is no standstill of a task, so little of it counts.
    const passed = Math.min(now - this.#lookedAt, 2 * this.#period)
    this.#lookedAt = now
    for (const thread of this.#seen.keys()) if (!running.has(thread)) this.#seen.delete(thread)
    for (const [thread, [attempt]] of running) {
      if (!attempt) continue
      const progress = Atomics.load(thread.vitals, PROGRESS)
      const seen = this.#seen.get(thread)
      if (seen?.attempt !== attempt || seen.progress !== progress) {
        this.#seen.set(thread, { attempt, progress, stillMs: 0 })
      } else {
        seen.stillMs += passed
        if (seen.stillMs > taskTimeoutMs && thread.state === 'ready') terminate(thread)
      }
      this.#compare(attempt, now)
    }
    if (running.size === 0) this.stop()
  }

  #compare(attempt: Attempt, now: number): void {
    const { speculation, copy } = this.#options
    if (!speculation) return
    const { runTimes, tasks } = attempt.task.spec.stage
    if (runTimes.length === 0 || runTimes.length < tasks * speculation.quantile) return
    const median = [...runTimes].sort((a, b) => a - b)[runTimes.length >> 1]!
    if (now - attempt.startedAt > Math.max(speculation.minMs, median * speculation.multiplier)) copy(attempt)
  }
}
