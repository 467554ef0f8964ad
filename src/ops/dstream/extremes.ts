import { ArgumentError } from '../../errors.js'
import { builtin } from '../functions/builtin.js'
import '../rdd/extremes.js'
import { type DStream, Stream } from './dstream.js'
import { chain } from './elementwise.js'

type Compare<T> = (a: T, b: T) => number

declare module './dstream.js' {
  interface Stream<T> {
    /**
     * The `n` greatest elements of each batch, greatest first, by `compare`, else the natural order. Shuffle to one
     * partition; each task sends its own best `n` only. A batch without elements gives an empty one.
     *
     * ```ts
     * ssc.queueStream([[3, 10, 9]]).top(2).output('top') // [10, 9]
     * ```
     *
     * @throws ArgumentError unless `n` is a whole number of at least 1.
     */
    top(n: number, compare?: Compare<T>): DStream<T>
    /**
     * The `n` smallest elements of each batch, smallest first, as top.
     *
     * ```ts
     * ssc.queueStream([['pear', 'fig']]).takeOrdered(1, (a, b) => a.length - b.length).output('short') // ['fig']
     * ```
     */
    takeOrdered(n: number, compare?: Compare<T>): DStream<T>
  }
}

function ordered<T>(stream: Stream<T>, n: number, compare: Compare<T> | undefined, sign: number, label: string) {
  if (!Number.isInteger(n) || n < 1) {
    throw new ArgumentError(`${label}(${n}): give a whole number of elements of at least 1.`, { given: n })
  }
  const best = () => builtin('firstInOrder', n, compare ?? builtin('naturalOrder'), sign)
  // Equal elements keep the order of the partitions: a reduce partition reads its parts in that order.
  const parts = chain<T>(stream, 'mapPartitions', best(), label)
  return chain<T>(parts.repartition(1), 'mapPartitions', best(), label)
}

Stream.prototype.top = function (n, compare) {
  return ordered(this, n, compare, -1, 'top')
}
Stream.prototype.takeOrdered = function (n, compare) {
  return ordered(this, n, compare, 1, 'takeOrdered')
}
