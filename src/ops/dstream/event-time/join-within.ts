import { ArgumentError } from '../../../errors.js'
import { checkNames } from '../../option-names.js'
import type { Partitions } from '../../rdd/by-key.js'
import { type Duration, formatMillis } from '../../time.js'
import { difference } from './durations.js'
import { EventStateStream, LateStream } from './event-state.js'
import { type EventInput, EventNode, type EventStream, eventStream } from './event-stream.js'
import type { LateRecords } from './event-windows.js'
import { HeldBackWatermarks } from './watermarks.js'

export interface JoinWithinOptions {
  /** Their time less mine is at least this: `'-5m'` where theirs may be up to 5 minutes older. */
  readonly lower: Duration
  /** Their time less mine is at most this. */
  readonly upper: Duration
  /** Where keys are put. Default: the context's parallelism. */
  readonly partitions?: Partitions
}

/** Joined pairs, each at the later of its two times, and the records of both sides that came too late. */
export type JoinStream<K, V, W, L = V | W> = EventStream<[K, [V, W]]> & LateRecords<[K, L]>

declare module './event-stream.js' {
  interface EventPairs<K, V> {
    /**
     * All pairs of values with equal keys whose times are no further apart than the bounds: `mine + lower <= theirs <= mine +
     * upper`. The batches in which they come do not matter. Shuffle of both sides; a record is kept until the watermark,
     * which is the lesser of both sides, has passed all that it could meet. Throws ArgumentError unless lower <= upper.
     *
     * ```ts
     * const shown = ssc.queueStream([[['ad1', 1000]], []] as [string, number][][]).withTimestamps(([, time]) => time)
     * const clicked = ssc.queueStream([[], [['ad1', 4000], ['ad1', 99000]]] as [string, number][][])
     *   .withTimestamps(([, time]) => time)
     * shown.joinWithin(clicked, { lower: 0, upper: '10s' }).output('clicks') // []; [['ad1', [1000, 4000]]]
     * ```
     */
    joinWithin<W>(other: EventInput<readonly [K, W]>, options: JoinWithinOptions): JoinStream<K, V, W>
    /**
     * As joinWithin, and what nothing has met, alone: in the batch whose watermark has passed all that it could meet. The
     * watermark of the results is behind by as much.
     */
    leftOuterJoinWithin<W>(
      other: EventInput<readonly [K, W]>,
      options: JoinWithinOptions,
    ): JoinStream<K, V, W | undefined, V | W>
    rightOuterJoinWithin<W>(
      other: EventInput<readonly [K, W]>,
      options: JoinWithinOptions,
    ): JoinStream<K, V | undefined, W, V | W>
    fullOuterJoinWithin<W>(
      other: EventInput<readonly [K, W]>,
      options: JoinWithinOptions,
    ): JoinStream<K, V | undefined, W | undefined, V | W>
  }
}

function joining(label: string, keepLeft: boolean, keepRight: boolean) {
  return function (this: EventNode<unknown>, other: unknown, options: JoinWithinOptions) {
    if (!(other instanceof EventNode))
      throw new ArgumentError(
        `${label} joins two streams of event time: give the other one its times by withTimestamps().`,
      )
    if (typeof options !== 'object' || options === null)
      throw new ArgumentError(`${label} needs its bounds: { lower: '-5m', upper: '5m' }.`)
    checkNames(options, ['lower', 'upper', 'partitions'], label)
    const lower = difference(options.lower, 'lower')
    const upper = difference(options.upper, 'upper')
    if (lower > upper) {
      throw new ArgumentError(
        `${label}: lower is ${signed(lower)} and upper ${signed(upper)}; nothing can be between them. Give lower <= upper.`,
        { lower, upper },
      )
    }
    const state = new EventStateStream([this, other], {
      label,
      place: 'timedByPair',
      partitions: options.partitions,
      how: { kind: 'eventJoin', lower, upper, keepLeft, keepRight },
    })
    // What is given alone is that much older than the watermark which says that nothing will meet it.
    const behind = Math.max(0, keepLeft ? upper : 0, keepRight ? -lower : 0)
    const joined = eventStream(state, new HeldBackWatermarks(state.watermarks, behind))
    return Object.assign(joined, { lateRecords: () => new LateStream(state) })
  }
}

function signed(ms: number): string {
  return ms < 0 ? `-${formatMillis(-ms)}` : formatMillis(ms)
}

Object.assign(EventNode.prototype, {
  joinWithin: joining('joinWithin', false, false),
  leftOuterJoinWithin: joining('leftOuterJoinWithin', true, false),
  rightOuterJoinWithin: joining('rightOuterJoinWithin', false, true),
  fullOuterJoinWithin: joining('fullOuterJoinWithin', true, true),
})
