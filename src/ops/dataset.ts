import type { FileSystems } from '../files/file-systems.js'
import type { FileRange } from '../files/identity.js'
import type { FnRef } from './functions/ref.js'
import type { Aggregator, ObservedPlace, Plan, VersionWatermarks } from './plan.js'
import type { StorageLevel } from './rdd/storage-level.js'
import type { FileReading, ReaderRef } from './source.js'

/** A dataset as an engine reads it: how its partitions are computed and where they are stored. */
export interface Dataset {
  /** Unique in its context. */
  readonly id: number
  /** The operation that created it, as errors and `toDebugString` name it. */
  readonly label: string
  readonly partitions: number
  /** The partitioner, if the records are partitioned by key. */
  readonly partitioner: Partitioner | undefined
  readonly dependencies: readonly Dependency[]
  /** The level that persist() chose. */
  readonly storage: StorageLevel | undefined
  /** With `storage`: the blocks outlive all threads, because two readers must see the output of the same attempt. */
  readonly survivesThreads: boolean
  /** Returns the plan of one partition. If the dataset has a checkpoint, the plan reads it. */
  plan(partition: number, planner: Planner): Plan
}

/** A dependency in which each partition reads partitions of the parent unchanged. */
export interface NarrowDependency {
  readonly kind: 'narrow'
  readonly rdd: Dataset
}

/** A dependency that redistributes the parent's records, by key or evenly. It separates two stages. */
export interface ShuffleDependency {
  readonly kind: 'shuffle'
  readonly id: number
  readonly rdd: Dataset
  readonly partitioner: Partitioner
  readonly aggregator?: Aggregator
  /** The operation, in errors of its functions. */
  readonly label: string
}

export type Dependency = NarrowDependency | ShuffleDependency

/**
 * The engine's planner, as a dataset uses it to describe one of its partitions. An *input* is a numbered input of a
 * plan.
 */
export interface Planner {
  /**
   * Returns the plan of a parent's partition: a read of its persisted block if there is one, otherwise its own plan.
   */
  of(rdd: Dataset, partition: number): Plan
  /** Returns the input with one reduce partition's parts of all map outputs. */
  shuffle(dependency: ShuffleDependency, partition: number): number
  /** Returns the input for data from outside the lineage. */
  source(source: SourcePartition): number
  /** Returns the input for a partition of state. */
  state(request: StateRequest): number
  /** Returns the input with the policy for records whose function throws. */
  rejects(rdd: RejectingDataset, partition: number): number
  /** Returns the input that names the stream whose event times the task observes. */
  observe(place: ObservedPlace): number
  /** Returns the input with the previous watermark: windows that end at or before it have been emitted. */
  watermark(before: number): number
}

/** Files that are listed when a task first needs them. */
export interface FilesToList {
  readonly systems: FileSystems
  readonly path: string
  /** Whether the path is the directory of a save, which must be complete and whose parts have an order. */
  readonly isSave: boolean
  /** The operation, in errors. */
  readonly label: string
  /** The expected number of files of a save, if it is known. */
  readonly parts?: number
  /** Set if the files do not contain lines of text. */
  readonly reading?: FileReading
}

/** The data of one partition of a source. */
export type SourcePartition =
  | {
      readonly from: 'values'
      readonly rdd: Dataset
      readonly partition: number
      readonly values: readonly unknown[]
    }
  | {
      readonly from: 'received'
      readonly rdd: Dataset
      readonly partition: number
      readonly slices: readonly unknown[]
      /** Whether the blocks are freed, because later batches need only what was persisted of them. */
      readonly isFreed: boolean
    }
  | {
      readonly from: 'file'
      readonly rdd: Dataset
      readonly partition: number
      readonly range: FileRange
      readonly reading: FileReading | undefined
      readonly rejects: number | undefined
    }
  /** Part `index` of `of` equal parts of files. The engine lists them once for each dataset. */
  | {
      readonly from: 'file-part'
      readonly rdd: Dataset
      readonly partition: number
      readonly files: FilesToList
      readonly index: number
      readonly of: number
      readonly rejects: number | undefined
    }
  /** A partition of a direct source, read by a module of its own. */
  | {
      readonly from: 'reader'
      readonly rdd: Dataset
      readonly partition: number
      readonly reader: ReaderRef
      readonly input: object
      /** The input that receives records which the reader rejects. */
      readonly rejects: number | undefined
    }
  | { readonly from: 'range'; readonly start: number; readonly end: number; readonly step: number }

/** One version of one partition of state. */
export interface StateRequest {
  readonly partition: number
  readonly rdd: StatefulDataset
}

/** A dataset whose partitions are state. To replay versions, the engine reads the changes again. */
export interface StatefulDataset extends Dataset {
  /** The stream that keeps the state. */
  readonly operator: number
  /** The version: a batch time. */
  readonly time: number
  /** The version before this one; undefined at the start of the stream. */
  readonly previous: number | undefined
  /** Whether this version searches for keys whose timeout has passed. */
  readonly scan: boolean
  /** The watermarks; only for state by event time. */
  readonly watermarks: VersionWatermarks | undefined
  changes(partition: number, planner: Planner): readonly (readonly Plan[])[]
}

/** A dataset with a step that rejects records whose function throws, instead of failing its task. */
export interface RejectingDataset extends Dataset {
  readonly rejecting: Rejecting
}

export interface Rejecting {
  /** Whether rejected records are stored as dead letters. They are counted either way. */
  readonly keep: boolean
  /** The batch time of the RDD, if it belongs to a stream. */
  readonly time?: number
  /** Whether a reader yields outcomes in place of records: `[record]`, or `[undefined, letter]` for a rejected one. */
  readonly outcomes?: boolean
}

/**
 * Maps keys to partitions. `hash` sends equal keys to one partition. `range` orders partitions by key; its first job
 * samples the keys to find the bounds. `deal` spreads records evenly, regardless of their keys.
 */
export type Partitioner =
  | { readonly kind: 'hash'; readonly partitions: number }
  | RangePartitioner
  | { readonly kind: 'deal'; readonly partitions: number }
  | CustomPartitioner

/** A partitioner by a user's function. */
export interface CustomPartitioner {
  readonly kind: 'custom'
  readonly partitions: number
  /** The function's identity: partitioners with the same function partition keys identically. */
  // biome-ignore lint/suspicious/noExplicitAny: a function of keys of any type
  readonly identity: (key: any) => number
}

/** A partitioner whose function a context has captured. */
export interface CapturedPartitioner extends CustomPartitioner {
  /** The reference by which threads find the function. */
  readonly fn: FnRef
}

/** A partitioner by ranges of keys, which `sortByKey` creates. */
export interface RangePartitioner {
  readonly kind: 'range'
  readonly partitions: number
  readonly ascending: boolean
}

/** Every range partitioner is one: no other way creates them. The engine finds the bounds once, by sampling `sampled`. */
export interface SampledPartitioner extends RangePartitioner {
  readonly sampled: Dataset
  /** The operation, for errors of its functions. */
  readonly label: string
  readonly key: FnRef
  readonly compare?: FnRef
  bounds?: readonly unknown[]
}
