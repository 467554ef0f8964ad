import { ArgumentError, StateError } from '../../errors.js'
import { checkFunction } from '../functions/check-function.js'
import { checkNested } from '../functions/nested.js'
import { describe } from '../functions/plain-data.js'
import type { AnyFunction } from '../functions/ref.js'
import { isThenable } from '../functions/results.js'
import { face, type RDD, Rdd } from '../rdd/rdd.js'
import { UnionRdd } from '../rdd/union.js'
import { type DStream, required, Stream, streamFace } from './dstream.js'

declare module './dstream.js' {
  interface Stream<T> {
    /**
     * An RDD made from each RDD by `fn`, which runs in the driver once a batch: any RDD operation, joins with datasets
     * included. Functions inside travel as source: they cannot capture variables, unless exported by the pipeline module.
     *
     * @throws CaptureError for a function written inside, as an argument of an operation of `rdd`, that captures variables;
     *   functions made elsewhere fail the batch that uses them.
     */
    transform<U>(fn: (rdd: RDD<T>, time: number) => Rdd<U>): DStream<U>
    /** The elements of both streams. Narrow; both must have the same slide. */
    union<U>(other: Stream<U>): DStream<T | U>
  }
}

/** Any function from the parents' RDDs to an RDD. A parent without a dataset fails the batch. */
export class TransformedStream<U> extends Stream<U> {
  readonly #fn: (rdds: Rdd<unknown>[], time: number) => Rdd<U>

  constructor(
    parents: readonly Stream<unknown>[],
    fn: (rdds: Rdd<unknown>[], time: number) => Rdd<U>,
    label = 'transform',
  ) {
    checkSlides(parents, label)
    super(parents[0]!.builder, label, parents, parents[0]!.slideDuration)
    this.#fn = fn
  }

  protected override compute(time: number): Rdd<U> {
    const rdds = this.parents.map((parent) => required(parent, time, this.label))
    const made: unknown = this.#fn(rdds, time)
    if (made instanceof Rdd) return made as Rdd<U>
    // A promise that rejects would end the process besides.
    if (isThenable(made)) made.then(undefined, () => {})
    throw new StateError(
      `${this.label} at ${time} ms: its function answered with ${describe(made)}; it must answer with a dataset.`,
      { time },
    )
  }
}

/** Streams that are read together must be one context's and slide together. */
export function checkSlides(parents: readonly Stream<unknown>[], label: string): void {
  if (!Array.isArray(parents)) throw new ArgumentError(`${label} needs an array of streams, got ${describe(parents)}.`)
  const foreign = parents.findIndex((parent) => !(parent instanceof Stream))
  if (foreign >= 0) throw new ArgumentError(`${label} needs streams, got ${describe(parents[foreign])}.`)
  const first = parents[0]
  if (!first) throw new ArgumentError(`${label} needs at least one stream.`)
  if (parents.some((p) => p.builder !== first.builder))
    throw new ArgumentError(`${label}: the streams belong to different contexts.`)
  if (parents.some((p) => p.slideDuration !== first.slideDuration)) {
    const slides = parents.map((p) => `${p.slideDuration} ms`).join(', ')
    throw new ArgumentError(
      `${label}: the streams have different slide durations (${slides}). Bring them to one slide with window() first.`,
    )
  }
}

/** Checks a function from datasets to a dataset when the graph is built, with the functions written inside of it. */
export function checkTransform(fn: AnyFunction, label: string): void {
  checkFunction(fn, label)
  checkNested(fn, label, (name) => typeof (Rdd.prototype as unknown as Record<string, unknown>)[name] === 'function')
}

Stream.prototype.transform = function <T, U>(this: Stream<T>, fn: (rdd: RDD<T>, time: number) => Rdd<U>): DStream<U> {
  checkTransform(fn, 'transform')
  return streamFace(new TransformedStream<U>([this], ([rdd], time) => fn(face(rdd as Rdd<T>), time)))
}
Stream.prototype.union = function <T, U>(this: Stream<T>, other: Stream<U>): DStream<T | U> {
  return streamFace(
    new TransformedStream<T | U>(
      [this, other],
      (rdds) => new UnionRdd<T | U>(this.builder.context, rdds as Rdd<T | U>[]),
      'union',
    ),
  )
}
