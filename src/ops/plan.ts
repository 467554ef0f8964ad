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
  /** `[key, [left, right]]` for all values with equal keys; what has no partner is kept with `undefined`, or dropped. */
  | {
      readonly op: 'join'
      readonly of: readonly [Plan, Plan]
      readonly keepLeft: boolean
      readonly keepRight: boolean
    }
  /** Two or more plans handed to one function as arrays: `fn(partition, ...records)`. */
  | { readonly op: 'zip'; readonly of: readonly Plan[]; readonly fn: FnRef; readonly label: string }
  /**
   * `of` as the partition whose number is the one number of input `slot`: for parents whose partitions have other numbers
   * than the task. The number comes as an input so that one plan serves all partitions.
   */
  | { readonly op: 'at'; readonly of: Plan; readonly slot: number }
  /** Each record with its event time, as `[time, record]`; input `slot` says for whom the times are observed. */
  | { readonly op: 'stamp'; readonly of: Plan; readonly fn: FnRef; readonly slot: number; readonly label: string }
  /**
   * `[key, [time, value]]` combined by key and part of a window of event time. Of fixed windows: `[key, [pane, accumulator]]`,
   * and before them what is too late, as `[key, [time, value, true]]`. Of sessions: `[key, [first, last, accumulator]]`, and
   * before them what may be too late, as `[key, [time, value]]`. Input `slot` has the watermark that tells which.
   */
  | {
      readonly op: 'parts'
      readonly of: Plan
      readonly slot: number
      readonly window: EventWindowOperator['window']
      readonly allowedLateness: number
      readonly aggregator: Aggregator
      readonly label: string
    }
  /** Passes the records on and keeps them in a block named by input `slot`. */
  | { readonly op: 'keep'; readonly of: Plan; readonly slot: number }
  /** A version of kept state, made in the thread that holds the version before. */
  | {
      readonly op: 'state'
      readonly slot: number
      readonly operator: StateOperator
      /** Groups of plans whose pairs the version is made of; what each group means is the operator's. */
      readonly changes: readonly (readonly Plan[])[]
      /**
       * `entries`: the pairs of the state; `output`: the records that making the version gave; `late`: those it refused;
       * `nothing`: the version is made, and no records of it are read.
       */
      readonly emit: 'entries' | 'output' | 'late' | 'nothing'
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
  | EventWindowOperator
  | EventJoinOperator

/** Windows of equal length that begin at multiples of the slide, plus the offset; in ms. */
export interface FixedWindows {
  readonly kind: 'fixed'
  readonly size: number
  readonly slide: number
  readonly offset: number
}

/** Windows of event time by key. Groups: what `parts` gives, or for sessions of lists `[key, [time, value]]`. Times and lengths in ms. */
export interface EventWindowOperator {
  readonly kind: 'eventWindow'
  readonly window: FixedWindows | { readonly kind: 'session'; readonly gap: number }
  /** How the values of a key in a window become one. Without `mapSide` records of sessions travel as they are. */
  readonly aggregator: Aggregator
  /** Makes a neutral value for parts of a window to be merged into; without it the first part is taken. */
  readonly neutral?: FnRef
  readonly allowedLateness: number
  /** Whether results name their key. */
  readonly keyed: boolean
}

/** Pairs of both sides with equal keys and lower <= theirs - mine <= upper. Groups: each side's `[key, [time, value]]`. */
export interface EventJoinOperator {
  readonly kind: 'eventJoin'
  readonly lower: number
  readonly upper: number
  /** Sides whose records are also given alone, once nothing can match them any more. */
  readonly keepLeft: boolean
  readonly keepRight: boolean
}

/** What a version of event-time state knows of event time. Fixed when its batch is made, so each remake is the same. */
export interface VersionWatermarks {
  /** The watermark of the version before: what lies behind it was dealt with then. */
  readonly before: number
  readonly now: number
}

/** Whose event times a task observes: a stream's, in a batch, in a partition. */
export interface ObservedPlace {
  readonly stream: number
  readonly time: number
  readonly partition: number
}

/** What a task saw of event time. The same task saw the same, however often it runs. */
export interface Observation extends ObservedPlace {
  readonly records: number
  /** Records that came too late. */
  readonly late: number
  /** The greatest event time; -Infinity without records. */
  readonly latest: number
}

/** Operations that call their function once a record. */
export type RecordOp = 'map' | 'filter' | 'flatMap' | 'mapValues' | 'flatMapValues'

/** The slot of the input that tells what becomes of a record whose function throws. Without one the task fails. */
export type RejectsSlot = number

/** One operation of a fused loop. `label` names the operation in errors. */
export type Step =
  | {
      readonly op: RecordOp
      readonly fn: FnRef
      readonly label: string
      readonly rejects?: RejectsSlot
      /** With `rejects`: gives `[made]` for what comes out and `[undefined, letter]` for a record that is given up. */
      readonly outcomes?: boolean
    }
  /** `fn(records, partitionIndex)` sees the whole partition and returns an iterable. */
  | { readonly op: 'mapPartitions'; readonly fn: FnRef; readonly label: string }
  | AsyncStep

/** A step whose function answers with promises. The task awaits them before the steps that follow run. */
export interface AsyncStep {
  readonly op: 'mapAsync'
  readonly fn: FnRef
  readonly label: string
  /** `fn` sees the whole partition at once, as mapPartitions, instead of a record. */
  readonly whole: boolean
  /** Calls in flight at a time. */
  readonly concurrency: number
  /** Results in the order of records, or as they come. */
  readonly ordered: boolean
  /** Ms that one call may take. */
  readonly timeout?: number
  readonly rejects?: RejectsSlot
  /** As that of the other steps. */
  readonly outcomes?: boolean
}

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
  /** Deals records out in turn, across all map partitions. */
  | { readonly kind: 'deal'; readonly partitions: number }
  | { readonly kind: 'custom'; readonly partitions: number; readonly fn: FnRef }

/** What a task does with the records of its plan. */
export type Sink =
  /** Writes one block with a part for each reduce partition. */
  | { readonly op: 'shuffle'; readonly partitioner: PartitionerSpec; readonly aggregator?: Aggregator }
  /** Writes the records into one block and returns its handle. */
  | { readonly op: 'collect' }
  | { readonly op: 'count' }
  /** Returns what `fn(records, partitionIndex)` returns or resolves with, which must be plain data. */
  | { readonly op: 'apply'; readonly fn: FnRef; readonly label: string }
  /** Calls `fn(record)` on each record, one after the other; awaits what it returns where that is a promise. */
  | { readonly op: 'foreach'; readonly fn: FnRef; readonly label: string }

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
