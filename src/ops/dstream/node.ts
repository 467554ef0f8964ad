import type { Check } from '../../values/schema.js'
import type { Partitioner } from '../dataset.js'
import type { Rdd } from '../rdd/rdd.js'
import type { StorageLevel } from '../rdd/storage-level.js'
import type { InputSource } from '../source.js'

/** How a stream keeps data from batch to batch: a checkpoint's data must fit it. */
export interface Kept {
  /** The operation, with everything about it that its data depends on. */
  readonly form: string
  /** Checks what an earlier process saved as `progress`. Undefined if there is no progress. */
  readonly progress?: Check
  /** Present if it keeps state by key: where the keys are. */
  readonly partitioner?: Partitioner
  /** The version of the state's values, as the program counts them. */
  readonly stateVersion?: number
  /** Returns a state's value in this version, from one of an earlier version; undefined or null removes its key. */
  readonly upgrade?: (old: unknown, fromVersion: number) => unknown
}

/** The past batches of its parent that a window holds: those after `since`. Before `begun` it did not exist. */
export interface HeldBatches {
  readonly begun: number
  readonly since: number
}

/** The past batches of its parent that a checkpoint has for a window. */
export interface RestoredBatches {
  readonly begun: number
  readonly times: readonly number[]
}

/** A stream as its graph and the engine see it: the dataset of each batch, and how long each is remembered. */
export interface StreamNode {
  /** Unique in its graph: the number of streams created before it. */
  readonly id: number
  readonly label: string
  readonly parents: readonly StreamNode[]
  /** Milliseconds between two datasets of this stream. */
  readonly slideDuration: number
  /** How it keeps data from batch to batch; undefined if it keeps none. */
  readonly kept: Kept | undefined
  /** The level at which every dataset of the stream is persisted. */
  readonly storage: StorageLevel | undefined
  /** Milliseconds between two checkpoints of the state, if the user chose them. */
  readonly checkpointInterval: number | undefined
  /** The newest version of the stream's keyed state. */
  readonly newestVersion: number | undefined
  /** How long, in ms, datasets of this stream are remembered after their batch. */
  readonly rememberDuration: number
  /** How far back, in ms, this stream reads the datasets of its parents. */
  readonly parentRemember: number

  /** Returns whether the stream fires at a time, that is, a whole number of slides after zero time. */
  isValid(time: number): boolean
  /** Returns the dataset of a time. The first call computes it; later calls return the remembered one. */
  getOrCompute(time: number): Rdd<unknown> | undefined
  /** Returns the times of all remembered datasets. */
  remembered(): number[]
  /** Returns the times, up to `time`, of the first parent's datasets that batches after `time` read. */
  neededAfter(time: number): readonly number[]
  /** Returns the past batches that a window holds after the batch at `time`; undefined for other streams. */
  held(time: number): HeldBatches | undefined
  /** Returns the time after which a window needs all batches, when it first fires after `time`. */
  needsSince(time: number): number
  /** Lists faults of this stream itself, which start() reports: one message each. */
  faults(): string[]

  /**
   * Remembers datasets for at least `duration` ms. start() calls it: children report how long they need the datasets of
   * their parents.
   */
  remember(duration: number): void
  /** Forgets the datasets of `time - rememberDuration` and earlier. Returns their times. */
  forget(time: number): number[]
  /** Drops the dataset of a skipped batch: from now on the stream has no dataset at `time`. */
  drop(time: number): void

  /**
   * Starts after a batch of an earlier process: datasets before it are forgotten unless they are restored. `past`: those that
   * are restored for this stream, if it is a window.
   */
  beginAfter(time: number, past: RestoredBatches | undefined): void
  /** Restores the dataset of a past batch, or that there was none. */
  restore(time: number, rdd: Rdd<unknown> | undefined): void
  /** Returns, as JSON for checkpoints, the state of the run that is neither in the graph nor in the datasets. */
  progress(): unknown
  /** Restores what `progress` returned in an earlier process. */
  resume(progress: unknown): void
}

/** An input as its graph and the engine see it. */
export interface InputNode extends StreamNode {
  readonly source: InputSource<unknown>
  /** Whether its datasets must contain the outcome of each record. */
  readonly outcomes: { readonly areKept: boolean }
}
