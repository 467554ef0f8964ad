import type { IncomingHttpHeaders } from 'node:http'

/** Base delays in ms. */
export interface RetryTimes {
  /** Network errors: grows by `min` up to `max`. `min` is also the shortest pause before any request. */
  readonly reconnect: { readonly min: number; readonly max: number }
  /** Answers such as 503: doubles from this value up to 64 times it. */
  readonly httpError: number
  /** 429 without a hint: doubles from this value up to 16 times it. */
  readonly rateLimit: number
  /** The time of day in ms, for hints that name a time. */
  readonly now: () => number
}

/** Upper limit of the pause that a server may request, in ms. */
const LONGEST_HINT = 24 * 60 * 60 * 1000

/**
 * Computes the pause before the next request. Each kind of failure has its own count; a connection that worked resets
 * all of them.
 *
 * | failure       | wait                                                              |
 * | ------------- | ----------------------------------------------------------------- |
 * | drop          | 250 ms: the connection worked, but a server may end each at once  |
 * | network       | linear, 250, 500 ... 16,000 ms                                    |
 * | 420, 429      | what the answer's headers say, else 60 s doubling to 16 min       |
 * | other status  | what `retry-after` says, else 5 s doubling to 320 s               |
 */
export class HttpRetry {
  readonly #times: RetryTimes
  #network = 0
  #errors = 0
  #limited = 0

  constructor(times: RetryTimes) {
    this.#times = times
  }

  drop(): number {
    this.#network = this.#errors = this.#limited = 0
    return this.#times.reconnect.min
  }

  network(): number {
    const { min, max } = this.#times.reconnect
    return Math.min(++this.#network * min, max)
  }

  status(status: number, headers: IncomingHttpHeaders): number {
    const { rateLimit, httpError } = this.#times
    const after = this.#retryAfter(headers['retry-after'])
    if (status === 429 || status === 420) {
      const told = after ?? this.#limitReset(headers['x-rate-limit-reset'])
      return told ?? rateLimit * 2 ** Math.min(this.#limited++, 4)
    }
    return after ?? httpError * 2 ** Math.min(this.#errors++, 6)
  }

  /** Seconds, or a date. */
  #retryAfter(header: string | undefined): number | undefined {
    if (header === undefined) return undefined
    const seconds = Number(header)
    return this.#hint(Number.isNaN(seconds) ? Date.parse(header) - this.#times.now() : seconds * 1000)
  }

  /** The time at which the limit ends, in seconds since 1970. */
  #limitReset(header: string | string[] | undefined): number | undefined {
    return header === undefined ? undefined : this.#hint(Number(header) * 1000 - this.#times.now())
  }

  /** Returns the pause of a hint, at least the shortest pause; undefined if it lies in the past or is not a number. */
  #hint(ms: number): number | undefined {
    return ms > 0 ? Math.min(Math.max(Math.ceil(ms), this.#times.reconnect.min), LONGEST_HINT) : undefined
  }
}
