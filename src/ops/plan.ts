import type { FnRef } from './functions/ref.js'

/**
 * A task's computation, as plain data. A plan contains no blocks, times or ids of a batch: the task brings those as
 * numbered inputs. One plan therefore serves every batch, and a thread receives and compiles it once.
 */
export type Plan =
  /** The records of an input: blocks, a byte range of a file, or a range of numbers. */
  | { readonly op: 'input'; readonly input: number }
  /** Element-wise steps, run as one loop over the records of `of`. */
  | { readonly op: 'chain'; readonly of: Plan; readonly steps: readonly Step[] }
  /** The records of several plans, one plan after the other. */
  | { readonly op: 'concat'; readonly of: readonly Plan[] }
  /** The reduce side of a shuffle: one part of every map output, in the order of the map partitions. */
  | { readonly op: 'merge'; readonly input: number; readonly aggregator?: Aggregator }
  /** Values combined by key when equal keys are already in one partition: a reduceByKey without a shuffle. */
  | { readonly op: 'combine'; readonly of: Plan; readonly aggregator: Aggregator }
  /** For each key of any input: `[key, [values of input 0, values of input 1, ...]]`. */
  | { readonly op: 'cogroup'; readonly of: readonly Plan[] }
  /**
   * `[key, [left, right]]` for all pairs of values with equal keys. A value without a partner is dropped or paired with
   * `undefined`.
   */
  | {
      readonly op: 'join'
      readonly of: readonly [Plan, Plan]
      /** Whether pairs with partners are returned, one record for each partner. */
      readonly keepMet: boolean
      readonly keepLeft: boolean
      readonly keepRight: boolean
    }
  /** Passes the records of two or more plans to one function, as arrays: `fn(partition, ...records)`. */
  | { readonly op: 'zip'; readonly of: readonly Plan[]; readonly fn: FnRef; readonly label: string }
  /**
   * Computes `of` as if it were another partition, for parents whose partition numbers differ from the task's. The
   * partition number is the value of an input, so that one plan serves all partitions.
   */
  | { readonly op: 'at'; readonly of: Plan; readonly input: number }
  /**
   * Pairs each record with its event time, as `[time, record]`. The input names the stream that observes the times.
   */
  | { readonly op: 'stamp'; readonly of: Plan; readonly fn: FnRef; readonly input: number; readonly label: string }
  /**
   * `[key, [time, value]]` combined by key and part of an event-time window. Fixed windows yield late records as `[key,
   * [time, value, true]]`, then `[key, [pane, accumulator]]`. Sessions yield possibly late records as `[key, [time,
   * value]]`, then `[key, [first, last, accumulator]]`. The input holds the watermark that decides which records are
   * late.
   */
  | {
      readonly op: 'parts'
      readonly of: Plan
      readonly input: number
      readonly window: EventWindowOperator['window']
      readonly allowedLateness: number
      readonly aggregator: Aggregator
      readonly label: string
    }
  /** Yields the records and also persists them, in the block that its input names. */
  | { readonly op: 'keep'; readonly of: Plan; readonly input: number }
  /** A version of keyed state, computed in the thread that has the previous version. */
  | {
      readonly op: 'state'
      readonly input: number
      readonly operator: StateOperator
      /** Groups of plans whose pairs change the state. Each operator defines what its groups mean. */
      readonly changes: readonly (readonly Plan[])[]
      /**
       * `entries`: the pairs of the state. `output`: the records that the operator emits. `late`: the late records.
       * `output-and-late`: those of `output`, and the late ones in a block of their own. `nothing`: computes the version without reading
       * records from it.
       */
      readonly emit: 'entries' | 'output' | 'late' | 'output-and-late' | 'nothing'
      readonly label: string
    }

/** How a version of keyed state is computed from the previous version. */
export type StateOperator =
  /**
   * Groups: the pairs that enter the window, and the pairs that leave it. `counted`: keys that `filter` refuses stay, out of
   * sight, until no batch of the window has them. Otherwise `filter` refuses only those that no batch has.
   */
  | {
      readonly kind: 'window'
      readonly reduce: FnRef
      readonly inverse: FnRef
      readonly filter?: FnRef
      readonly counted: boolean
    }
  /** updateStateByKey. Groups: the batch's pairs and, in the first batch, the initial state. */
  | { readonly kind: 'update'; readonly fn: FnRef; readonly form: 'values' | 'time' | 'iterator' }
  /**
   * mapWithState. Groups as in `update`. `timeout` is in ms. `ignoresKey`: the function never reads its key. `sharesState`: it
   * never uses its state object after the call.
   */
  | {
      readonly kind: 'map'
      readonly fn: FnRef
      readonly timed: boolean
      readonly timeout?: number
      readonly ignoresKey: boolean
      readonly sharesState: boolean
    }
  | EventWindowOperator
  | EventJoinOperator

/** Windows of equal length whose starts are multiples of the slide plus the offset; in ms. */
export interface FixedWindows {
  readonly kind: 'fixed'
  readonly size: number
  readonly slide: number
  readonly offset: number
}

/**
 * Event-time windows by key. Groups: the output of `parts`; for sessions of lists, `[key, [time, value]]`. Times and
 * lengths are in ms.
 */
