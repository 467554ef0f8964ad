import type { FnRef } from './functions/ref.js'

/**
 * What a task does, as plain data. A plan has no blocks, times or ids of a batch in it: those come with the task as
 * inputs, found by slot number. So the same plan serves every batch, is sent to a thread once, and is compiled once.
 */
export type Plan =
  /** The records of input `slot`: blocks, a byte range of a file, a range of numbers. */
  | { readonly op: 'input'; readonly slot: number }
  /** Element-wise steps, run as one loop over the records of `of`. */
  | { readonly op: 'chain'; readonly of: Plan; readonly steps: readonly Step[] }
  /** The records of several plans, one after the other. */
  | { readonly op: 'concat'; readonly of: readonly Plan[] }
  /** The reduce side of a shuffle: the parts of every map output, in the order of the map partitions. */
  | { readonly op: 'merge'; readonly slot: number; readonly aggregator?: Aggregator }
  /** Values combined by key where equal keys are already in one partition: a reduceByKey without a shuffle. */
  | { readonly op: 'combine'; readonly of: Plan; readonly aggregator: Aggregator }
  /** For each key of any input: `[key, [values of input 0, values of input 1, ...]]`. */
  | { readonly op: 'cogroup'; readonly of: readonly Plan[] }
  /** Two or more plans handed to one function as arrays: `fn(partition, ...records)`. */
  | { readonly op: 'zip'; readonly of: readonly Plan[]; readonly fn: FnRef; readonly label: string }
  /**
   * `of` as the partition whose number is the one number of input `slot`: for parents whose partitions have other numbers
   * than the task. The number comes as an input so that one plan serves all partitions.
   */
  | { readonly op: 'at'; readonly of: Plan; readonly slot: number }
  /** Passes the records on and keeps them in a block named by input `slot`. */
  | { readonly op: 'keep'; readonly of: Plan; readonly slot: number }
  /** A version of kept state, made in the thread that holds the version before. */
  | {
      readonly op: 'state'
      readonly slot: number
      readonly operator: StateOperator
      /** Groups of plans whose pairs the version is made of; what each group means is the operator's. */
      readonly changes: readonly (readonly Plan[])[]
      /** `entries`: the pairs of the state; `output`: the records that making the version gave. */
      readonly emit: 'entries' | 'output'
      readonly label: string
    }

/** How a version of kept state is made from the one before. */
export type StateOperator =
  /** Groups: pairs that enter the window, pairs that leave it. */
  | { readonly kind: 'window'; readonly reduce: FnRef; readonly inverse: FnRef; readonly filter?: FnRef }
  /** updateStateByKey. Groups: the batch's pairs; in the first batch also the initial state. */
  | { readonly kind: 'update'; readonly fn: FnRef; readonly form: 'values' | 'time' | 'iterator' }
  /** mapWithState. Groups as in `update`. `timeout` in ms. */
  | { readonly kind: 'map'; readonly fn: FnRef; readonly timed: boolean; readonly timeout?: number }

/** One operation of a fused loop. `label` names the operation in errors. */
export type Step =
  | {
      readonly op: 'map' | 'filter' | 'flatMap' | 'mapValues' | 'flatMapValues'
      readonly fn: FnRef
      readonly label: string
    }
  /** `fn(records, partitionIndex)` sees the whole partition and returns an iterable. */
  | { readonly op: 'mapPartitions'; readonly fn: FnRef; readonly label: string }

/** How the values of one key become one. Without `create` the first value is taken as it is. */
export interface Aggregator {
  readonly create?: FnRef
  readonly mergeValue: FnRef
  readonly mergeCombiners: FnRef
  /** Whether the map side combines before it writes; if not, raw values travel and the reduce side merges them. */
  readonly mapSide: boolean
  readonly label: string
}

/** Which reduce partition a record goes to. */
export type PartitionerSpec =
  | { readonly kind: 'hash'; readonly partitions: number }
  /** `bounds` are the upper limits (inclusive) of all partitions but the last; `key` picks what is compared. */
  | {
      readonly kind: 'range'
      readonly partitions: number
      readonly bounds: readonly unknown[]
      readonly key: FnRef
      readonly compare?: FnRef
      readonly ascending: boolean
    }
  /** Records are dealt out in turn, beginning at a place that depends on the map partition. */
  | { readonly kind: 'deal'; readonly partitions: number }
  | { readonly kind: 'custom'; readonly partitions: number; readonly fn: FnRef }

/** What a task does with the records of its plan. */
export type Sink =
  /** Writes one block with a part for each reduce partition. */
  | { readonly op: 'shuffle'; readonly partitioner: PartitionerSpec; readonly aggregator?: Aggregator }
  /** Writes the records into one block and returns its handle. */
  | { readonly op: 'collect' }
  | { readonly op: 'count' }
  /** Returns `fn(records, partitionIndex)`, which must be plain data. */
  | { readonly op: 'apply'; readonly fn: FnRef; readonly label: string }

/** A plan with its sink: the unit that threads know by number and compile once. */
export interface Program {
  readonly plan: Plan
  readonly sink: Sink
}

/** A number of the form `batch / partition` that tells a user function where it runs. */
export interface TaskPlace {
  readonly partition: number
  /** Batch time in ms, or undefined in a batch job. */
  readonly batchTime?: number
}
