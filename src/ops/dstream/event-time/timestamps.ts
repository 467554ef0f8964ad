import { ArgumentError } from '../../../errors.js'
import { finite, object, or } from '../../../values/schema.js'
import type { FnRef } from '../../functions/ref.js'
import { checkNames } from '../../option-names.js'
import type { Observation } from '../../plan.js'
import type { Rdd } from '../../rdd/rdd.js'
import { StampRdd } from '../../rdd/stamp.js'
import type { Duration } from '../../time.js'
import { capturedBy, multipleOfSlide, Stream } from '../dstream.js'
import { dstreams, streamNode } from '../facade.js'
import type { Kept } from '../node.js'
import { zeroOrMore } from './durations.js'
import { type EventStream, toEventStream } from './event-stream.js'
import type { EventTimeInfo, EventTimeStream } from './info.js'
import { Observations } from './observations.js'
import { fromJson, type Mark, toJson, UNKNOWN, type Watermarks } from './watermarks.js'

export interface TimestampOptions {
  /**
   * `maxOutOfOrder` (0): how much older than the newest earlier record a record may be without being late. The
   * watermark is the greatest event time of earlier batches minus this duration.
   */
  readonly maxOutOfOrder?: Duration
  /**
   * `idleAfter` (never): batch time without records after which the stream no longer holds back the watermark of a join
   * or union. A multiple of the slide.
   */
  readonly idleAfter?: Duration
}

declare module '../facade.js' {
  interface BaseStream<T> {
    /**
     * Returns the same records as an event-time stream. `fn` returns a record's time, in ms or as a Date. Narrow.
     * Windows and joins of the result follow these times and the watermark, not the batches. A record without a valid
     * time fails its batch.
     *
     * ```ts
     * const clicks = ssc.queueStream([[{ at: 1_000, page: 'a' }, { at: 61_000, page: 'a' }], []])
     * const events = clicks.withTimestamps((click) => click.at, { maxOutOfOrder: '1s' })
     * events.tumbling('1m').count().output('clicks') // []; [{ window: { start: 0, end: 60000 }, value: 1 }]
     * ```
     *
     * @throws ArgumentError if `fn` is not a function or an option is out of range.
     */
    withTimestamps<E>(this: BaseStream<E>, fn: (value: E) => number | Date, options?: TimestampOptions): EventStream<E>
  }
}

/** The event times that a run has seen. */
class SeenTimes {
  readonly observations = new Observations()
  /** For forgotten batches: the greatest event time, and the time of the last batch that had records. */
  past = { latest: UNKNOWN, active: UNKNOWN }
  /** The newest watermark and its batch. */
  mark: (Mark & { readonly time: number }) | undefined
}

/**
 * Adds its event time to each record. The stream's watermark is the greatest time of earlier batches minus
 * `maxOutOfOrder`.
 */
class TimestampStream<T> extends Stream<[number, T]> implements EventTimeStream, Watermarks {
  readonly #fn: FnRef
  readonly #maxOutOfOrder: number
  readonly #idleAfter: number | undefined

  constructor(parent: Stream<T>, fn: FnRef, maxOutOfOrder: number, idleAfter: number | undefined) {
    super(parent.graph, 'withTimestamps', [parent], parent.slideDuration)
    this.#fn = fn
    this.#maxOutOfOrder = maxOutOfOrder
    this.#idleAfter = idleAfter
    this.graph.eventTime.set(this.id, this)
  }

  get #seen(): SeenTimes {
    return this.graph.run.of(this, SeenTimes)
  }

  at(time: number): Mark {
    const seen = this.#seen
    if (seen.mark && time <= seen.mark.time) return seen.mark
    const { latest, active } = this.#seenBefore(time)
    const quiet = time - this.slideDuration - Math.max(active, this.graph.zeroTime)
    const idle = this.#idleAfter !== undefined && quiet >= this.#idleAfter
    const watermark = Math.max(latest - this.#maxOutOfOrder, seen.mark?.watermark ?? UNKNOWN)
    seen.mark = { time, watermark, idle }
    return seen.mark
  }

  observe(observation: Observation): void {
    this.#seen.observations.enter(observation)
  }

  info(time: number): EventTimeInfo {
    const { watermark } = this.at(time)
    const { latest } = this.#seen.observations.of(time)
    return {
      stream: this.id,
      name: `${this.label}#${this.id}`,
      watermark: watermark === UNKNOWN ? undefined : watermark,
      ...(latest === UNKNOWN ? {} : { latest }),
      late: 0,
    }
  }

  override progress(): unknown {
    // `slice` may already have read later batches.
    const { latest, active } = this.#seenBefore(this.graph.batchTime + 1)
    return { latest: toJson(latest), active: toJson(active), watermark: toJson(this.#seen.mark?.watermark ?? UNKNOWN) }
  }

  override get kept(): Kept {
    const known = or(null, finite)
    return { form: this.label, progress: object({ latest: known, active: known, watermark: known }) }
  }

  override resume(progress: unknown): void {
    const { latest, active, watermark } = progress as Record<'latest' | 'active' | 'watermark', number | null>
    const seen = this.#seen
    seen.past = { latest: fromJson(latest), active: fromJson(active) }
    seen.mark = { time: UNKNOWN, watermark: fromJson(watermark), idle: false }
  }

  override drop(time: number): void {
    super.drop(time)
    this.#seen.observations.delete(time)
  }

  override forget(time: number): number[] {
    const seen = this.#seen
    for (const old of seen.observations.times()) {
      if (old > time - this.rememberDuration) continue
      const { latest, records } = seen.observations.of(old)
      seen.past = {
        latest: Math.max(seen.past.latest, latest),
        active: records > 0 ? Math.max(seen.past.active, old) : seen.past.active,
      }
      seen.observations.delete(old)
    }
    return super.forget(time)
  }

  #seenBefore(time: number): { readonly latest: number; readonly active: number } {
    let { latest, active } = this.#seen.past
    for (const earlier of this.#seen.observations.times()) {
      if (earlier >= time) continue
      const seen = this.#seen.observations.of(earlier)
      latest = Math.max(latest, seen.latest)
      if (seen.records > 0) active = Math.max(active, earlier)
    }
    return { latest, active }
  }

  protected override compute(time: number): Rdd<[number, T]> | undefined {
    const rdd = this.parents[0]!.getOrCompute(time) as Rdd<T> | undefined
    if (!rdd) return undefined
    this.#seen.observations.expect(time)
    return new StampRdd<T>(rdd, { stream: this.id, time, fn: this.#fn, label: `${this.label}#${this.id}` })
  }
}

dstreams.withTimestamps = function <T>(
  fn: (value: T) => number | Date,
  options: TimestampOptions = {},
): EventStream<T> {
  if (typeof fn !== 'function')
    throw new ArgumentError(`withTimestamps got ${typeof fn}; it takes a function that returns a record's event time.`)
  checkNames(options, ['maxOutOfOrder', 'idleAfter'], 'withTimestamps')
  const { maxOutOfOrder = 0, idleAfter } = options
  const parent = streamNode<T>(this)
  const stamped = new TimestampStream<T>(
    parent,
    capturedBy(parent, fn, 'withTimestamps'),
    zeroOrMore(maxOutOfOrder, 'maxOutOfOrder'),
    idleAfter === undefined ? undefined : multipleOfSlide(parent, idleAfter, 'idleAfter'),
  )
  return toEventStream(stamped, stamped)
}
