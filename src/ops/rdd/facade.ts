import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import type { Partitioner } from '../dataset.js'
import type { Rdd } from './rdd.js'

/** Operations of every dataset. Operator files add their methods. */
// biome-ignore lint/correctness/noUnusedVariables: T is used by the merged declarations
export interface BaseRdd<T> {
  /**
   * Numbers the dataset in its context; `toDebugString()` shows the number as `[id]`. Runs no job.
   *
   * ```ts
   * const [first, second] = [ctx.range(3), ctx.range(3)]
   * await Promise.resolve(second.id > first.id) // true
   * ```
   */
  readonly id: number
  /**
   * Returns the partitioner of the last operation by key, or undefined if the dataset is not partitioned by key. Runs
   * no job.
   *
   * ```ts
   * const pairs = ctx.parallelize([['a', 1]] as [string, number][]).partitionBy(2)
   * await Promise.resolve(pairs.partitioner?.partitions) // 2
   * ```
   */
  readonly partitioner: Partitioner | undefined
  /**
   * Returns the number of partitions, which is the number of tasks in a stage over this dataset. Runs no job.
   *
   * ```ts
   * await Promise.resolve(ctx.range(0, 10, 1, 4).getNumPartitions()) // 4
   * ```
   */
  getNumPartitions(): number
}

/** Operations of datasets whose elements are pairs `[key, value]`. Operator files add their methods. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
// biome-ignore lint/correctness/noUnusedVariables: K and V are used by the merged declarations
export interface PairRdd<K, V> {}

/** Operations of datasets whose elements are numbers. Operator files add their methods. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface NumberRdd {}

/**
 * An immutable, partitioned dataset with a lineage: the operations that compute it. Actions compute it; all other
 * operations only extend the lineage. Datasets of pairs also have the operations by key, datasets of numbers also those
 * of numbers.
 */
export type RDD<T> = BaseRdd<T> &
  ([T] extends [readonly [infer K, infer V]] ? PairRdd<K, V> : [T] extends [number] ? NumberRdd : unknown)

/** The object behind every RDD: the operations on its prototype, and the node they read. */
export class RddFacade {
  readonly #node: Rdd<unknown>

  constructor(node: Rdd<unknown>) {
    this.#node = node
    Object.freeze(node)
  }

  static isFacade(value: unknown): value is RddFacade {
    return typeof value === 'object' && value !== null && #node in value
  }

  static nodeOf(facade: RddFacade): Rdd<unknown> {
    return facade.#node
  }

  get id(): number {
    return this.#node.id
  }

  get partitioner(): Partitioner | undefined {
    return this.#node.partitioner
  }

  getNumPartitions(): number {
    return this.#node.partitions
  }
}

// Consoles and errors print this name.
Object.defineProperty(RddFacade, 'name', { value: 'RDD' })

/** Returns the object through which users hold a node; it is always the same. The node never changes after this. */
export function facade<T>(node: Rdd<T>): RDD<T> {
  const entry = node.context.rdds.of(node)
  entry.facade ??= new RddFacade(node)
  return entry.facade as RDD<T>
}

/** Returns whether a value is a dataset as users hold it. */
export function isRdd(value: unknown): value is RDD<unknown> {
  return RddFacade.isFacade(value)
}

/** Returns the node of a dataset. @throws ArgumentError for anything else. */
export function nodeOf<T>(rdd: BaseRdd<T>): Rdd<T> {
  if (!RddFacade.isFacade(rdd)) throw new ArgumentError(`An operation of datasets was called on ${describe(rdd)}.`)
  return RddFacade.nodeOf(rdd) as Rdd<T>
}

// biome-ignore lint/suspicious/noExplicitAny: operator files implement their operations for elements of any type
export const rdds = RddFacade.prototype as unknown as BaseRdd<any>

// biome-ignore lint/suspicious/noExplicitAny: as above
type AnyPairRdd = PairRdd<any, any>
// biome-ignore lint/suspicious/noExplicitAny: as above
type AnyPairs = BaseRdd<any> & AnyPairRdd
type PairMethods = { [M in keyof AnyPairRdd]: (this: AnyPairs, ...args: Parameters<AnyPairRdd[M]>) => unknown }

/** The same prototype, typed for operations on pairs: names and parameters are checked, element types are not. */
export const pairs = RddFacade.prototype as unknown as PairMethods

type NumberMethods = {
  [M in keyof NumberRdd]: (
    this: BaseRdd<number> & NumberRdd,
    ...args: Parameters<NumberRdd[M]>
  ) => ReturnType<NumberRdd[M]>
}

/** The same prototype, typed for operations on numbers. */
export const numbers = RddFacade.prototype as unknown as NumberMethods
