import { ArgumentError } from '../../../errors.js'
import { checkNames } from '../../option-names.js'
import type { Partitions } from '../../rdd/by-key.js'
import { type Duration, formatMillis } from '../../time.js'
import { toDStream } from '../facade.js'
import { difference } from './durations.js'
import { EventStateStream, LateStream } from './event-state.js'
import { type EventStream, EventStreamFacade, type EventTimed, eventNode, toEventStream } from './event-stream.js'
import type { LateRecords } from './event-windows.js'
import { HeldBackWatermarks } from './watermarks.js'

export interface JoinWithinOptions {
  /**
   * `lower`: the least allowed difference, the other record's time minus this one's. `'-5m'`: the other may be up to 5
   * minutes older.
   */
  readonly lower: Duration
  /** `upper`: the greatest allowed difference, the other record's time minus this one's. */
  readonly upper: Duration
  /** `partitions`: the number of hash partitions, or a partitioner. Default: `parallelism`. */
  readonly partitions?: Partitions
}

/**
 * A stream of joined pairs, each timed at the later of its two times, and of both sides' records that were too late.
 */
export type JoinStream<K, V, W, L = V | W> = EventStream<[K, [V, W]]> & LateRecords<[K, L]>

declare module './event-stream.js' {
  interface EventPairs<K, V> {
    /**
     * Joins pairs with equal keys whose event times satisfy `mine + lower <= theirs <= mine + upper`, whichever batches
     * they arrive in. Shuffles both. Keeps each record until the watermark, the lesser of both sides, has passed all
     * its possible partners.
     *
     * ```ts
     * const shown = ssc.queueStream([[['ad1', 1000]], []] as [string, number][][]).withTimestamps(([, time]) => time)
     * const clicked = ssc.queueStream([[], [['ad1', 4000], ['ad1', 99000]]] as [string, number][][])
     *   .withTimestamps(([, time]) => time)
     * shown.joinWithin(clicked, { lower: 0, upper: '10s' }).output('clicks') // []; [['ad1', [1000, 4000]]]
     * ```
     *
     * @throws ArgumentError unless both are event-time streams and lower <= upper.
     */
    joinWithin<W>(other: EventTimed<readonly [K, W]>, options: JoinWithinOptions): JoinStream<K, V, W>
    /**
     * Joins like joinWithin. Also emits this stream's pairs without a partner, with `undefined`, once the watermark has
     * passed all their possible partners. Shuffles both; keeps the same state as joinWithin. The watermark of the
     * result lags behind by the bound.
     *
     * ```ts
     * const shown = ssc.queueStream([[['ad1', 1000]], [['ad2', 99000]], []] as [string, number][][]).withTimestamps(([, time]) => time)
     * const clicked = ssc.queueStream([[['ad2', 99000]], []] as [string, number][][]).withTimestamps(([, time]) => time)
     * shown.leftOuterJoinWithin(clicked, { lower: 0, upper: '10s' }).filter(([key]) => key === 'ad1').output('ignored')
     * // []; []; [['ad1', [1000, undefined]]]
     * ```
     */
    leftOuterJoinWithin<W>(
      other: EventTimed<readonly [K, W]>,
      options: JoinWithinOptions,
    ): JoinStream<K, V, W | undefined, V | W>
    /**
     * Joins like joinWithin. Also emits the other stream's pairs without a partner, with `undefined`, as
     * leftOuterJoinWithin does for this stream. Shuffles both; keeps the same state as joinWithin.
     *
     * ```ts
     * const shown = ssc.queueStream([[['ad2', 99000]], []] as [string, number][][]).withTimestamps(([, time]) => time)
     * const clicked = ssc.queueStream([[['ad1', 1000]], [['ad2', 99000]], []] as [string, number][][]).withTimestamps(([, time]) => time)
     * shown.rightOuterJoinWithin(clicked, { lower: 0, upper: '10s' }).filter(([key]) => key === 'ad1').output('unasked')
     * // []; []; [['ad1', [undefined, 1000]]]
     * ```
     */
    rightOuterJoinWithin<W>(
      other: EventTimed<readonly [K, W]>,
      options: JoinWithinOptions,
    ): JoinStream<K, V | undefined, W, V | W>
    /**
     * Joins like joinWithin. Also emits both streams' pairs without a partner, with `undefined`. Shuffles both; keeps
     * the same state as joinWithin.
     *
     * ```ts
     * const shown = ssc.queueStream([[['ad1', 1000]], [['ad2', 99000]], []] as [string, number][][]).withTimestamps(([, time]) => time)
     * const clicked = ssc.queueStream([[['ad2', 99000]], []] as [string, number][][]).withTimestamps(([, time]) => time)
     * shown.fullOuterJoinWithin(clicked, { lower: 0, upper: '10s' }).filter(([key]) => key === 'ad1').output('all')
     * // []; []; [['ad1', [1000, undefined]]]
     * ```
     */
    fullOuterJoinWithin<W>(
      other: EventTimed<readonly [K, W]>,
      options: JoinWithinOptions,
    ): JoinStream<K, V | undefined, W | undefined, V | W>
  }
}

function joining(label: string, keepLeft: boolean, keepRight: boolean) {
  return function (this: EventStreamFacade, other: unknown, options: JoinWithinOptions) {
    const [left, right] = [eventNode(this)!, eventNode(other)]
    if (!right)
      throw new ArgumentError(
        `${label} joins two event-time streams, and the other one has no event times. Add them with withTimestamps().`,
      )
    if (typeof options !== 'object' || options === null)
      throw new ArgumentError(`${label} needs its bounds: { lower: '-5m', upper: '5m' }.`)
    checkNames(options, ['lower', 'upper', 'partitions'], label)
    const lower = difference(options.lower, 'lower')
    const upper = difference(options.upper, 'upper')
    if (lower > upper) {
      throw new ArgumentError(
        `${label}: lower is ${signed(lower)} and upper ${signed(upper)}; no difference satisfies both. Use lower <= upper.`,
        { lower, upper },
      )
    }
    const state = new EventStateStream([left, right], {
      label,
      place: 'timedByPair',
      partitions: options.partitions,
      how: { kind: 'eventJoin', lower, upper, keepLeft, keepRight },
    })
    // The operator emits a pair without a partner only when the watermark is past it by the bound.
    const behind = Math.max(0, keepLeft ? upper : 0, keepRight ? -lower : 0)
    const joined = toEventStream(state, new HeldBackWatermarks(state.watermarks, behind))
    return Object.assign(joined, { lateRecords: () => toDStream(new LateStream(state)) })
  }
}

function signed(ms: number): string {
  return ms < 0 ? `-${formatMillis(-ms)}` : formatMillis(ms)
}

Object.assign(EventStreamFacade.prototype, {
  joinWithin: joining('joinWithin', false, false),
  leftOuterJoinWithin: joining('leftOuterJoinWithin', true, false),
  rightOuterJoinWithin: joining('rightOuterJoinWithin', false, true),
  fullOuterJoinWithin: joining('fullOuterJoinWithin', true, true),
})
