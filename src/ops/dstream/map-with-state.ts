import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { checkFunction } from '../functions/check-function.js'
import { holdsParameter } from '../functions/meaning/holds-parameter.js'
import { readsParameter } from '../functions/meaning/reads-parameter.js'
import type { AnyFunction } from '../functions/ref.js'
import { checkPartitions } from '../partitioner.js'
import type { Partitions } from '../rdd/by-key.js'
import { type BaseRdd, isRdd, nodeOf } from '../rdd/facade.js'
import type { Rdd } from '../rdd/rdd.js'
import type { StateRdd } from '../rdd/state.js'
import { type Duration, toMillis } from '../time.js'
import { capturedBy, Stream } from './dstream.js'
import { type DStream, pairStreams, streamNode, toDStream } from './facade.js'
import { type KeyState, STATE_METHODS } from './key-state.js'
import { KeyedStateStream } from './keyed-state.js'
import { type StateVersion, type StateVersionOptions, stateVersionOf } from './state-version.js'

interface SpecParts {
  readonly fn: AnyFunction
  readonly timed: boolean
  readonly version: StateVersion
  readonly initial?: BaseRdd<readonly [unknown, unknown]>
  readonly partitions?: Partitions
  readonly timeoutMs?: number
}

let partsOf: <K, V, S, U>(spec: StateSpec<K, V, S, U>) => SpecParts

/** Describes what mapWithState does with each record. Every method returns a new description. */
export class StateSpec<K, V, S, U> {
  /** Types of the values; never set. */
  declare readonly __types?: (value: V) => U
  readonly #parts: SpecParts

  private constructor(parts: SpecParts) {
    this.#parts = parts
  }

  static {
    partsOf = (spec) => spec.#parts
  }

  /**
   * Describes `fn(key, value, state)`, whose every result is emitted. `value` is undefined if the key is timing out.
   */
  static function<K, V, S, U>(fn: (key: K, value: V | undefined, state: KeyState<S>) => U): StateSpec<K, V, S, U> {
    return new StateSpec<K, V, S, U>(specOf(checkFunction(fn, 'StateSpec.function'), false))
  }

  /** Describes `fn(time, key, value, state)`. A result of undefined or null is not emitted. */
  static withTime<K, V, S, U>(
    fn: (time: number, key: K, value: V | undefined, state: KeyState<S>) => U | undefined | null,
  ): StateSpec<K, V, S, U> {
    return new StateSpec<K, V, S, U>(specOf(checkFunction(fn, 'StateSpec.withTime'), true))
  }

  /** Sets the state before the first batch. @throws ArgumentError unless `rdd` is a dataset. */
  initialState(rdd: BaseRdd<readonly [K, S]>): StateSpec<K, V, S, U> {
    if (!isRdd(rdd)) {
      throw new ArgumentError(
        `initialState got ${describe(rdd)}; it takes a dataset of pairs, such as ssc.context.parallelize([[key, state]]).`,
      )
    }
    return new StateSpec<K, V, S, U>({ ...this.#parts, initial: rdd })
  }

  /** Sets the number of hash partitions, or the partitioner. Default: `parallelism`. */
  numPartitions(partitions: Partitions): StateSpec<K, V, S, U> {
    if (typeof partitions === 'number') checkPartitions(partitions)
    return new StateSpec<K, V, S, U>({ ...this.#parts, partitions })
  }

  /**
   * Removes keys that have had no record for longer than `duration`, after a last call of the function without a value.
   * Only batches that checkpoint the state search for such keys: every tenth batch, unless the stream's checkpoint()
   * sets another interval.
   */
  timeout(duration: Duration): StateSpec<K, V, S, U> {
    const timeoutMs = toMillis(duration, 'The timeout of a StateSpec')
    return new StateSpec<K, V, S, U>({ ...this.#parts, timeoutMs })
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
    return new StateSpec<K, V, S, U>({ ...this.#parts, version: stateVersionOf(options, 'StateSpec') })
  }
}

function specOf(fn: AnyFunction, timed: boolean): SpecParts {
  return { fn, timed, version: { stateVersion: 1 } }
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
      `mapWithState got ${describe(spec)}; it takes a StateSpec, such as StateSpec.function((key, value, state) => ...).`,
    )
  }
  const parent = streamNode(this)
  const { fn, timed, version, initial, partitions, timeoutMs } = partsOf(spec)
  let ignoresKey: boolean | undefined
  let sharesState: boolean | undefined
  const stream = new KeyedStateStream<unknown>(parent, 'mapWithState', {
    how: {
      kind: 'map',
      fn: capturedBy(parent, fn, 'mapWithState'),
      timed,
      timeout: timeoutMs,
      // Only the driver asks, when it computes a dataset: workers, which build the same graph, do not parse the function.
      get ignoresKey() {
        ignoresKey ??= !readsParameter(fn, timed ? 1 : 0)
        return ignoresKey
      },
      get sharesState() {
        sharesState ??= !holdsParameter(fn, timed ? 3 : 2, STATE_METHODS)
        return sharesState
      },
    },
    emit: 'output',
    partitions,
    initial: initial && nodeOf(initial),
    startsEmpty: true,
    version,
  })
  return Object.assign(toDStream(stream), { stateSnapshots: () => toDStream(new SnapshotsStream(stream)) })
}
