import type { Clock } from 'millrace'

/** A clock that jumps: alarms that it jumps over fire once it has arrived. */
export class JumpingClock implements Clock {
  #now: number
  #alarms: { time: number; callback: () => void }[] = []
  #onSetBack = new Set<(ms: number) => void>()
  constructor(now = 0) {
    this.#now = now
  }

  now() {
    return this.#now
  }
  at(time: number, callback: () => void) {
    const alarm = { time, callback }
    this.#alarms.push(alarm)
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm)
    }
  }
  onSetBack(listener: (ms: number) => void) {
    this.#onSetBack.add(listener)
    return () => this.#onSetBack.delete(listener)
  }
  jump(ms: number) {
    this.#now += ms
    if (ms < 0) for (const listener of this.#onSetBack) listener(-ms)
    for (;;) {
      const due = this.#alarms.find(({ time }) => time <= this.#now)
      if (!due) return
      this.#alarms = this.#alarms.filter((other) => other !== due)
      due.callback()
    }
  }
}
