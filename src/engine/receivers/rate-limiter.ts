import { after, type Clock } from '../../ops/clock.js'

/** Seconds of records that may arrive in a burst: timers are a few ms late, which must not lower the rate. */
const CREDIT_SECONDS = 0.1

/**
 * Limits records to a rate. It accepts each arrival completely, whatever its size, and then blocks until the excess has
 * been worked off. So the rate holds on average.
 */
export class RateLimiter {
  readonly #clock: Clock
  readonly #onFree: () => void
  #rate: number
  /** Records that arrived too early. A negative number is credit for a burst. */
  #debt = 0
  #since: number
  #cancelAlarm: (() => void) | undefined

  /** `rate`: records per second, or Infinity. Calls `onFree` when more may arrive after `isFree` returned false. */
  constructor(clock: Clock, rate: number, onFree: () => void) {
    this.#clock = clock
    this.#rate = rate
    this.#onFree = onFree
    this.#since = clock.now()
  }

  /** Records per second. */
  get rate(): number {
    return this.#rate
  }

  /** A new rate also applies to a wait in progress. */
  set rate(rate: number) {
    this.#settle()
    this.#rate = rate
    if (!this.#cancelAlarm) return
    this.stop()
    this.#arm()
  }

  took(records: number): void {
    this.#settle()
    this.#debt += records
  }

  /** Returns whether more may arrive now. If not, calls `onFree` later. */
  isFree(): boolean {
    this.#settle()
    if (this.#debt <= 0) return true
    if (!this.#cancelAlarm) this.#arm()
    return false
  }

  /** Cancels a pending call of `onFree`. */
  stop(): void {
    this.#cancelAlarm?.()
    this.#cancelAlarm = undefined
  }

  #arm(): void {
    const wait = this.#rate === Number.POSITIVE_INFINITY ? 0 : Math.ceil((Math.max(0, this.#debt) / this.#rate) * 1000)
    this.#cancelAlarm = after(this.#clock, wait, () => {
      this.#cancelAlarm = undefined
      this.#onFree()
    })
  }

  #settle(): void {
    const now = this.#clock.now()
    if (this.#rate === Number.POSITIVE_INFINITY) this.#debt = 0
    else {
      // A clock that is set back must not increase the debt.
      const seconds = Math.max(0, now - this.#since) / 1000
      this.#debt = Math.max(-this.#rate * CREDIT_SECONDS, this.#debt - seconds * this.#rate)
    }
    this.#since = now
  }
}
