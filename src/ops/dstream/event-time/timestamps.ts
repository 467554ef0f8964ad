import { ArgumentError } from '../../../errors.js'
import type { FnRef } from '../../functions/ref.js'
import { checkNames } from '../../option-names.js'
import type { Observation } from '../../plan.js'
import type { Rdd } from '../../rdd/rdd.js'
import { StampRdd } from '../../rdd/stamp.js'
import type { Duration } from '../../time.js'
import { capturedBy, multipleOfSlide, Stream } from '../dstream.js'
import { zeroOrMore } from './durations.js'
import { type EventStream, eventStream } from './event-stream.js'
import type { EventTimeInfo, EventTimeStream } from './info.js'
import { Observations } from './observations.js'
import { fromJson, type Mark, toJson, UNKNOWN, type Watermarks } from './watermarks.js'

export interface TimestampOptions {
  /**
   * By how much a record may be older than the newest one before it, and still be in time. Default 0. The watermark is so
   * far behind the greatest event time of the batches before.
   */
  readonly maxOutOfOrder?: Duration
  /**
   * After so long without records (of batch time; a multiple of the slide) the stream no longer holds back others that it
   * is joined or united with. Default: it always does.
   */
  readonly idleAfter?: Duration
}

declare module '../dstream.js' {
  interface Stream<T> {
    /**
     * The same records as a stream of event time: `fn` gives each record's own time, in ms or as a Date. Windows and joins
     * then follow these times and the watermark instead of the batches. Narrow. Throws ArgumentError for an option that is
     * not allowed; a record without a valid time fails its batch.
     *
     * ```ts
     * const clicks = ssc.queueStream([[{ at: 1_000, page: 'a' }, { at: 61_000, page: 'a' }], []])
     * const events = clicks.withTimestamps((click) => click.at, { maxOutOfOrder: '1s' })
     * events.tumbling('1m').count().output('clicks') // []; [{ window: { start: 0, end: 60000 }, value: 1 }]
     * ```
     */
    withTimestamps<E>(this: Stream<E>, fn: (value: E) => number | Date, options?: TimestampOptions): EventStream<E>
  }
}

/** Stamps each record with its time, and holds the watermark: the greatest time of the batches before, less the bound. */
class TimestampStream<T> extends Stream<[number, T]> implements EventTimeStream, Watermarks {
  readonly #fn: FnRef
  readonly #maxOutOfOrder: number
  readonly #idleAfter: number | undefined
  readonly #observations = new Observations()
  /** Of batches that are forgotten: the greatest event time, and the last that had records. */
  #past = { latest: UNKNOWN, active: UNKNOWN }
  #mark: (Mark & { readonly time: number }) | undefined

  constructor(parent: Stream<T>, fn: FnRef, maxOutOfOrder: number, idleAfter: number | undefined) {
    super(parent.builder, 'withTimestamps', [parent], parent.slideDuration)
    this.#fn = fn
    this.#maxOutOfOrder = maxOutOfOrder
    this.#idleAfter = idleAfter
    this.builder.eventTime.set(this.id, this)
  }

  at(time: number): Mark {
    if (this.#mark && time <= this.#mark.time) return this.#mark
    const { latest, active } = this.#seenBefore(time)
    const quiet = time - this.slideDuration - Math.max(active, this.builder.zeroTime)
    const idle = this.#idleAfter !== undefined && quiet >= this.#idleAfter
    const watermark = Math.max(latest - this.#maxOutOfOrder, this.#mark?.watermark ?? UNKNOWN)
    this.#mark = { time, watermark, idle }
    return this.#mark
  }

  observe(observation: Observation): void {
    this.#observations.enter(observation)
  }

  info(time: number): EventTimeInfo {
    const { watermark } = this.at(time)
    const { latest } = this.#observations.of(time)
    return {
      stream: this.id,
      name: `${this.label}#${this.id}`,
      watermark: watermark === UNKNOWN ? undefined : watermark,
      ...(latest === UNKNOWN ? {} : { latest }),
      late: 0,
    }
  }

  override progress(): unknown {
    // A slice may have read batches that are still to come.
    const { latest, active } = this.#seenBefore(this.builder.batchTime + 1)
    return { latest: toJson(latest), active: toJson(active), watermark: toJson(this.#mark?.watermark ?? UNKNOWN) }
  }

  override resume(progress: unknown): void {
    const { latest, active, watermark } = progress as Record<'latest' | 'active' | 'watermark', number | null>
    this.#past = { latest: fromJson(latest), active: fromJson(active) }
    this.#mark = { time: UNKNOWN, watermark: fromJson(watermark), idle: false }
  }

  override drop(time: number): void {
    super.drop(time)
    this.#observations.delete(time)
  }

  override forget(time: number): number[] {
    for (const old of this.#observations.times()) {
      if (old > time - this.rememberDuration) continue
      const { latest, records } = this.#observations.of(old)
      this.#past = {
        latest: Math.max(this.#past.latest, latest),
        active: records > 0 ? Math.max(this.#past.active, old) : this.#past.active,
      }
      this.#observations.delete(old)
    }
    return super.forget(time)
  }

  #seenBefore(time: number): { readonly latest: number; readonly active: number } {
    let { latest, active } = this.#past
    for (const earlier of this.#observations.times()) {
      if (earlier >= time) continue
      const seen = this.#observations.of(earlier)
      latest = Math.max(latest, seen.latest)
      if (seen.records > 0) active = Math.max(active, earlier)
    }
    return { latest, active }
  }

  protected override compute(time: number): Rdd<[number, T]> | undefined {
    const rdd = this.parents[0]!.getOrCompute(time) as Rdd<T> | undefined
    if (!rdd) return undefined
    this.#observations.expect(time)
    return new StampRdd<T>(rdd, { stream: this.id, time, fn: this.#fn, label: `${this.label}#${this.id}` })
  }
}

Stream.prototype.withTimestamps = function <T>(
  this: Stream<T>,
  fn: (value: T) => number | Date,
  options: TimestampOptions = {},
): EventStream<T> {
  if (typeof fn !== 'function')
    throw new ArgumentError(`withTimestamps got ${typeof fn}; it takes a function that gives a record's time.`)
  checkNames(options, ['maxOutOfOrder', 'idleAfter'], 'withTimestamps')
  const { maxOutOfOrder = 0, idleAfter } = options
  const stamped = new TimestampStream<T>(
    this,
    capturedBy(this, fn, 'withTimestamps'),
    zeroOrMore(maxOutOfOrder, 'maxOutOfOrder'),
    idleAfter === undefined ? undefined : multipleOfSlide(this, idleAfter, 'idleAfter'),
  )
  return eventStream(stamped, stamped)
}
