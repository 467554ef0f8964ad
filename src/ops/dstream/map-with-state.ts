import { ArgumentError } from '../../errors.js'
import { checkFunction } from '../functions/check-function.js'
import { describe } from '../functions/plain-data.js'
import type { AnyFunction } from '../functions/ref.js'
import { checkPartitions } from '../partitioner.js'
import type { Partitions } from '../rdd/by-key.js'
import { Rdd } from '../rdd/rdd.js'
import type { StateRdd } from '../rdd/state.js'
import { type Duration, toMillis } from '../time.js'
import { capturedBy, type DStream, pairStreams, Stream, streamFace } from './dstream.js'
import { KeptStateStream } from './kept-state.js'
import type { KeyState } from './key-state.js'

/** Describes what mapWithState does with each record; every method answers with a new description. */
export class StateSpec<K, V, S, U> {
  readonly fn: AnyFunction
  readonly timed: boolean
  readonly initial: Rdd<readonly [K, S]> | undefined
  readonly partitions: Partitions | undefined
  readonly timeoutMs: number | undefined
  /** Types of the values; never set. */
  declare readonly __types?: (value: V) => U

  private constructor(
    fn: AnyFunction,
    timed: boolean,
    rest: Partial<Pick<StateSpec<K, V, S, U>, 'initial' | 'partitions' | 'timeoutMs'>> = {},
  ) {
    this.fn = fn
    this.timed = timed
    this.initial = rest.initial
    this.partitions = rest.partitions
    this.timeoutMs = rest.timeoutMs
  }

  /** `fn(key, value, state)`; what it answers is always emitted. `value` is undefined where the key is timing out. */
  static function<K, V, S, U>(fn: (key: K, value: V | undefined, state: KeyState<S>) => U): StateSpec<K, V, S, U> {
    return new StateSpec<K, V, S, U>(checkFunction(fn, 'StateSpec.function'), false)
  }

  /** `fn(time, key, value, state)`; undefined or null emits nothing. */
  static withTime<K, V, S, U>(
    fn: (time: number, key: K, value: V | undefined, state: KeyState<S>) => U | undefined | null,
  ): StateSpec<K, V, S, U> {
    return new StateSpec<K, V, S, U>(checkFunction(fn, 'StateSpec.withTime'), true)
  }

  /** The state before the first batch. */
  initialState(rdd: Rdd<readonly [K, S]>): StateSpec<K, V, S, U> {
    if (!(rdd instanceof Rdd)) {
      throw new ArgumentError(
        `initialState got ${describe(rdd)}; it takes a dataset of pairs: ssc.context.parallelize([[key, state]]).`,
      )
    }
    return new StateSpec<K, V, S, U>(this.fn, this.timed, { ...this, initial: rdd })
  }

  numPartitions(partitions: Partitions): StateSpec<K, V, S, U> {
    if (typeof partitions === 'number') checkPartitions(partitions)
    return new StateSpec<K, V, S, U>(this.fn, this.timed, { ...this, partitions })
  }

  /**
   * A key without records for longer than this is handed to the function once more, without a value, and then dropped.
   * Idle keys are looked for in batches that checkpoint the state: every ten, unless the stream's checkpoint() says otherwise.
   */
  timeout(duration: Duration): StateSpec<K, V, S, U> {
    return new StateSpec<K, V, S, U>(this.fn, this.timed, {
      ...this,
      timeoutMs: toMillis(duration, 'The timeout of a StateSpec'),
    })
  }
}

/** What mapWithState gives: the mapped records, and the state itself as a stream of its own. */
export type MapWithStateStream<K, S, U> = DStream<U> & {
  /** All pairs of the state, in each batch. */
  stateSnapshots(): DStream<[K, S]>
}

declare module './dstream.js' {
  interface PairStream<K, V> {
    /**
     * Maps each record with a state of its key, which the function reads, updates and removes. Shuffle; the cost of a batch
     * follows its records, whatever the number of keys.
     */
    mapWithState<S, U>(spec: StateSpec<K, V, S, U>): MapWithStateStream<K, S, U>
  }
}

/** The entries of the state of a mapWithState stream. */
class SnapshotsStream<T> extends Stream<T> {
  constructor(parent: Stream<unknown>) {
    super(parent.builder, 'stateSnapshots', [parent], parent.slideDuration)
  }

  protected override compute(time: number): Rdd<T> | undefined {
    return (this.parents[0]!.getOrCompute(time) as StateRdd<unknown> | undefined)?.entries<T>()
  }
}

pairStreams.mapWithState = function (spec) {
  if (!(spec instanceof StateSpec)) {
    throw new ArgumentError(
      `mapWithState got ${describe(spec)}; it takes StateSpec.function((key, value, state) => ...).`,
    )
  }
  const stream = new KeptStateStream<unknown>(this, 'mapWithState', {
    how: { kind: 'map', fn: capturedBy(this, spec.fn, 'mapWithState'), timed: spec.timed, timeout: spec.timeoutMs },
    emit: 'output',
    partitions: spec.partitions,
    initial: spec.initial,
    startsEmpty: true,
  })
  return Object.assign(streamFace(stream), { stateSnapshots: () => streamFace(new SnapshotsStream(stream)) })
}
