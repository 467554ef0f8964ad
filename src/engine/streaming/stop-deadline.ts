import { setMaxListeners } from 'node:events'
import { until } from '../../ops/wait.js'

/** The longest delay that setTimeout accepts, in ms. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** The deadline of a stop, which all of its steps share. Uses real time, because it guards against hangs. */
export class StopDeadline {
  readonly #passed = new AbortController()
  readonly #began = performance.now()
  #ms: number
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#ms = ms
    // Each step listens, and inputs stop together: Node warns of a leak from the eleventh on.
    setMaxListeners(0, this.#passed.signal)
    this.#arm()
  }

  /** Milliseconds from the start of the stop to its deadline. */
  get ms(): number {
    return this.#ms
  }

  get hasPassed(): boolean {
    return this.#passed.signal.aborted
  }

  /**
   * Resolves with whether `promise` settles before the deadline. Rejects if it rejects in time; ignores a later
   * rejection.
   */
  async allows(promise: Promise<unknown>): Promise<boolean> {
    let settled = false
    const observed = promise.finally(() => {
      settled = true
    })
    await until(observed, this.#passed.signal)
    return settled
  }

  /** Moves the deadline to `ms` from now, if that is earlier. */
  shorten(ms: number): void {
    const elapsed = performance.now() - this.#began
    if (elapsed + ms >= this.#ms) return
    this.#ms = Math.ceil(elapsed + ms)
    this.#arm()
  }

  /** Clears the timer when the stop is over. */
  clear(): void {
    clearTimeout(this.#timer)
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const left = this.#ms - (performance.now() - this.#began)
    this.#timer = setTimeout(() => this.#passed.abort(), Math.min(Math.max(0, left), LONGEST_TIMER))
  }
}
