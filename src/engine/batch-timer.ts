import { StateError } from '../errors.js'
import type { Clock } from '../ops/clock.js'

export interface BatchTimerOptions {
  readonly clock: Clock
  /** Ms between two batch times. */
  readonly interval: number
  /** Batches that are made up for after a gap; see `maxCatchUpBatches`. */
  readonly maxCatchUp: number
  /** Called with the batch times that are due, in order: several where the clock jumped. */
  readonly onDue: (times: readonly number[]) => void
  readonly warn: (message: string, details: Readonly<Record<string, unknown>>) => void
}

/**
 * Decides when batches fall due. Batch times are one interval apart: none is left out and none comes twice, whatever the
 * clock does. Where the clock is set back, or far ahead, batch times go on from where they were, and an offset of whole
 * intervals separates them from the clock until it returns.
 */
export class BatchTimer {
  readonly #options: BatchTimerOptions
  #next = 0
  /** Ms by which batch times are ahead of the clock; below 0: behind. */
  #offset = 0
  #takeBack: (() => void) | undefined
  #endWatch: (() => void) | undefined

  constructor(options: BatchTimerOptions) {
    this.#options = options
  }

  /** The clock's time as batch times have it: the clock set back does not set it back by more than an interval. */
  now(): number {
    return this.#options.clock.now() + this.#offset
  }

  /** The time of the next tick. */
  get next(): number {
    return this.#next
  }

  /**
   * Ticks from the batch after `last`. Returns the batch times that are due already.
   *
   * @throws StateError if they are more than `maxCatchUp`.
   */
  start(last: number): number[] {
    const { interval, maxCatchUp, clock, warn } = this.#options
    this.#next = last + interval
    const missed = this.#missed()
    if (missed > maxCatchUp) {
      throw new StateError(
        `The clock shows ${clock.now()} ms, and the last batch was at ${last} ms: ${missed} batches have fallen due since, and maxCatchUpBatches is ${maxCatchUp}. Correct the clock, raise maxCatchUpBatches, or start without that checkpoint.`,
        { now: clock.now(), last, missed, maxCatchUpBatches: maxCatchUp },
      )
    }
    const behind = this.#rejoin()
    if (behind > 0)
      warn(`the clock is ${behind} ms behind the last batch, ${last} ms: batch times go on from there`, {
        behind,
        last,
      })
    this.#endWatch = clock.onSetBack?.((by) => this.#setBack(by))
    const due = this.#take()
    this.#arm()
    return due
  }

  stop(): void {
    this.#takeBack?.()
    this.#endWatch?.()
    this.#takeBack = this.#endWatch = undefined
  }

  /** Takes the next batch time, due or not: for the last batch of a graceful stop. */
  takeNext(): number {
    const time = this.#next
    this.#next += this.#options.interval
    return time
  }

  #arm(): void {
    this.#takeBack?.()
    this.#takeBack = this.#options.clock.at(this.#next - this.#offset, () => {
      this.#catchUpWithClock()
      // A clock may come back early or twice; a batch time comes once.
      const due = this.#take()
      this.#arm()
      if (due.length > 0) this.#options.onDue(due)
    })
  }

  #take(): number[] {
    const due: number[] = []
    while (this.#next <= this.now()) due.push(this.takeNext())
    return due
  }

  /** Batches that fell due before the one whose time has come. */
  #missed(): number {
    return Math.floor((this.now() - this.#next) / this.#options.interval)
  }

  /** The clock jumped ahead: gives up the offset that an earlier step back left, then bounds the batches to make up for. */
  #catchUpWithClock(): void {
    const { interval, maxCatchUp, warn } = this.#options
    const jumped = this.#missed()
    // With the batch that is due now: it waits for the clock to reach its time.
    const back = jumped > 0 ? Math.max(0, Math.min(this.#offset, (jumped + 1) * interval)) : 0
    if (back > 0) {
      this.#offset -= back
      if (this.#offset === 0) warn('the clock has reached the batch times again', { offset: 0 })
    }
    const missed = this.#missed()
    if (missed <= maxCatchUp) return
    this.#offset -= missed * interval
    warn(
      `the clock jumped ahead by ${missed * interval} ms, more than maxCatchUpBatches (${maxCatchUp}) covers: batch times go on from ${this.#next} ms, and stay behind the clock`,
      { by: missed * interval, next: this.#next, offset: this.#offset },
    )
  }

  #setBack(by: number): void {
    const ahead = this.#rejoin()
    this.#options.warn(
      `the clock was set back by ${Math.round(by)} ms: batch times go on from ${this.#next} ms${ahead > 0 ? `, ${this.#offset} ms ahead of it` : ''}`,
      { by, next: this.#next, offset: this.#offset },
    )
    this.#arm()
  }

  /** Has the next batch fall due within an interval. Returns the ms by which the clock was too far behind for that. */
  #rejoin(): number {
    const { interval } = this.#options
    const ahead = Math.max(0, Math.ceil((this.#next - this.now()) / interval) - 1) * interval
    this.#offset += ahead
    return ahead
  }
}
