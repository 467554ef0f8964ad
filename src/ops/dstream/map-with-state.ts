import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { checkFunction } from '../functions/check-function.js'
import type { AnyFunction } from '../functions/ref.js'
import { checkPartitions } from '../partitioner.js'
import type { Partitions } from '../rdd/by-key.js'
import { type BaseRdd, isRdd, nodeOf } from '../rdd/facade.js'
import type { Rdd } from '../rdd/rdd.js'
import type { StateRdd } from '../rdd/state.js'
import { type Duration, toMillis } from '../time.js'
import { capturedBy, Stream } from './dstream.js'
import { type DStream, pairStreams, streamNode, toDStream } from './facade.js'
import type { KeyState } from './key-state.js'
import { KeyedStateStream } from './keyed-state.js'
import { type StateVersion, type StateVersionOptions, stateVersionOf } from './state-version.js'

/** Describes what mapWithState does with each record. Every method returns a new description. */
export class StateSpec<K, V, S, U> {
  readonly fn: AnyFunction
  readonly timed: boolean
  readonly initial: BaseRdd<readonly [K, S]> | undefined
  readonly partitions: Partitions | undefined
  readonly timeoutMs: number | undefined
  readonly version: StateVersion
  /** Types of the values; never set. */
  declare readonly __types?: (value: V) => U

  private constructor(
    fn: AnyFunction,
    timed: boolean,
    rest: Partial<Pick<StateSpec<K, V, S, U>, 'initial' | 'partitions' | 'timeoutMs' | 'version'>> = {},
  ) {
    this.fn = fn
    this.timed = timed
    this.initial = rest.initial
    this.partitions = rest.partitions
    this.timeoutMs = rest.timeoutMs
    this.version = rest.version ?? { stateVersion: 1 }
  }

  /**
   * Describes `fn(key, value, state)`, whose every result is emitted. `value` is undefined if the key is timing out.
   */
  static function<K, V, S, U>(fn: (key: K, value: V | undefined, state: KeyState<S>) => U): StateSpec<K, V, S, U> {
    return new StateSpec<K, V, S, U>(checkFunction(fn, 'StateSpec.function'), false)
  }

  /** Describes `fn(time, key, value, state)`. A result of undefined or null is not emitted. */
  static withTime<K, V, S, U>(
    fn: (time: number, key: K, value: V | undefined, state: KeyState<S>) => U | undefined | null,
  ): StateSpec<K, V, S, U> {
    return new StateSpec<K, V, S, U>(checkFunction(fn, 'StateSpec.withTime'), true)
  }

  /** Sets the state before the first batch. @throws ArgumentError unless `rdd` is a dataset. */
  initialState(rdd: BaseRdd<readonly [K, S]>): StateSpec<K, V, S, U> {
    if (!isRdd(rdd)) {
      throw new ArgumentError(
        `initialState got ${describe(rdd)}; it takes a dataset of pairs, such as ssc.context.parallelize([[key, state]]).`,
      )
    }
    return new StateSpec<K, V, S, U>(this.fn, this.timed, { ...this, initial: rdd })
  }

  /** Sets the number of hash partitions, or the partitioner. Default: `parallelism`. */
  numPartitions(partitions: Partitions): StateSpec<K, V, S, U> {
    if (typeof partitions === 'number') checkPartitions(partitions)
    return new StateSpec<K, V, S, U>(this.fn, this.timed, { ...this, partitions })
  }

  /**
   * Removes keys that have had no record for longer than `duration`, after a last call of the function without a value.
   * Only batches that checkpoint the state search for such keys: every tenth batch, unless the stream's checkpoint()
   * sets another interval.
   */
  timeout(duration: Duration): StateSpec<K, V, S, U> {
    return new StateSpec<K, V, S, U>(this.fn, this.timed, {
      ...this,
      timeoutMs: toMillis(duration, 'The timeout of a StateSpec'),
    })
  }

  /**
   * Sets the version of the state's values (1). When their form changes, raise it: `upgrade(old, fromVersion)` converts the
   * values of a checkpoint when the context starts; undefined or null removes the key.
   */
  stateVersion<O>(
    version: number,
    upgrade?: (old: O, fromVersion: number) => S | undefined | null,
  ): StateSpec<K, V, S, U> {
    const options = { stateVersion: version, upgrade: upgrade as StateVersionOptions<S>['upgrade'] }
    return new StateSpec<K, V, S, U>(this.fn, this.timed, { ...this, version: stateVersionOf(options, 'StateSpec') })
  }
}

/** The stream of mapped records that mapWithState returns, with its state as a second stream. */
export type MapWithStateStream<K, S, U> = DStream<U> & {
  /** Returns all pairs of the state in each batch. Narrow; computed only if an output reads it. */
  stateSnapshots(): DStream<[K, S]>
}

declare module './facade.js' {
  interface PairStream<K, V> {
    /**
     * Maps each record together with the state of its key, which the function may read, update and remove. Shuffle;
     * keeps one state per key. The cost of a batch depends on its records, not on the number of keys.
     *
     * ```ts
     * const spec = StateSpec.function<string, number, number, string>((key, n, state) => {
     *   state.update((state.getOption() ?? 0) + n!)
     *   return `${key}=${state.get()}`
     * })
     * ssc.queueStream<[string, number]>([[['a', 1]], [['a', 2]]]).mapWithState(spec).output('sums') // ['a=1']; ['a=3']
     * ```
     *
     * @throws ArgumentError unless `spec` is a StateSpec.
     */
    mapWithState<S, U>(spec: StateSpec<K, V, S, U>): MapWithStateStream<K, S, U>
  }
}

/** The entries of the state of a mapWithState stream. */
class SnapshotsStream<T> extends Stream<T> {
  constructor(parent: Stream<unknown>) {
    super(parent.graph, 'stateSnapshots', [parent], parent.slideDuration)
  }

  protected override compute(time: number): Rdd<T> | undefined {
    return (this.parents[0]!.getOrCompute(time) as StateRdd<unknown> | undefined)?.entries<T>()
  }
}

pairStreams.mapWithState = function (spec) {
  if (!(spec instanceof StateSpec)) {
    throw new ArgumentError(
      `mapWithState got ${describe(spec)}; ...). => it takes a StateSpec, such as StateSpec.function((key, value, state) => ...). => ...).`,
    )
  }
  const parent = streamNode(this)
  const stream = new KeyedStateStream<unknown>(parent, 'mapWithState', {
    how: { kind: 'map', fn: capturedBy(parent, spec.fn, 'mapWithState'), timed: spec.timed, timeout: spec.timeoutMs },
    emit: 'output',
    partitions: spec.partitions,
    initial: spec.initial && nodeOf(spec.initial),
    startsEmpty: true,
    version: spec.version,
  })
  return Object.assign(toDStream(stream), { stateSnapshots: () => toDStream(new SnapshotsStream(stream)) })
}
