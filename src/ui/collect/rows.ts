import type { JobInfo } from '../../engine/progress/job-info.js'
import type { InputLag, StreamsStatus } from '../../engine/status/streams-status.js'

export type { TableInfo } from '../../engine/streaming/table-reader.js'

/** An error as text: its stack has the user's lines. */
export interface ErrorText {
  readonly name: string
  readonly code?: string
  readonly message: string
  readonly stack: string
}

/** A job without its error object. */
export type JobRow = Omit<JobInfo, 'error'> & { readonly error?: ErrorText }

export interface OutputRow {
  readonly id: number
  readonly label: string
  readonly ms: number
  readonly error?: ErrorText
}

export interface InputRow {
  readonly stream: number
  readonly name: string
  readonly records?: number
  readonly bytes: number
  readonly description?: string
  readonly rate?: number
  readonly dropped?: number
}

/** A batch, as the page lists it. Times and delays are in ms. */
export interface BatchRow {
  readonly time: number
  readonly status: 'waiting' | 'running' | 'completed' | 'failed'
  readonly records: number
  readonly schedulingDelay?: number
  readonly processingDelay?: number
  readonly totalDelay?: number
  readonly deadLetters?: number
  readonly inputs: readonly InputRow[]
  readonly outputs: readonly OutputRow[]
}

/** A batch with its jobs. */
export interface BatchDetails extends BatchRow {
  readonly jobs: readonly JobRow[]
  /** Jobs that are not listed, because they are too many or their batch is too old. */
  readonly jobsOmitted: number
}

export interface CheckpointRow {
  /** The batch of the checkpoint, in ms. */
  readonly time: number
  readonly bytes?: number
  readonly ms?: number
  readonly error?: string
}

/** Counts since the start of the page. */
export interface Totals {
  readonly completed: number
  readonly failed: number
  readonly records: number
  readonly deadLetters: number
  readonly checkpointFailures: number
}

/** An input stream: its state, its newest figures, and its last error. */
export interface ConnectorRow {
  readonly stream: number
  readonly name: string
  readonly state: 'running' | 'paused' | 'stopped'
  readonly records: number
  readonly bytes: number
  readonly dropped: number
  /** Records per second of the newest batch. */
  readonly perSecond?: number
  /** The limit by back-pressure, in records per second. */
  readonly limit?: number
  /** Amount that no complete batch has read, if the source reports it. */
  readonly lag?: InputLag
  /** Offsets or files of the newest batch with data. */
  readonly description?: string
  readonly errors: number
  readonly lastError?: string
  readonly lastErrorAt?: number
}

/** A dead thread, and everything that replaced what it had. Ms are from the death. */
export interface RecoveryRow {
  readonly id: number
  /** The context's clock at the death, in ms. */
  readonly at: number
  readonly thread: number
  readonly slot: number
  readonly reason: string
  readonly message: string
  blocksLost: number
  blocksReplicated: number
  blocksRecomputed: number
  statesRebuilt: number
  tasksRetried: number
  /** Ms until all slots had threads and a spare was ready; undefined while they do not. */
  restoredAfter?: number
}

/** The losses of a slot's threads. */
export interface SlotRow {
  readonly slot: number
  restarts: number
  lastReason?: string
  lastAt?: number
}

/** The newest figures of a stream. */
export interface OperatorRow {
  readonly stream: number
  /** The newest stage that ended at the stream. */
  readonly stage?: {
    /** The batch, in ms. */
    readonly time: number
    /** Records that its tasks read. */
    readonly records: number
    readonly ms: number
  }
  /** Its operation in all tasks of a stage, as estimated from some of them. */
  readonly sample?: {
    /** The newest batch of these tasks, in ms. */
    readonly time: number
    readonly recordsIn: number
    readonly recordsOut: number
    /** Ms in its functions, of all tasks together. */
    readonly ms: number
  }
}

/** Everything but the batches: what the page shows at one moment. */
export interface Overview {
  readonly status: StreamsStatus
  readonly startedAt?: number
  /** How far the streams are behind, in ms, and why; undefined if they keep up. */
  readonly lagging?: { readonly behind: number; readonly reason: string }
  readonly totals: Totals
  readonly slots: readonly SlotRow[]
  readonly recovery: readonly RecoveryRow[]
  readonly connectors: readonly ConnectorRow[]
  readonly checkpoints: readonly CheckpointRow[]
  readonly operators: readonly OperatorRow[]
  readonly chaos: boolean
}
