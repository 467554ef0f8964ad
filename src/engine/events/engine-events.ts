import type { ThreadLossReason, ThreadLostError } from '../../errors.js'
import type { DeadLetterBatch } from '../dead-letters/dead-letter.js'
import type { StopResult } from '../streaming/stop-result.js'
import type { LogDamage } from '../write-ahead-log/log-damage.js'
import type { BatchInfo, OutputInfo } from './batch-info.js'
import type { BatchProgress } from './batch-progress.js'
import type { JobEvents } from './job-events.js'

/** Records that a restart lost, because their source cannot replay them. */
export interface LostRecords {
  /** The number of the input stream. */
  readonly stream: number
  readonly name: string
  /** Received records of the batches since the checkpoint; 'unknown' if no log counted them. */
  readonly records: number | 'unknown'
  /**
   * The last batch that `records` covers. Later records were only in the memory of the process, and are not counted.
   */
  readonly countedUntil: number
}

/** Results, map outputs or persisted partitions that are discarded and recomputed. */
export interface Rollback {
  readonly kind: 'task' | 'shuffle' | 'persisted'
  /** The operation of these partitions. */
  readonly label: string
  readonly partitions: readonly number[]
}

/** A step of the clock, and the batch times after it. */
export interface ClockStep {
  /**
   * `'set-back'`: the clock was set back. `'set-ahead'`: it jumped further than `maxCatchUpBatches` covers. `'behind'`: at
   * the start it is behind the newest checkpoint. `'rejoined'`: it has reached the batch times again.
   */
  readonly reason: 'set-back' | 'set-ahead' | 'behind' | 'rejoined'
  /** The length of the step in ms. */
  readonly by: number
  /** The time of the next batch. */
  readonly next: number
  /** Ms by which batch times are ahead of the clock from now on; negative: behind it. */
  readonly offset: number
}

/** Notices of a driver thread that were dropped while its host was blocked. */
export interface NoticesDropped {
  /** The number of dropped events, by name. */
  readonly events: Readonly<Record<string, number>>
  /** Log messages. */
  readonly logs: number
  /** Batches of `print()`. */
  readonly prints: number
}

