import { checkNames } from '../option-names.js'
import type { Partitions } from '../rdd/by-key.js'
import type { Rdd } from '../rdd/rdd.js'
import { capturedBy, type DStream, pairStreams, streamFace } from './dstream.js'
import { KeptStateStream } from './kept-state.js'

export interface UpdateOptions<K, S> {
  readonly partitions?: Partitions
  /** The state before the first batch that has a dataset. */
  readonly initialState?: Rdd<readonly [K, S]>
}

type Dropped = undefined | null

declare module './dstream.js' {
  interface PairStream<K, V> {
    /**
     * Keeps a state for each key: in every batch `fn` sees each live key with the values that came (none, for most) and its
     * state, and answers with the new state; undefined or null ends the key. One pair a live key in every batch. Shuffle;
     * the cost of a batch follows the keys that exist (see mapWithState for one that follows the records).
     *
     * `form: 'time'`: `fn(time, key, values, state)`. `form: 'iterator'`: `fn` sees all of a partition as an iterable of
     * `[key, values, state]` and gives an iterable of `[key, state]`; keys it leaves out end.
     */
    updateStateByKey<S>(
      fn: (values: V[], state: S | undefined) => S | Dropped,
      options?: UpdateOptions<K, S>,
    ): DStream<[K, S]>
    updateStateByKey<S>(
      fn: (time: number, key: K, values: V[], state: S | undefined) => S | Dropped,
      options: UpdateOptions<K, S> & { readonly form: 'time' },
    ): DStream<[K, S]>
    updateStateByKey<S>(
      fn: (entries: Iterable<[key: K, values: V[], state: S | undefined]>) => Iterable<[K, S]>,
      options: UpdateOptions<K, S> & { readonly form: 'iterator' },
    ): DStream<[K, S]>
  }
}

pairStreams.updateStateByKey = function (fn, options) {
  checkNames(options ?? {}, ['partitions', 'initialState', 'form'], 'updateStateByKey')
  const {
    partitions,
    initialState,
    form = 'values',
  } = (options as UpdateOptions<unknown, unknown> & { form?: 'time' | 'iterator' | 'values' }) ?? {}
  return streamFace(
    new KeptStateStream<[unknown, unknown]>(this, 'updateStateByKey', {
      how: {
        kind: 'update',
        fn: capturedBy(this, fn, 'updateStateByKey', form === 'iterator' ? 'each' : 'value'),
        form,
      },
      emit: 'entries',
      partitions,
      initial: initialState,
      startsEmpty: false,
    }),
  )
}
