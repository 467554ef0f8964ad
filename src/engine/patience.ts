import { until } from '../ops/wait.js'

/** The longest delay that setTimeout accepts, in ms. */
export const LONGEST_TIMER = 2 ** 31 - 1

/**
 * The time that a stop may take: one deadline for all of its steps. Real time, as it guards against what hangs.
 */
export class Patience {
  readonly #over = new AbortController()
  readonly #began = performance.now()
  #ms: number
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#ms = ms
    this.#arm()
  }

  /** Milliseconds that the stop was given. */
  get ms(): number {
    return this.#ms
  }

  get isOver(): boolean {
    return this.#over.signal.aborted
  }

  /** Whether `promise` settles before the deadline. Rejects as `promise` does, if in time; a later rejection is dropped. */
  async allows(promise: Promise<unknown>): Promise<boolean> {
    let settled = false
    const noted = promise.finally(() => {
      settled = true
    })
    await until(noted, this.#over.signal)
    return settled
  }

  /** Moves the deadline to `ms` from now, if that is earlier. */
  shorten(ms: number): void {
    const passed = performance.now() - this.#began
    if (passed + ms >= this.#ms) return
    this.#ms = Math.ceil(passed + ms)
    this.#arm()
  }

  /** Ends the timer: the stop is over. */
  end(): void {
    clearTimeout(this.#timer)
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const left = this.#ms - (performance.now() - this.#began)
    this.#timer = setTimeout(() => this.#over.abort(), Math.min(Math.max(0, left), LONGEST_TIMER))
  }
}
