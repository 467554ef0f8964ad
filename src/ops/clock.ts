/** The one source of time. Everything that waits for a moment or asks for the time of day goes through a clock. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once, when `now() >= time`. Returns a function that takes the request back. */
  at(time: number, callback: () => void): () => void
  /**
   * Calls back once, `ms` from now, also if the clock is set meanwhile. Returns a function that takes the request back.
   * A clock without it is asked by `at(now() + ms)`.
   */
  after?(ms: number, callback: () => void): () => void
  /** Calls `listener` with the ms by which the clock was set back, each time. Returns a function that ends it. */
  onSetBack?(listener: (ms: number) => void): () => void
}

/** Calls back once, `ms` from now by `clock`. Returns a function that takes the request back. */
export function after(clock: Clock, ms: number, callback: () => void): () => void {
  return clock.after?.(ms, callback) ?? clock.at(clock.now() + ms, callback)
}

/** What setTimeout can wait for, in ms. */
const LONGEST_TIMER = 2 ** 31 - 1
/** A timer and the time of day may disagree by so many ms without anybody having set the clock. */
const SLEW_MS = 100

/** Real time: the time of day. It may be set back or ahead while the process runs. */
export class SystemClock implements Clock {
  readonly #onSetBack = new Set<(ms: number) => void>()

  now(): number {
    return Date.now()
  }

  at(time: number, callback: () => void): () => void {
    let timer: NodeJS.Timeout
    const arm = () => {
      const began = performance.now()
      const from = Date.now()
      const fire = () => {
        const now = Date.now()
        const lost = performance.now() - began - (now - from)
        if (now >= time) return callback()
        // A timer may fire up to a millisecond early by this clock: wait again rather than tick before the time.
        arm()
        if (lost > SLEW_MS) for (const listener of this.#onSetBack) listener(lost)
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

  /** Notices a step when the next alarm was due, so at most one batch interval after it. */
  onSetBack(listener: (ms: number) => void): () => void {
    this.#onSetBack.add(listener)
    return () => this.#onSetBack.delete(listener)
  }
}

interface Alarm {
  time: number
  readonly order: number
  readonly callback: () => void
  /** Whether it waits for a duration, which a step back does not lengthen. */
  readonly relative: boolean
}

/**
 * A clock that moves only when told to, for tests and simulation.
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
  /** Clocks elsewhere that move with this one, and how far they have come. */
  readonly #followers = new Map<(ms: number) => Promise<void>, number>()

  constructor(startMs = 0) {
    this.#now = startMs
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
   * Tells `follower` of every move, in ms, and waits for it before alarms of the new time fire here: for a driver in
   * another thread, which has a clock of its own. Answers with a function that ends it.
   */
  follow(follower: (ms: number) => Promise<void>): () => void {
    this.#followers.set(follower, this.#now)
    return () => this.#followers.delete(follower)
  }

  /** Moves on by `ms`. Each alarm that falls due sees the time it asked for, also alarms that others set on the way. Below 0: sets the clock back. */
  async advance(ms: number): Promise<void> {
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
      // Let what the alarm started run as far as it can without waiting for threads or I/O.
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
