import { ArgumentError, StateError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { checkFunction } from '../functions/check-function.js'
import { checkNested } from '../functions/nested.js'
import type { AnyFunction } from '../functions/ref.js'
import { isThenable } from '../functions/results.js'
import { type BaseRdd, facade, isRdd, nodeOf, type RDD, RddFacade } from '../rdd/facade.js'
import type { Rdd } from '../rdd/rdd.js'
import { UnionRdd } from '../rdd/union.js'
import { required, Stream } from './dstream.js'
import { type BaseStream, type DStream, dstreams, isDStream, streamNode, toDStream } from './facade.js'

declare module './facade.js' {
  interface BaseStream<T> {
    /**
     * Computes a dataset from the dataset of each batch with `fn`. `fn` runs in the driver once per batch, and may use
     * any operation of datasets, including joins with other datasets. Costs as much as these operations: narrow or
     * shuffle. Functions written inside `fn` are shipped as source, so they cannot capture variables, unless the
     * pipeline module exports them.
     *
     * ```ts
     * ssc.queueStream([[3, 1, 2]]).transform((rdd) => rdd.sortBy((x) => x)).output('sorted') // [1, 2, 3]
     * ```
     *
     * @throws CaptureError if a function written inside `fn`, as an argument of an operation of `rdd`, captures
     *   variables. Functions defined elsewhere fail the batch that uses them.
     */
    transform<U>(fn: (rdd: RDD<T>, time: number) => BaseRdd<U>): DStream<U>
    /**
     * Returns the elements of both streams in each batch. Narrow. If one stream has no dataset in a batch, the batch
     * fails.
     *
     * ```ts
     * ssc.queueStream([[1]]).union(ssc.queueStream([[2]])).output('both') // [1, 2]
     * ```
     *
     * @throws ArgumentError unless both streams belong to this context and have the same slide.
     */
    union<U>(other: BaseStream<U>): DStream<T | U>
  }
}

/** An RDD that a function computes from the parents' RDDs. If a parent has no dataset, the batch fails. */
export class TransformedStream<U> extends Stream<U> {
  readonly #fn: (rdds: Rdd<unknown>[], time: number) => Rdd<U>

  constructor(
    parents: readonly Stream<unknown>[],
    fn: (rdds: Rdd<unknown>[], time: number) => Rdd<U>,
    label = 'transform',
  ) {
    checkSlides(parents, label)
    super(parents[0]!.graph, label, parents, parents[0]!.slideDuration)
    this.#fn = fn
  }

  protected override compute(time: number): Rdd<U> {
    const rdds = this.parents.map((parent) => required(parent, time, this.label))
    return this.#fn(rdds, time)
  }
}

/** Turns a function on users' datasets into a function on nodes. */
export function onFacades<U>(
  fn: (rdds: RDD<unknown>[], time: number) => unknown,
  label: string,
): (rdds: Rdd<unknown>[], time: number) => Rdd<U> {
  return (rdds, time) => {
    const result = fn(rdds.map(facade), time)
    if (isRdd(result)) return nodeOf(result) as Rdd<U>
    // Without a handler, a rejection of this promise would end the process.
    if (isThenable(result)) result.then(undefined, () => {})
    throw new StateError(
      `${label} at ${time} ms: its function returned ${describe(result)}; it must return a dataset.`,
      { time },
    )
  }
}

/** Returns the node of an operation's other stream. @throws ArgumentError for anything else. */
export function streamOperand<T>(other: BaseStream<T>, label: string): Stream<T> {
  if (!isDStream(other)) throw new ArgumentError(`${label} needs another stream, got ${describe(other)}.`)
  return streamNode<T>(other)
}

/** Returns the nodes of several streams. @throws ArgumentError unless it gets an array of streams. */
export function streamOperands<T>(streams: readonly BaseStream<T>[], label: string): Stream<T>[] {
  if (!Array.isArray(streams)) throw new ArgumentError(`${label} needs an array of streams, got ${describe(streams)}.`)
  const foreign = streams.findIndex((stream) => !isDStream(stream))
  if (foreign >= 0) throw new ArgumentError(`${label} needs streams, got ${describe(streams[foreign])}.`)
  return streams.map((stream) => streamNode(stream))
}

/**
 * @throws ArgumentError unless all streams belong to one context and have one slide, so that a batch can read them
 * together.
 */
export function checkSlides(parents: readonly Stream<unknown>[], label: string): void {
  const first = parents[0]
  if (!first) throw new ArgumentError(`${label} needs at least one stream.`)
  if (parents.some((p) => p.graph !== first.graph))
    throw new ArgumentError(`${label}: the streams belong to different contexts. Create all of them with one context.`)
  if (parents.some((p) => p.slideDuration !== first.slideDuration)) {
    const slides = parents.map((p) => `${p.slideDuration} ms`).join(', ')
    throw new ArgumentError(
      `${label}: the streams have different slide durations (${slides}). Use window() to bring them to one slide first.`,
    )
  }
}

/**
 * Checks a function from datasets to a dataset, and the functions written inside it, when the graph is built.
 */
export function checkTransform(fn: AnyFunction, label: string): void {
  checkFunction(fn, label)
  checkNested(
    fn,
    label,
    (name) => typeof (RddFacade.prototype as unknown as Record<string, unknown>)[name] === 'function',
  )
}

dstreams.transform = function <T, U>(fn: (rdd: RDD<T>, time: number) => BaseRdd<U>): DStream<U> {
  checkTransform(fn, 'transform')
  const run = onFacades<U>(([rdd], time) => fn(rdd as RDD<T>, time), 'transform')
  return toDStream(new TransformedStream<U>([streamNode(this)], run))
}
dstreams.union = function <T, U>(other: BaseStream<U>): DStream<T | U> {
  const parents = [streamNode<T>(this), streamOperand(other, 'union')]
  const { context } = parents[0]!.graph
  const both = (rdds: Rdd<unknown>[]) => new UnionRdd<T | U>(context, rdds as Rdd<T | U>[])
  return toDStream(new TransformedStream<T | U>(parents, both, 'union'))
}
