import { ArgumentError } from '../../errors.js'
import { builtin } from '../functions/builtin.js'
import '../rdd/min-max-top.js'
import { describe } from '../../values/describe.js'
import { repartitioned } from './by-key.js'
import type { Stream } from './dstream.js'
import { chain } from './elementwise.js'
import { type DStream, dstreams, streamNode, toDStream } from './facade.js'

type Compare<T> = (a: T, b: T) => number

declare module './facade.js' {
  interface BaseStream<T> {
    /**
     * Returns the `n` greatest elements of each batch, greatest first, by `compare` or the natural order. An empty
     * batch has none. Shuffles to one partition; each task sends only its own greatest `n`.
     *
     * ```ts
     * ssc.queueStream([[3, 10, 9]]).top(2).output('top') // [10, 9]
     * ```
     *
     * @throws ArgumentError unless `n` is a whole number of at least 1.
     */
    top(n: number, compare?: (a: T, b: T) => number): DStream<T>
    /**
     * Returns the `n` smallest elements of each batch, smallest first, by `compare` or the natural order. Shuffles to
     * one partition; each task sends only its own smallest `n`.
     *
     * ```ts
     * ssc.queueStream([['pear', 'fig']]).takeOrdered(1, (a, b) => a.length - b.length).output('short') // ['fig']
     * ```
     *
     * @throws ArgumentError unless `n` is a whole number of at least 1.
     */
    takeOrdered(n: number, compare?: (a: T, b: T) => number): DStream<T>
  }
}

function ordered<T>(stream: Stream<T>, n: number, compare: Compare<T> | undefined, sign: number, label: string) {
  if (!Number.isInteger(n) || n < 1) {
    throw new ArgumentError(`${label}(${describe(n)}): n must be a whole number of elements of at least 1.`, {
      given: n,
    })
  }
  const best = () => builtin('firstInOrder', n, compare ?? builtin('naturalOrder'), sign)
  // Equal elements stay in the order of the partitions: a reduce partition reads its parts in that order.
  const parts = chain<T>(stream, 'mapPartitions', best(), label)
  return chain<T>(repartitioned(parts, 1), 'mapPartitions', best(), label)
}

dstreams.top = function (n, compare) {
  return toDStream(ordered(streamNode(this), n, compare, -1, 'top'))
}
dstreams.takeOrdered = function (n, compare) {
  return toDStream(ordered(streamNode(this), n, compare, 1, 'takeOrdered'))
}
