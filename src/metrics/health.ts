import type { StreamingControl } from '../engine/streaming/streaming-control.js'
import { checkNames } from '../ops/option-names.js'
import { type Duration, toMillis } from '../ops/time.js'

export interface HealthOptions {
  /**
   * Delay of the newest complete batch, or age of the oldest batch that waits, above which streams are not ready.
   * Default: five batch intervals, at least '10s'.
   */
  readonly maxDelay?: Duration
  /** Time without a complete batch, while one is due, after which streams are not alive. Default: ten batch intervals, at least '60s'. */
  readonly stalledAfter?: Duration
}

/** One condition of a report. */
export interface HealthCheck {
  readonly name: 'running' | 'progress' | 'started' | 'delay' | 'threads'
  readonly ok: boolean
  readonly message: string
}

export interface HealthReport {
  /** Whether all checks are ok. */
  readonly ok: boolean
  readonly checks: readonly HealthCheck[]
}

/** Whether streams are alive and ready, in the sense of an orchestrator's probes. */
export interface StreamHealth {
  /** Returns whether the process is worth keeping: the streams have not failed, and batches complete. */
  live(): HealthReport
  /** Returns whether the streams keep up: they are started, batches are on time, and no thread is missing. */
  ready(): HealthReport
  /** Ends the observation. */
  close(): void
}

/**
 * Observes streams for the probes of an orchestrator. Call it before `start()`, since it learns of lost threads by events.
 * It needs no other package, and costs nothing between batches.
 *
 * ```ts
 * const { streamHealth } = await import('millrace/metrics')
 * const health = streamHealth(ssc, { maxDelay: '30s' })
 * const { ok, checks } = health.ready()
 * if (!ok) console.log(checks.filter((check) => !check.ok))
 * ```
 *
 * @throws ArgumentError for an invalid option.
 */
export function streamHealth(streams: StreamingControl, options: HealthOptions = {}): StreamHealth {
  checkNames(options, ['maxDelay', 'stalledAfter'], 'streamHealth')
  const { batchInterval } = streams
  const { maxDelay = Math.max(5 * batchInterval, 10_000), stalledAfter = Math.max(10 * batchInterval, 60_000) } =
    options
  return new ObservedHealth(
    streams,
    toMillis(maxDelay, 'streamHealth: maxDelay'),
    toMillis(stalledAfter, 'streamHealth: stalledAfter'),
  )
}

class ObservedHealth implements StreamHealth {
  readonly #streams: StreamingControl
  readonly #maxDelay: number
  readonly #stalledAfter: number
  /** When each incomplete batch was submitted, oldest first. */
  readonly #submitted = new Map<number, number>()
  readonly #close: () => void
  #lastEnd = Number.NEGATIVE_INFINITY
  #lastDelay = 0
  #missingThreads = false
  #hasStarted = false
  #failure: unknown

  constructor(streams: StreamingControl, maxDelay: number, stalledAfter: number) {
    this.#streams = streams
    this.#maxDelay = maxDelay
    this.#stalledAfter = stalledAfter
    this.#close = streams.listen({
      streamingStarted: () => this.#started(),
      streamingStopped: () => this.#submitted.clear(),
      batchSubmitted: ({ time }) => void this.#submitted.set(time, streams.clock.now()),
      batchCompleted: ({ time, totalDelay = 0 }) => {
        this.#submitted.delete(time)
        this.#lastEnd = streams.clock.now()
        this.#lastDelay = totalDelay
      },
      threadLost: () => {
        this.#missingThreads = true
      },
      poolRestored: () => {
        this.#missingThreads = false
      },
    })
    if (streams.state === 'ACTIVE') this.#started()
  }

  live(): HealthReport {
    const hasFailed = this.#failure !== undefined
    const running = check(
      'running',
      !hasFailed,
      hasFailed ? 'the streams have failed; their log has the error' : this.#state,
    )
    return report([running, this.#progress()])
  }

  ready(): HealthReport {
    const isStarted = this.#hasStarted && this.#streams.state === 'ACTIVE'
    const delay = Math.max(this.#lastDelay, this.#oldestAge)
    return report([
      check('started', isStarted, this.#state),
      check(
        'delay',
        delay <= this.#maxDelay,
        `batches are ${Math.round(delay)} ms late; ${this.#maxDelay} ms are allowed`,
      ),
      check(
        'threads',
        !this.#missingThreads,
        this.#missingThreads ? 'a lost thread is not replaced yet' : 'no thread is missing',
      ),
    ])
  }

  close(): void {
    this.#close()
  }

  #started(): void {
    this.#hasStarted = true
    this.#streams.awaitTermination().catch((error: unknown) => {
      this.#failure = error
    })
  }

  get #state(): string {
    return `the state of the streams is ${this.#streams.state}`
  }

  get #oldestAge(): number {
    const [oldest] = this.#submitted.values()
    return oldest === undefined ? 0 : this.#streams.clock.now() - oldest
  }

  #progress(): HealthCheck {
    const [oldest] = this.#submitted.values()
    const since = oldest === undefined ? 0 : this.#streams.clock.now() - Math.max(oldest, this.#lastEnd)
    const message = `${this.#submitted.size} batches wait, and none has completed for ${Math.round(since)} ms; ${this.#stalledAfter} ms are allowed`
    return check('progress', since <= this.#stalledAfter, message)
  }
}

function check(name: HealthCheck['name'], ok: boolean, message: string): HealthCheck {
  return { name, ok, message }
}

function report(checks: readonly HealthCheck[]): HealthReport {
  return { ok: checks.every(({ ok }) => ok), checks }
}
