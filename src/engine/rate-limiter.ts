import { after, type Clock } from '../ops/clock.js'

/** The part of a second whose records may come at once: timers are late by some ms, which must not cost rate. */
const CREDIT_SECONDS = 0.1

/**
 * How much may come in a second. What comes is taken whole, however much it is; what is too much has to be waited out
 * before more may come. So the rate holds over time, whatever the size of what arrives at once.
 */
export class RateLimiter {
  readonly #clock: Clock
  readonly #onFree: () => void
  #rate: number
  /** Records that came too early; below 0: that may come at once. */
  #owed = 0
  #since: number
  #takeBack: (() => void) | undefined

  /** `rate`: records a second, or Infinity. `onFree` is called when more may come, if somebody asked in between. */
  constructor(clock: Clock, rate: number, onFree: () => void) {
    this.#clock = clock
    this.#rate = rate
    this.#onFree = onFree
    this.#since = clock.now()
  }

  /** Records a second. */
  get rate(): number {
    return this.#rate
  }

  /** What waits now waits by the new rate. */
  set rate(rate: number) {
    this.#settle()
    this.#rate = rate
    if (!this.#takeBack) return
    this.stop()
    this.#arm()
  }

  took(records: number): void {
    this.#settle()
    this.#owed += records
  }

  /** Whether more may come now. If not, `onFree` will be called. */
  isFree(): boolean {
    this.#settle()
    if (this.#owed <= 0) return true
    if (!this.#takeBack) this.#arm()
    return false
  }

  /** `onFree` is not called any more. */
  stop(): void {
    this.#takeBack?.()
    this.#takeBack = undefined
  }

  #arm(): void {
    const wait = this.#rate === Number.POSITIVE_INFINITY ? 0 : Math.ceil((Math.max(0, this.#owed) / this.#rate) * 1000)
    this.#takeBack = after(this.#clock, wait, () => {
      this.#takeBack = undefined
      this.#onFree()
    })
  }

  #settle(): void {
    const now = this.#clock.now()
    if (this.#rate === Number.POSITIVE_INFINITY) this.#owed = 0
    else {
      // A clock that was set back must not add to what is owed.
      const seconds = Math.max(0, now - this.#since) / 1000
      this.#owed = Math.max(-this.#rate * CREDIT_SECONDS, this.#owed - seconds * this.#rate)
    }
    this.#since = now
  }
}
