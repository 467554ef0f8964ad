import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import type { Stream } from './dstream.js'

/** Operations of every stream. Operator files add theirs. */
// biome-ignore lint/correctness/noUnusedVariables: T is used by the merged declarations
export interface BaseStream<T> {
  /**
   * Returns the milliseconds between two batches of this stream: the batch interval or a window's slide. Runs no job.
   *
   * ```ts
   * await Promise.resolve(ssc.queueStream([[1]]).window('4s', '2s').slideDuration) // 2000
   * ```
   */
  readonly slideDuration: number
}

/** Operations of streams whose elements are pairs `[key, value]`. Operator files add theirs. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
// biome-ignore lint/correctness/noUnusedVariables: K and V are used by the merged declarations
export interface PairStream<K, V> {}

/** A stream of `T`: one dataset per slide. Streams of pairs also have the operations by key. */
export type DStream<T> = BaseStream<T> & ([T] extends [readonly [infer K, infer V]] ? PairStream<K, V> : unknown)

/** The object behind every DStream: the operations on its prototype, and the node they read. */
export class StreamFacade {
  readonly #node: Stream<unknown>

  constructor(node: Stream<unknown>) {
    this.#node = node
    node.graph.ids.claim(node)
    Object.freeze(node)
  }

  static isFacade(value: unknown): value is StreamFacade {
    return typeof value === 'object' && value !== null && #node in value
  }

  static nodeOf(facade: StreamFacade): Stream<unknown> {
    return facade.#node
  }

  get slideDuration(): number {
    return this.#node.slideDuration
  }
}

// Consoles and errors print this name.
Object.defineProperty(StreamFacade, 'name', { value: 'DStream' })

/** Wraps a node for users. The node never changes after this. */
export function toDStream<T>(node: Stream<T>): DStream<T> {
  return new StreamFacade(node) as unknown as DStream<T>
}

/** Returns whether a value is a stream as users hold it. */
export function isDStream(value: unknown): value is DStream<unknown> {
  return StreamFacade.isFacade(value)
}

/** Returns the node of a stream. @throws ArgumentError for anything else. */
export function streamNode<T>(stream: BaseStream<T>): Stream<T> {
  if (!StreamFacade.isFacade(stream)) {
    throw new ArgumentError(`An operation of streams was called on ${describe(stream)}.`)
  }
  return StreamFacade.nodeOf(stream) as Stream<T>
}

// biome-ignore lint/suspicious/noExplicitAny: operator files implement their operations for elements of any type
export const dstreams = StreamFacade.prototype as unknown as BaseStream<any>

// biome-ignore lint/suspicious/noExplicitAny: as above
type AnyPairStream = PairStream<any, any>
// biome-ignore lint/suspicious/noExplicitAny: as above
type AnyPairs = BaseStream<any> & AnyPairStream
type PairMethods = { [M in keyof AnyPairStream]: (this: AnyPairs, ...args: Parameters<AnyPairStream[M]>) => unknown }

/** The same prototype, typed for operations on pairs: names and parameters are checked, element types are not. */
export const pairStreams = StreamFacade.prototype as unknown as PairMethods
