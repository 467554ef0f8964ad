/** The one source of time. Everything that waits for a moment or asks for the time of day goes through a clock. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once, when `now() >= time`. Returns a function that takes the request back. */
  at(time: number, callback: () => void): () => void
}

/** Real time. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now()
  }

  at(time: number, callback: () => void): () => void {
    let timer: NodeJS.Timeout
    const arm = () => {
      // A timer may fire up to a millisecond early by this clock: ask again rather than tick before the time.
      const left = time - Date.now()
      timer = setTimeout(() => (Date.now() >= time ? callback() : arm()), Math.max(0, Math.min(left, 2 ** 31 - 1)))
    }
    arm()
    return () => clearTimeout(timer)
  }
}

interface Alarm {
  readonly time: number
  readonly order: number
  readonly callback: () => void
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
  /** Clocks elsewhere that move with this one, and how far they have come. */
  readonly #followers = new Map<(ms: number) => Promise<void>, number>()

  constructor(startMs = 0) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  at(time: number, callback: () => void): () => void {
    const alarm: Alarm = { time, order: this.#order++, callback }
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

  /** Moves on by `ms`. Each alarm that falls due sees the time it asked for, also alarms that others set on the way. */
  async advance(ms: number): Promise<void> {
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

  async #lead(time: number): Promise<void> {
    const moves = [...this.#followers].map(([follower, at]) => {
      if (time <= at) return undefined
      this.#followers.set(follower, time)
      return follower(time - at)
    })
    await Promise.all(moves)
  }
}
