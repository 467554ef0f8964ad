import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'

/** The only source of time. All code that waits or asks for the time of day uses a clock. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once, when `now() >= time`. Returns a function that cancels the call. */
  at(time: number, callback: () => void): () => void
  /**
   * Calls back once after `ms`, even if the clock is set meanwhile. Returns a function that cancels the call. Without
   * this method, `at(now() + ms)` is used.
   */
  after?(ms: number, callback: () => void): () => void
  /**
   * Calls `listener` with the ms of each step back of the clock. Returns a function that removes the listener. Optional:
   * without it, no batch is due after a step back until the clock has reached the next batch time.
   */
  onSetBack?(listener: (ms: number) => void): () => void
}

/** Calls back once, after `ms` on `clock`. Returns a function that cancels the call. */
export function after(clock: Clock, ms: number, callback: () => void): () => void {
  return clock.after?.(ms, callback) ?? clock.at(clock.now() + ms, callback)
}

/** The longest delay of setTimeout, in ms. */
const LONGEST_TIMER = 2 ** 31 - 1
/** Greatest difference, in ms, between a timer and the time of day that does not count as setting the clock. */
const SLEW_MS = 100

/** The system's time of day. It may be set back or ahead while the process runs. */
export class SystemClock implements Clock {
  readonly #onSetBack = new Set<(ms: number) => void>()
  /** The sum of the reported steps back, so that several alarms report a step once. */
  #reported = 0

  now(): number {
    return Date.now()
  }

  at(time: number, callback: () => void): () => void {
    let timer: NodeJS.Timeout
    const arm = () => {
      const began = performance.now()
      const from = Date.now()
      const before = this.#reported
      const fire = () => {
        const now = Date.now()
        const lost = performance.now() - began - (now - from) - (this.#reported - before)
        if (now >= time) return callback()
        const wasSetBack = lost > SLEW_MS
        if (wasSetBack) this.#reported += lost
        // A timer may fire up to 1 ms early by this clock. It then waits again, so that no tick comes early.
        arm()
        if (wasSetBack) for (const listener of this.#onSetBack) listener(lost)
      }
      timer = setTimeout(fire, Math.max(0, Math.min(time - from, LONGEST_TIMER)))
    }
    arm()
    return () => clearTimeout(timer)
  }

  after(ms: number, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_TIMER))
    return () => clearTimeout(timer)
  }

  /** Detects a step back when the next alarm is due, that is, within one batch interval. */
  onSetBack(listener: (ms: number) => void): () => void {
    this.#onSetBack.add(listener)
    return () => this.#onSetBack.delete(listener)
  }
}

interface Alarm {
  time: number
  readonly order: number
  readonly callback: () => void
  /** Whether the alarm waits for a duration. A step back of the clock does not lengthen durations. */
  readonly relative: boolean
}

/**
 * A clock that moves only when `advance` is called, for tests and simulations.
 *
 * ```ts
 * const clock = new ManualClock(0)
 * await clock.advance(1000) // fires everything due up to 1000, in order of time
 * ```
 */
export class ManualClock implements Clock {
  #now: number
  #alarms: Alarm[] = []
  #order = 0
  readonly #onSetBack = new Set<(ms: number) => void>()
  /** Clocks in other threads that follow this one, and the time each has reached. */
  readonly #followers = new Map<(ms: number) => Promise<void>, number>()

  constructor(startMs = 0) {
    this.#now = finite(startMs, 'new ManualClock')
  }

  now(): number {
    return this.#now
  }

  at(time: number, callback: () => void): () => void {
    return this.#add(time, callback, false)
  }

  after(ms: number, callback: () => void): () => void {
    return this.#add(this.#now + ms, callback, true)
  }

  onSetBack(listener: (ms: number) => void): () => void {
    this.#onSetBack.add(listener)
    return () => this.#onSetBack.delete(listener)
  }

  #add(time: number, callback: () => void, relative: boolean): () => void {
    const alarm: Alarm = { time, order: this.#order++, callback, relative }
    this.#alarms.push(alarm)
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm)
    }
  }

  /**
   * Calls `follower` with every move, in ms, and waits for it before alarms of the new time fire. A driver in another
   * thread, with a clock of its own, follows in this way. Returns a function that removes the follower.
   */
  follow(follower: (ms: number) => Promise<void>): () => void {
    this.#followers.set(follower, this.#now)
    return () => this.#followers.delete(follower)
  }

  /**
   * Moves the clock by `ms` and fires every alarm that falls due, in order of time, including alarms set on the way.
   * Each alarm sees exactly the time it was set for. A negative `ms` sets the clock back.
   */
  async advance(ms: number): Promise<void> {
    finite(ms, 'advance')
    if (ms < 0) return this.#setBack(-ms)
    const target = this.#now + ms
    for (;;) {
      const next = this.#alarms
        .filter((alarm) => alarm.time <= target)
        .sort((a, b) => a.time - b.time || a.order - b.order)[0]
      if (!next) break
      this.#alarms = this.#alarms.filter((alarm) => alarm !== next)
      if (this.#followers.size > 0) await this.#lead(next.time)
      this.#now = Math.max(this.#now, next.time)
      next.callback()
      // Lets the alarm's work run as far as it can without threads or I/O.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    if (this.#followers.size > 0) await this.#lead(target)
    this.#now = target
  }

  async #setBack(ms: number): Promise<void> {
    this.#now -= ms
    for (const alarm of this.#alarms) if (alarm.relative) alarm.time -= ms
    await Promise.all(
      [...this.#followers].map(([follower, at]) => {
        this.#followers.set(follower, at - ms)
        return follower(-ms)
      }),
    )
    for (const listener of this.#onSetBack) listener(ms)
  }

  async #lead(time: number): Promise<void> {
    const moves = [...this.#followers].map(([follower, at]) => {
      if (time <= at) return undefined
      this.#followers.set(follower, time)
      return follower(time - at)
    })
    await Promise.all(moves)
  }
}

function finite(ms: number, call: string): number {
  if (Number.isFinite(ms)) return ms
  throw new ArgumentError(`${call}(${describe(ms)}): it takes a finite number of milliseconds.`, { ms })
}
