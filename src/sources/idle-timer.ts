import { LONGEST_TIMER } from './check.js'

/**
 * Aborts `signal` after `timeout` ms without a `touch` (0: never), or when `outer` aborts. After a blocked event loop, timers run
 * before sockets are read: data that waits there counts as heard.
 */
export class IdleTimer {
  readonly #timeout: number
  readonly #outer: AbortSignal
  readonly #abort = new AbortController()
  readonly #onOuter = () => this.#abort.abort()
  #timer: NodeJS.Timeout | undefined
  #expiry: NodeJS.Immediate | undefined
  /** Whether the time ran out. */
  expired = false

  constructor(timeout: number, outer: AbortSignal) {
    this.#timeout = timeout
    this.#outer = outer
    if (outer.aborted) this.#onOuter()
    else outer.addEventListener('abort', this.#onOuter, { once: true })
    this.touch()
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Restarts the time, because data has arrived. */
  touch(): void {
    clearImmediate(this.#expiry)
    if (this.#timer) this.#timer.refresh()
    else if (this.#timeout > 0)
      this.#timer = setTimeout(() => this.#readFirst(), Math.min(this.#timeout, LONGEST_TIMER))
  }

  /** Stops the time until the next touch, because the source is paused and no data can arrive. */
  pause(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#expiry)
    this.#timer = undefined
  }

  end(): void {
    this.pause()
    this.#outer.removeEventListener('abort', this.#onOuter)
  }

  /** The loop reads its sockets before it runs immediates. */
  #readFirst(): void {
    this.#expiry = setImmediate(() => this.#expire())
  }

  #expire(): void {
    this.expired = true
    this.#abort.abort()
  }
}
