import type { EventTimeInfo } from '../../ops/dstream/event-time/info.js'

/** Ms that a batch spent in each phase, by real time, also under a manual clock. */
export interface BatchPhases {
  /**
   * Assigning its input: sealing received data, and requesting partitions from direct sources. May overlap with the
   * batch before.
   */
  readonly allocate: number
  /** Building its datasets from the graph, with the functions of `transform`. */
  readonly plan: number
  /** Running its output operations and the jobs of its state. */
  readonly run: number
  /** Recording that its outputs are done, committing the positions of sources, and releasing old data. */
  readonly commit: number
  /** Collecting the data of a checkpoint, if one was due. The files are written while later batches run. */
  readonly checkpoint: number
}

/** The input of one stream in a batch, as rates. Rates are records per second. */
export interface InputProgress {
  readonly stream: number
  readonly name: string
  /** 0 if the number is not known. */
  readonly records: number
  readonly bytes: number
  /** Records per second of the time since the batch before. */
  readonly inputRate: number
  /** Records per second of the batch's processing. */
  readonly processingRate: number
  /** With `backpressure`: the limit of the input. */
  readonly rateLimit?: number
  readonly description?: string
}

/** Keyed state of one operation after a batch. */
export interface StateProgress {
  readonly stream: number
  /** The operation with the id of its stream, such as `updateStateByKey#2`. */
  readonly name: string
  /** Keys that the state holds. */
  readonly keys: number
  /** Keys that the batch added, changed or removed. */
  readonly updated: number
  readonly partitions: number
}

/** The progress of one batch, like the StreamingQueryProgress of Spark. Times and durations are in ms. */
export interface BatchProgress {
  readonly time: number
  /** `failed`: an output failed and the streams stop. `skipped`: the same with `onBatchError: 'skip'`. */
  readonly status: 'succeeded' | 'failed' | 'skipped'
  readonly schedulingDelay: number
  readonly processingDelay: number
  readonly totalDelay: number
  readonly phases: BatchPhases
  readonly records: number
  /** Records per second of the time since the batch before. */
  readonly inputRate: number
  /** Records per second of the batch's processing: what the streams could sustain. */
  readonly processingRate: number
  readonly inputs: readonly InputProgress[]
  readonly outputs: readonly {
    readonly id: number
    readonly label: string
    readonly ms: number
    readonly error?: Error
  }[]
  /** The lowest watermark of the event-time streams; undefined without any, or before the first record. */
  readonly watermark: number | undefined
  readonly eventTime: readonly EventTimeInfo[]
  readonly state: readonly StateProgress[]
  /** Records that were dropped because their function threw. */
  readonly deadLetters: number
  /** Batches that are due and not complete. */
  readonly waiting: number
}
