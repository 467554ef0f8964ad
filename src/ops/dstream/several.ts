import { builtin } from '../functions/builtin.js'
import { face, type RDD, type Rdd } from '../rdd/rdd.js'
import { UnionRdd } from '../rdd/union.js'
import { StreamBuilder } from './builder.js'
import { type DStream, Stream, streamFace } from './dstream.js'
import { chain } from './elementwise.js'
import { checkTransform, TransformedStream } from './transform.js'

declare module './dstream.js' {
  interface Stream<T> {
    /**
     * Each partition as one array. Narrow; holds a partition in memory.
     *
     * ```ts
     * ssc.queueStream([[1, 2]]).repartition(1).glom().output('lists') // [[1, 2]]
     * ```
     */
    glom(): DStream<T[]>
    /**
     * An RDD made from the RDDs of both streams by `fn`, as transform. A stream without a dataset fails the batch. Throws
     * ArgumentError unless both have the same slide.
     *
     * ```ts
     * const a = ssc.queueStream([[1, 2, 3]])
     * a.transformWith(ssc.queueStream([[2, 4]]), (x, y) => x.subtract(y).sortBy((n) => n)).output('rest') // [1, 3]
     * ```
     */
    transformWith<U, R>(other: Stream<U>, fn: (mine: RDD<T>, theirs: RDD<U>, time: number) => Rdd<R>): DStream<R>
  }
}
declare module './builder.js' {
  interface StreamBuilder {
    /**
     * The elements of all streams. Narrow. Throws ArgumentError unless there is one, and all have the same slide.
     *
     * ```ts
     * ssc.union([ssc.queueStream([[1]]), ssc.queueStream([[2]]), ssc.queueStream([[3]])]).output('all') // [1, 2, 3]
     * ```
     */
    union<T>(streams: readonly Stream<T>[]): DStream<T>
    /**
     * An RDD made from the RDDs of all streams by `fn`, in the order of `streams`, as transform. A stream without a
     * dataset fails the batch. Throws ArgumentError unless there is one, and all have the same slide.
     *
     * ```ts
     * const streams = [ssc.queueStream([[1]]), ssc.queueStream([[2]])]
     * ssc.transform(streams, ([a, b]) => a!.cartesian(b!)).output('pairs') // [[1, 2]]
     * ```
     */
    transform<T, R>(streams: readonly Stream<T>[], fn: (rdds: readonly RDD<T>[], time: number) => Rdd<R>): DStream<R>
  }
}

Stream.prototype.glom = function () {
  return chain(this, 'mapPartitions', builtin('inOneList'), 'glom')
}
Stream.prototype.transformWith = function <T, U, R>(
  this: Stream<T>,
  other: Stream<U>,
  fn: (mine: RDD<T>, theirs: RDD<U>, time: number) => Rdd<R>,
): DStream<R> {
  checkTransform(fn, 'transformWith')
  const both = ([mine, theirs]: Rdd<unknown>[], time: number) => fn(face(mine as Rdd<T>), face(theirs as Rdd<U>), time)
  return streamFace(new TransformedStream<R>([this, other], both, 'transformWith'))
}
StreamBuilder.prototype.union = function <T>(streams: readonly Stream<T>[]): DStream<T> {
  const together = (rdds: Rdd<unknown>[]) => new UnionRdd<T>(this.context, rdds as Rdd<T>[])
  return streamFace(new TransformedStream<T>(streams, together, 'union'))
}
StreamBuilder.prototype.transform = <T, R>(
  streams: readonly Stream<T>[],
  fn: (rdds: readonly RDD<T>[], time: number) => Rdd<R>,
): DStream<R> => {
  checkTransform(fn, 'transform')
  return streamFace(new TransformedStream<R>(streams, (rdds, time) => fn(rdds as RDD<T>[], time), 'transform'))
}
