import { StateError } from '../../errors.js'
import type { Clock } from '../../ops/clock.js'
import type { ClockStep } from '../events/engine-events.js'
import type { Events } from '../events/events.js'
import type { Logger } from '../logger.js'

export interface BatchTimerOptions {
  readonly clock: Clock
  /** Milliseconds between two batch times. */
  readonly interval: number
  /** Most batches to run after a gap; see `maxCatchUpBatches`. */
  readonly maxCatchUp: number
  readonly due: DueBatches
  readonly events: Pick<Events, 'emit'>
  readonly logger: Pick<Logger, 'warn'>
}

export interface DueBatches {
  /** Called when batches fall due, in order: several at once after the clock jumped. */
  due(times: readonly number[]): void
}

/**
 * Decides when batches fall due. Batch times are one interval apart, without gaps or repeats, whatever the clock does.
 * If the clock is set back or far ahead, batch times continue from the last one. An offset of whole intervals then
 * separates them from the clock until it returns.
 */
export class BatchTimer {
  readonly #options: BatchTimerOptions
  #next = 0
  /** Ms by which batch times are ahead of the clock; negative if they are behind. */
  #offset = 0
  #cancelAlarm: (() => void) | undefined
  #unsubscribe: (() => void) | undefined

  constructor(options: BatchTimerOptions) {
    this.#options = options
  }

  /**
   * Returns the clock's time plus the offset of batch times. If the clock is set back, this goes back by at most one
   * interval.
   */
  now(): number {
    return this.#options.clock.now() + this.#offset
  }

  /** Returns the moment of a batch by the clock, which differs from the batch time after the clock was set. */
  clockTime(batchTime: number): number {
    return batchTime - this.#offset
  }

  /** The time of the next tick. */
  get next(): number {
    return this.#next
  }

  /**
   * Whether the batch of the present interval is taken already: a graceful stop takes it before its time, and a start in
   * the same interval waits for the next tick.
   */
  get isAhead(): boolean {
    return this.#next - this.now() > this.#options.interval
  }

  /**
   * Starts to tick with the batch after `last`. Returns the batch times that are already due.
   *
   * @throws StateError if more than `maxCatchUp` are due.
   */
  start(last: number): number[] {
    const { interval, maxCatchUp, clock } = this.#options
    this.#next = last + interval
    const missed = this.#missed()
    if (missed > maxCatchUp) {
      throw new StateError(
        `The clock shows ${clock.now()} ms, and the last batch was at ${last} ms: ${missed} batches have fallen due since, and maxCatchUpBatches is ${maxCatchUp}. Correct the clock, raise maxCatchUpBatches, or start without that checkpoint.`,
        { now: clock.now(), last, missed, maxCatchUpBatches: maxCatchUp },
      )
    }
    // A graceful stop may have taken the last batch early, at any time of its interval.
    const behind = this.#rejoin(last)
    if (behind > 0)
      this.#report(
        'behind',
        behind,
        `the clock is more than ${behind} ms behind the last batch, ${last} ms: batch times continue from there`,
      )
    this.#unsubscribe = clock.onSetBack?.((by) => this.#setBack(by))
    const due = this.#take()
    this.#arm()
    return due
  }

  stop(): void {
    this.#cancelAlarm?.()
    this.#unsubscribe?.()
    this.#cancelAlarm = this.#unsubscribe = undefined
  }

  /** Prepares for taking batch times with `takeAhead` instead of ticks. */
  startAhead(last: number): void {
    this.#next = last + this.#options.interval
  }

  /** Takes the next batch time, whatever the clock shows: the moment of that batch is now. */
  takeAhead(): number {
    this.#offset = this.#next - this.#options.clock.now()
    return this.takeNext()
  }

  /** Takes the next batch time, due or not, for the last batch of a graceful stop. */
  takeNext(): number {
    const time = this.#next
    this.#next += this.#options.interval
    return time
  }

  #arm(): void {
    this.#cancelAlarm?.()
    this.#cancelAlarm = this.#options.clock.at(this.#next - this.#offset, () => {
      this.#catchUpWithClock()
      // A clock may call back early or twice, but a batch time is due once.
      const due = this.#take()
      this.#arm()
      if (due.length > 0) this.#options.due.due(due)
    })
  }

  #take(): number[] {
    const due: number[] = []
    while (this.#next <= this.now()) due.push(this.takeNext())
    return due
  }

  /** Returns the number of batches that fell due before the newest. */
  #missed(): number {
    return Math.floor((this.now() - this.#next) / this.#options.interval)
  }

  /**
   * Handles a clock that jumped ahead: removes the offset of an earlier step back, then bounds the number of batches to
   * run.
   */
  #catchUpWithClock(): void {
    const { interval, maxCatchUp } = this.#options
    const jumped = this.#missed()
    // Includes the batch that is due now, which waits for the clock to reach its time.
    const back = jumped > 0 ? Math.max(0, Math.min(this.#offset, (jumped + 1) * interval)) : 0
    if (back > 0) {
      this.#offset -= back
      if (this.#offset === 0) this.#report('rejoined', back, 'the clock has reached the batch times again')
    }
    const missed = this.#missed()
    if (missed <= maxCatchUp) return
    const by = missed * interval
    this.#offset -= by
    this.#report(
      'set-ahead',
      by,
      `the clock jumped ahead by ${by} ms, more than maxCatchUpBatches (${maxCatchUp}) covers: batch times continue from ${this.#next} ms, and stay behind the clock`,
    )
  }

  #setBack(by: number): void {
    const ahead = this.#rejoin(this.#next)
    this.#report(
      'set-back',
      by,
      `the clock was set back by ${Math.round(by)} ms: batch times continue from ${this.#next} ms${ahead > 0 ? `, ${this.#offset} ms ahead of it` : ''}`,
    )
    this.#arm()
  }

  /**
   * Makes a batch time fall due within an interval. Returns the ms by which the clock was too far behind for that.
   */
  #rejoin(batchTime: number): number {
    const { interval } = this.#options
    const ahead = Math.max(0, Math.ceil((batchTime - this.now()) / interval) - 1) * interval
    this.#offset += ahead
    return ahead
  }

  #report(reason: ClockStep['reason'], by: number, message: string): void {
    const { events, logger } = this.#options
    const step: ClockStep = { reason, by, next: this.#next, offset: this.#offset }
    logger.warn(message, step)
    events.emit('clockStepped', step)
  }
}
