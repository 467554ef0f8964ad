import type { BaseRdd, RDD } from '../rdd/facade.js'
import type { Rdd } from '../rdd/rdd.js'
import { UnionRdd } from '../rdd/union.js'
import { graphOf, StreamBuilder } from './builder.js'
import { type BaseStream, type DStream, dstreams, streamNode, toDStream } from './facade.js'
import { checkTransform, onFacades, streamOperand, streamOperands, TransformedStream } from './transform.js'

declare module './facade.js' {
  interface BaseStream<T> {
    /**
     * Computes a dataset from the datasets of both streams in each batch with `fn`, as transform does. Costs as much as
     * the operations in `fn`: narrow or shuffle. If one stream has no dataset in a batch, the batch fails.
     *
     * ```ts
     * const ages = ssc.queueStream([[31]])
     * ages.transformWith(ssc.queueStream([['Bern']]), (a, b) => a.cartesian(b)).output('pairs') // [[31, 'Bern']]
     * ```
     *
     * @throws ArgumentError unless both streams belong to this context and have the same slide.
     */
    transformWith<U, R>(
      other: BaseStream<U>,
      fn: (mine: RDD<T>, theirs: RDD<U>, time: number) => BaseRdd<R>,
    ): DStream<R>
  }
}
declare module './builder.js' {
  interface StreamBuilder {
    /**
     * Concatenates streams in the order of `streams`. Narrow. If one of them has no dataset in a batch, the batch
     * fails.
     *
     * ```ts
     * ssc.union([ssc.queueStream([[1]]), ssc.queueStream([[2]]), ssc.queueStream([[3]])]).output('all') // [1, 2, 3]
     * ```
     *
     * @throws ArgumentError unless there is at least one stream, and all belong to this context and have the same
     * slide.
     */
    union<T>(streams: readonly BaseStream<T>[]): DStream<T>
    /**
     * Computes a dataset from the datasets of all streams in each batch with `fn`, as `transform` of a stream does.
     * Costs as much as the operations in `fn`: narrow or shuffle. If one stream has no dataset in a batch, the batch
     * fails.
     *
     * ```ts
     * const streams = [ssc.queueStream([[1]]), ssc.queueStream([[2]])]
     * ssc.transform(streams, ([a, b]) => a!.cartesian(b!)).output('pairs') // [[1, 2]]
     * ```
     *
     * @throws ArgumentError unless there is at least one stream, and all belong to this context and have the same
     * slide.
     */
    transform<T, R>(
      streams: readonly BaseStream<T>[],
      fn: (rdds: readonly RDD<T>[], time: number) => BaseRdd<R>,
    ): DStream<R>
  }
}

dstreams.transformWith = function <U, R>(
  other: BaseStream<U>,
  // biome-ignore lint/suspicious/noExplicitAny: the declaration above has the type
  fn: (mine: RDD<any>, theirs: RDD<U>, time: number) => BaseRdd<R>,
): DStream<R> {
  const label = 'transformWith'
  checkTransform(fn, label)
  const parents = [streamNode(this), streamOperand(other, label)]
  const both = onFacades<R>(([mine, theirs], time) => fn(mine as never, theirs as RDD<U>, time), label)
  return toDStream(new TransformedStream<R>(parents, both, label))
}
StreamBuilder.prototype.union = function <T>(streams: readonly BaseStream<T>[]): DStream<T> {
  const { context } = graphOf(this)
  const parents = streamOperands(streams, 'union')
  return toDStream(new TransformedStream<T>(parents, (rdds) => new UnionRdd<T>(context, rdds as Rdd<T>[]), 'union'))
}
StreamBuilder.prototype.transform = <T, R>(
  streams: readonly BaseStream<T>[],
  fn: (rdds: readonly RDD<T>[], time: number) => BaseRdd<R>,
): DStream<R> => {
  checkTransform(fn, 'transform')
  const all = onFacades<R>((rdds, time) => fn(rdds as RDD<T>[], time), 'transform')
  return toDStream(new TransformedStream<R>(streamOperands(streams, 'transform'), all, 'transform'))
}