/** Every event with its fields. Also published as diagnostics channels named `millrace:<event>`. */
export interface EngineEvents extends JobEvents {
  /** The first action, or start(), has started the threads. */
  contextStarted: { readonly threads: number }
  /** The context has stopped: the last event. */
  contextStopped: Record<never, never>
  /** start() has started threads and receivers. Batches follow every `batchInterval` ms. */
  streamingStarted: { readonly batchInterval: number }
  /** The streams have stopped, with the result of stop(). They emit no later event. */
  streamingStopped: StopResult
  /** A tick has created a batch, which waits for the batches before it. */
  batchSubmitted: BatchInfo
  /** The first output of a batch starts. */
  batchStarted: BatchInfo
  /** All outputs of a batch have ended. In `outputs`, `error` marks those that failed. */
  batchCompleted: BatchInfo
  /** A batch has ended, with its checkpoint: its phases, rates, watermark and state. Created only for a listener. */
  batchProgress: BatchProgress
  /** An output operation of a batch starts. `id` as in OutputInfo. Created only for a listener. */
  outputStarted: { readonly time: number; readonly id: number; readonly label: string }
  /** An output operation of a batch has ended, after its retries. Created only for a listener. */
  outputCompleted: OutputInfo & { readonly time: number }
  /** With onBatchError 'skip': outputs of this batch failed and are skipped. */
  batchSkipped: { readonly time: number; readonly outputs: readonly string[]; readonly error: unknown }
  /**
   * The oldest unfinished batch, at `time`, is `behind` ms older than the newest: at least five intervals and 10 s.
   * Emitted once until `caughtUp`. `batches`: the number of waiting and running batches. `reason`: the running output,
   * and the slowest output of the previous batch.
   */
  lagging: { readonly time: number; readonly behind: number; readonly batches: number; readonly reason: string }
  /** After `lagging`: at most one batch waits behind the complete one at `time`. */
  caughtUp: { readonly time: number }
  /** The clock was set, or is behind the newest checkpoint. Batches continue, one interval apart; emitted once a step. */
  clockStepped: ClockStep
  /** With `driver: 'thread'`: the host's thread was blocked so long that later notices were dropped. It has caught up. */
  noticesDropped: NoticesDropped
  /**
   * An output operation failed and runs again after a pause: see `outputRetries`. `attempt`: the number of the failed
   * attempt, from 1.
   */
  outputRetried: {
    readonly time: number
    readonly id: number
    readonly label: string
    readonly attempt: number
    readonly pause: number
    readonly error: unknown
  }
  /** A batch, or a job outside of batches, dropped records whose function threw: see onRecordError. */
  deadLetters: DeadLetterBatch
  /** A receiver has started, possibly after failed attempts. */
  receiverStarted: { readonly stream: number; readonly name: string }
  /**
   * A receiver has stopped: with the streams, or because it asked to, with `message` and `cause`. `restartIn`: ms until
   * it starts again.
   */
  receiverStopped: {
    readonly stream: number
    readonly name: string
    readonly message?: string
    readonly cause?: unknown
    readonly restartIn?: number
  }
  /**
   * The source waits: its bytes have reached `receiverBufferBytes`, or all blocks `memoryLimit`. Not emitted for pauses
   * by rate.
   */
  receiverPaused: { readonly stream: number; readonly name: string }
  /** The source may send again, after `receiverPaused`. */
  receiverResumed: { readonly stream: number; readonly name: string }
  /** A receiver reports a fault from which it recovers, such as a lost connection, or records that it skipped. */
  receiverError: { readonly stream: number; readonly name: string; readonly message: string; readonly cause?: unknown }
  /** A thread is ready for tasks: in a slot, or as the spare (slot -1). */
  threadReady: { readonly thread: number; readonly slot: number }
  /** A thread died. `error` names the reason; the uncaught error of the thread is its `cause`. */
  threadLost: {
    readonly thread: number
    readonly slot: number
    readonly reason: ThreadLossReason
    readonly error: ThreadLostError
  }
  /** The spare took the slot of a dead thread. */
  threadPromoted: { readonly thread: number; readonly slot: number }
  /** A thread has warmed up on all programs of the batches, with `tasks` copies of tasks, in `ms`. */
  threadWarmedUp: { readonly thread: number; readonly tasks: number; readonly ms: number }
  /** All slots have threads and a spare is ready again, `ms` after the first loss. */
  poolRestored: { readonly ms: number }
  blocksLost: { readonly thread: number; readonly blocks: number; readonly recomputable: number }
  /**
   * Blocks of a dead thread have another owner, which has verified their checksums; or copies of blocks have been
   * written.
   */
  blocksReplicated: { readonly blocks: number; readonly ms: number }
  /** A task has recomputed a lost block from its lineage, in `ms`. */
  blockRecomputed: { readonly kind: 'shuffle' | 'persisted'; readonly partition: number; readonly ms: number }
  /**
   * Lost data came out different when it was recomputed. Results, map outputs or persisted partitions computed from the
   * old version are therefore recomputed too. See docs/guarantees.md.
   */
  rolledBack: Rollback
  taskRetried: {
    readonly job: number
    readonly partition: number
    readonly attempt: number
    readonly label: string
    readonly error: Error
  }
  /** An idle thread runs a second attempt of a slow task. */
  taskSpeculated: { readonly job: number; readonly partition: number; readonly label: string }
  /** A result was dropped, because another attempt of the task finished first. */
  resultDropped: { readonly job: number; readonly partition: number; readonly thread: number }
  /** `unpersist()` has dropped the partitions of a dataset. */
  unpersisted: { readonly rdd: number; readonly label: string }
  /** Persisted partitions or map outputs were evicted at `memoryLimit`. */
  blocksEvicted: { readonly blocks: number; readonly bytes: number }
  /** A persisted partition was written to a file: at `memoryLimit` with 'memory-and-disk', at once with 'disk'. */
  blockSpilled: { readonly rdd: number; readonly partition: number; readonly bytes: number; readonly ms: number }
  /** A task read a persisted partition from its file, and verified its checksum. */
  blockLoaded: { readonly rdd: number; readonly partition: number; readonly bytes: number; readonly ms: number }
  /** A file could not be written (the partition stays in memory) or read (the partition is recomputed). */
  spillFailed: {
    readonly operation: 'write' | 'read'
    readonly rdd: number
    readonly partition: number
    readonly bytes: number
    readonly error: Error
  }
  /**
   * A file of state beyond `stateMemory` could not be written (the partition stays in memory) or read (it is rebuilt from
   * snapshots). `bytes`: the partition's in memory.
   */
  stateSpillFailed: {
    readonly operation: 'write' | 'read'
    readonly thread: number
    readonly bytes: number
    readonly error: Error
  }
  /** A checkpoint is complete and valid. `bytes`: the bytes that were newly written for it. */
  checkpointWritten: { readonly time: number; readonly path: string; readonly bytes: number; readonly ms: number }
  /**
   * A checkpoint could not be written: the `failures`th in a row. Batches continue, the previous checkpoint still counts, and
   * another one is tried. `code`: that of the operating system, such as `'ENOSPC'`, if there is one.
   */
  checkpointFailed: {
    readonly time: number
    readonly error: unknown
    readonly code: string | undefined
    readonly failures: number
  }
  /** After `checkpointFailed`: a checkpoint was written again, after so many failures. */
  checkpointsResumed: { readonly time: number; readonly failures: number }
  /**
   * The context resumed after the batch at `checkpointTime`. It runs the `batches` that it missed, up to `restartTime`,
   * its first batch by the clock. `lost`: the sources that cannot replay the records they sent since the checkpoint.
   */
  recovered: {
    readonly path: string
    readonly checkpointTime: number
    readonly restartTime: number
    readonly batches: number
    readonly lost: readonly LostRecords[]
  }
  /** With `start({ standby: true })`: another process has the checkpoint directory, and this one waits. */
  standby: { readonly directory: string; readonly pid: number | undefined; readonly host: string | undefined }
  /** After `standby`: this process has taken the checkpoint directory, after `ms`, and resumes from the newest checkpoint. */
  standbyPromoted: { readonly directory: string; readonly ms: number }
  /** Bytes of the write-ahead log were skipped: the torn end of a file after a crash, or damage. */
  logDamaged: LogDamage
  /** A task has rebuilt keyed state from snapshots and `versions` replayed versions, in `ms`. */
  stateRebuilt: {
    readonly operator: number
    readonly partition: number
    readonly versions: number
    readonly ms: number
  }
}

export type EventName = keyof EngineEvents

export type EventListener<E extends EventName> = (event: EngineEvents[E]) => void

/** An object whose methods are named like the events that it receives. */
export type Listener = { readonly [E in EventName]?: EventListener<E> }
