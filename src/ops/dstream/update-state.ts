import { checkNames } from '../option-names.js'
import type { Partitions } from '../rdd/by-key.js'
import { type BaseRdd, nodeOf } from '../rdd/facade.js'
import { capturedBy } from './dstream.js'
import { type DStream, pairStreams, streamNode, toDStream } from './facade.js'
import { KeyedStateStream } from './keyed-state.js'
import { type StateVersionOptions, stateVersionOf } from './state-version.js'

export interface UpdateOptions<K, S> extends StateVersionOptions<S> {
  /** `partitions`: the number of hash partitions, or a partitioner. Default: `parallelism`. */
  readonly partitions?: Partitions
  /** `initialState` (none): the state before the first batch that has a dataset. */
  readonly initialState?: BaseRdd<readonly [K, S]>
}

declare module './facade.js' {
  interface PairStream<K, V> {
    /**
     * Keeps a state for each key. In every batch, `fn` receives each live key's new values (possibly none) and its
     * state, and returns the new state; undefined or null removes the key. Shuffle; the cost of a batch depends on the
     * number of live keys (mapWithState: on the records). Each batch of the result has one pair per live key.
     *
     * `form: 'time'`: `fn(time, key, values, state)`. `form: 'iterator'`: `fn` receives an iterable of `[key, values,
     * state]` for a whole partition and returns an iterable of `[key, state]`; keys that it omits are removed.
     *
     * ```ts
     * const clicks = ssc.queueStream<[string, number]>([[['a', 1]], [['a', 2]]])
     * clicks.updateStateByKey<number>((values, n = 0) => n + values.length).output('counts') // [['a', 1]]; [['a', 2]]
     * ```
     *
     * A program with another form of state sets `stateVersion` and converts the values of a checkpoint by `upgrade`.
     *
     * @throws ArgumentError for an unknown option.
     */
    updateStateByKey<S>(
      fn: (values: V[], state: S | undefined) => S | undefined | null,
      options?: UpdateOptions<K, S>,
    ): DStream<[K, S]>
    updateStateByKey<S>(
      fn: (time: number, key: K, values: V[], state: S | undefined) => S | undefined | null,
      options: UpdateOptions<K, S> & { readonly form: 'time' },
    ): DStream<[K, S]>
    updateStateByKey<S>(
      fn: (entries: Iterable<[key: K, values: V[], state: S | undefined]>) => Iterable<[K, S]>,
      options: UpdateOptions<K, S> & { readonly form: 'iterator' },
    ): DStream<[K, S]>
  }
}

pairStreams.updateStateByKey = function (fn, options) {
  checkNames(options ?? {}, ['partitions', 'initialState', 'form', 'stateVersion', 'upgrade'], 'updateStateByKey')
  const given = (options as UpdateOptions<unknown, unknown> & { form?: 'time' | 'iterator' | 'values' }) ?? {}
  const { partitions, initialState, form = 'values' } = given
  const parent = streamNode(this)
  return toDStream(
    new KeyedStateStream<[unknown, unknown]>(parent, 'updateStateByKey', {
      how: {
        kind: 'update',
        fn: capturedBy(parent, fn, 'updateStateByKey', form === 'iterator' ? 'each' : 'value'),
        form,
      },
      emit: 'entries',
      partitions,
      initial: initialState && nodeOf(initialState),
      startsEmpty: false,
      version: stateVersionOf(given, 'updateStateByKey'),
    }),
  )
}
