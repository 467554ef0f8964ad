import type { AnyFunction, FnRef } from '../functions/ref.js'
import type { Gives } from '../functions/results.js'
import type { Partitioner } from '../partitioner.js'
import type { Aggregator, ObservedPlace, Plan, VersionWatermarks } from '../plan.js'
import type { FileRange } from '../source.js'
import type { RddBuilder } from './builder.js'
import type { StorageLevel } from './storage-level.js'

/** A parent whose partitions are read as they are. */
export interface NarrowDependency {
  readonly kind: 'narrow'
  readonly rdd: Rdd<unknown>
}

/** A parent whose records are dealt out anew by key (or evenly): the border between two stages. */
export interface ShuffleDependency {
  readonly kind: 'shuffle'
  readonly id: number
  readonly rdd: Rdd<unknown>
  readonly partitioner: Partitioner
  readonly aggregator?: Aggregator
}

export type Dependency = NarrowDependency | ShuffleDependency

/** What an RDD asks of the engine's planner while it describes one of its partitions. */
export interface Planner {
  /** The plan of a parent's partition: its kept block where there is one, else its own plan. */
  of(rdd: Rdd<unknown>, partition: number): Plan
  /** The slot of the map outputs' parts for one reduce partition. */
  shuffle(dependency: ShuffleDependency, partition: number): number
  /** The slot of data that comes from outside of the lineage. */
  source(source: SourcePartition): number
  /** The slot of a partition of kept state. */
  state(request: StateRequest): number
  /** The slot of what a step makes of records whose function throws. */
  rejects(rdd: RejectingRdd, partition: number): number
  /** The slot that says whose event times are observed. */
  observe(place: ObservedPlace): number
  /** The slot of the watermark behind which a window may have been given already. */
  watermark(before: number): number
}

/** Where a leaf of the lineage gets its records. */
export type SourcePartition =
  | {
      readonly from: 'values'
      readonly rdd: Rdd<unknown>
      readonly partition: number
      readonly values: readonly unknown[]
    }
  | {
      readonly from: 'received'
      readonly rdd: Rdd<unknown>
      readonly partition: number
      readonly slices: readonly unknown[]
    }
  | {
      readonly from: 'file'
      readonly rdd: Rdd<unknown>
      readonly partition: number
      readonly range: FileRange
    }
  /** Part `index` of `of` equal parts of a file, whose size the engine looks up once an RDD. */
  | {
      readonly from: 'file-part'
      readonly rdd: Rdd<unknown>
      readonly partition: number
      readonly path: string
      readonly index: number
      readonly of: number
    }
  | { readonly from: 'range'; readonly start: number; readonly end: number; readonly step: number }

/** One version of one partition of kept state, made from the version before. */
export interface StateRequest {
  readonly partition: number
  readonly rdd: StatefulRdd
}

/** An RDD whose partitions are kept state: the engine asks for its changes again when it replays versions. */
export interface StatefulRdd extends Rdd<unknown> {
  /** The stream that keeps the state. */
  readonly operator: number
  /** The version: a batch time. */
  readonly time: number
  /** The version it is made from; undefined at the beginning of the stream. */
  readonly previous: number | undefined
  /** Whether making it looks for keys that have been idle too long. */
  readonly scan: boolean
  /** Of state by event time. */
  readonly watermarks: VersionWatermarks | undefined
  changes(partition: number, planner: Planner): readonly (readonly Plan[])[]
}

/** An RDD of a step that gives up records whose function throws, instead of failing its task. */
export interface RejectingRdd extends Rdd<unknown> {
  readonly rejecting: Rejecting
}

export interface Rejecting {
  /** Whether such records are kept to be looked at; they are counted in any case. */
  readonly keep: boolean
  /** The batch time of the RDD, where a stream made it. */
  readonly time?: number
}

/**
 * A partitioned, immutable dataset that knows how it is computed (its lineage). Nothing runs until an action asks.
 * Operators are attached by the files of this folder, one concept a file.
 */
export interface Rdd<T> {
  /** Type of the elements; never set. */
  readonly __element?: T
}
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: operator files add their methods to the interface
// biome-ignore lint/correctness/noUnusedVariables: T is the element type of the merged interface
export abstract class Rdd<T> {
  /** Unique in its context. */
  readonly id: number
  readonly context: RddBuilder
  /** The operation that made it, as errors and `toDebugString` name it. */
  readonly label: string
  abstract readonly partitions: number
  abstract readonly dependencies: readonly Dependency[]
  /** Where keys are, if the RDD is placed by key. */
  readonly partitioner: Partitioner | undefined
  /** With `storage`: its blocks outlive all threads, as two readers must see what one attempt made. */
  keptOnce = false
  /** Set by persist(). */
  storage: StorageLevel | undefined

  constructor(context: RddBuilder, label: string, partitioner?: Partitioner) {
    this.context = context
    this.label = label
    this.partitioner = partitioner
    this.id = context.register(this)
  }

  /** Describes how one partition is computed. Called by the engine only. */
  abstract plan(partition: number, planner: Planner): Plan

  /** Forgets the lineage: from here on each partition is that of `source`, which holds the same. */
  readInstead(source: Rdd<unknown>): void {
    Object.defineProperties(this, {
      dependencies: { value: [{ kind: 'narrow', rdd: source }] },
      plan: { value: (partition: number, planner: Planner) => planner.of(source, partition) },
    })
  }

  /** The number of partitions: how many tasks a stage over this RDD has. */
  getNumPartitions(): number {
    return this.partitions
  }
}

/** Operations of RDDs whose elements are pairs `[key, value]`; operator files add to it. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
// biome-ignore lint/correctness/noUnusedVariables: K and V are used by the merged declarations
export interface PairRdd<K, V> {}

/** Operations of RDDs whose elements are numbers; operator files add to it. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface NumberRdd {}

/** A dataset of `T`; where `T` is a pair, the operations by key exist too, and where it is a number, those of numbers. */
export type RDD<T> = Rdd<T> &
  ([T] extends [readonly [infer K, infer V]] ? PairRdd<K, V> : [T] extends [number] ? NumberRdd : unknown)

/** The public face of a node: the same object, seen with its pair operations where it has them. */
export function face<T>(node: Rdd<T>): RDD<T> {
  return node as RDD<T>
}

// biome-ignore lint/suspicious/noExplicitAny: an operation of pairs works on pairs of any type
type AnyPairRdd = PairRdd<any, any>
// biome-ignore lint/suspicious/noExplicitAny: see above
type AnyPairs = Rdd<any> & AnyPairRdd
type PairMethods = { [M in keyof AnyPairRdd]: (this: AnyPairs, ...args: Parameters<AnyPairRdd[M]>) => unknown }

/** The prototype on which operator files put their pair operations: names and parameters checked, element types not. */
export const pairs = Rdd.prototype as unknown as PairMethods

type NumberMethods = {
  [M in keyof NumberRdd]: (this: Rdd<number> & NumberRdd, ...args: Parameters<NumberRdd[M]>) => ReturnType<NumberRdd[M]>
}

/** The prototype, for the files of operations of numbers. */
export const numbers = Rdd.prototype as unknown as NumberMethods

/** Makes a function known by name so that any thread can find it; throws CaptureError where it cannot travel. */
export function captured(rdd: Rdd<unknown>, fn: AnyFunction, label: string, gives?: Gives): FnRef {
  return rdd.context.capture(fn, label, gives)
}