export interface EventWindowOperator {
  readonly kind: 'eventWindow'
  readonly window: FixedWindows | { readonly kind: 'session'; readonly gap: number }
  /** How the values of a key in a window are combined. Without `mapSide`, sessions shuffle the records themselves. */
  readonly aggregator: Aggregator
  /** Creates a neutral value into which parts of a window are merged. Without it, the first part is used. */
  readonly neutral?: FnRef
  readonly allowedLateness: number
  /** Whether results contain their key. */
  readonly keyed: boolean
}

/**
 * Pairs of both sides with equal keys and lower <= theirs - mine <= upper. Groups: `[key, [time, value]]` of each side.
 */
export interface EventJoinOperator {
  readonly kind: 'eventJoin'
  readonly lower: number
  readonly upper: number
  /** The sides whose unmatched records are emitted too, once no further record can match them. */
  readonly keepLeft: boolean
  readonly keepRight: boolean
}

/**
 * The watermarks of a version of event-time state. The driver fixes them with the batch, so every recomputation uses
 * the same.
 */
export interface VersionWatermarks {
  /** The watermark of the previous version, which has emitted all windows up to it. */
  readonly before: number
  readonly now: number
}

/** The stream, batch and partition whose event times a task observes. */
export interface ObservedPlace {
  readonly stream: number
  readonly time: number
  readonly partition: number
}

/** The event times that a task observed. They are equal for every attempt of the task. */
export interface Observation extends ObservedPlace {
  readonly records: number
  /** The number of late records. */
  readonly late: number
  /** The greatest event time; -Infinity without records. */
  readonly latest: number
}

/** Operations that call their function once per record. */
export type RecordOp = 'map' | 'filter' | 'flatMap' | 'mapValues' | 'flatMapValues'

/** The number of the input with the policy for records whose function throws. Without it, the task fails. */
export type RejectsInput = number

/** One operation of a fused loop. `label` names it in errors. */
export type Step =
  | {
      readonly op: RecordOp
      readonly fn: FnRef
      readonly label: string
      readonly rejects?: RejectsInput
      /** With `rejects`: yields `[result]`, or `[undefined, letter]` for a dropped record. */
      readonly outcomes?: boolean
    }
  /** `fn(records, partitionIndex)` receives the whole partition and returns an iterable. */
  | { readonly op: 'mapPartitions'; readonly fn: FnRef; readonly label: string }
  | AsyncStep

/** A step whose function returns promises. The task awaits them before it runs the following steps. */
export interface AsyncStep {
  readonly op: 'mapAsync'
  readonly fn: FnRef
  readonly label: string
  /** Whether `fn` receives the whole partition at once, as in mapPartitions, instead of one record. */
  readonly whole: boolean
  /** The largest number of calls in flight. */
  readonly concurrency: number
  /** Whether results keep the order of records; otherwise they come in the order in which calls complete. */
  readonly ordered: boolean
  /** The timeout of one call, in ms. */
  readonly timeout?: number
  readonly rejects?: RejectsInput
  /** As in the other steps: whether it yields outcomes. */
  readonly outcomes?: boolean
}

/** How the values of one key are combined. Without `create`, the first value becomes the first accumulator. */
export interface Aggregator {
  readonly create?: FnRef
  readonly mergeValue: FnRef
  readonly mergeCombiners: FnRef
  /**
   * Whether the map side combines values before it writes them. Otherwise it writes raw values, and the reduce side
   * combines them.
   */
  readonly mapSide: boolean
  readonly label: string
}

/** How a record's reduce partition is chosen. */
export type PartitionerSpec =
  | { readonly kind: 'hash'; readonly partitions: number }
  /**
   * `bounds` are the upper limits (inclusive) of all partitions except the last. `key` extracts the value to compare.
   */
  | {
      readonly kind: 'range'
      readonly partitions: number
      readonly bounds: readonly unknown[]
      readonly key: FnRef
      readonly compare?: FnRef
      readonly ascending: boolean
    }
  /** Deals records to the reduce partitions in turn, continuing from one map partition to the next. */
  | { readonly kind: 'deal'; readonly partitions: number }
  | { readonly kind: 'custom'; readonly partitions: number; readonly fn: FnRef }

/** How a task consumes the records of its plan. */
export type Sink =
  /** Writes one block that has a part for each reduce partition. */
  | {
      readonly op: 'shuffle'
      readonly partitioner: PartitionerSpec
      readonly aggregator?: Aggregator
      /** The operation, in errors of its functions. */
      readonly label: string
    }
  /** Writes the records into one block and returns its handle. */
  | { readonly op: 'collect' }
  | { readonly op: 'count' }
  /** Returns the result of `fn(records, partitionIndex)`, or the value of its promise. It must be plain data. */
  | { readonly op: 'apply'; readonly fn: FnRef; readonly label: string }
  /** Returns the first `n` records. */
  | { readonly op: 'take'; readonly n: number }
  /** Calls `fn(record)` for each record in turn, and awaits each promise that it returns. */
  | { readonly op: 'foreach'; readonly fn: FnRef; readonly label: string }

/** A plan and its sink: the unit that threads identify by number and compile once. */
export interface Program {
  readonly plan: Plan
  readonly sink: Sink
}

/** The batch and partition for which a user function runs. */
export interface TaskPlace {
  readonly partition: number
  /** Batch time in ms, or undefined in a batch job. */
  readonly batchTime?: number
}
