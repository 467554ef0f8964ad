import diagnostics from 'node:diagnostics_channel'
import { ArgumentError, type ThreadLossReason, type ThreadLostError } from '../errors.js'
import type { EventTimeInfo } from '../ops/dstream/event-time/info.js'
import { checkFunction } from '../ops/functions/check-function.js'
import { describe } from '../ops/functions/plain-data.js'
import { isThenable } from '../ops/functions/results.js'
import type { Rollback } from './content-versions.js'
import type { DeadLetterBatch } from './dead-letters.js'
import type { StopResult } from './stop-result.js'

/** Input of one stream in one batch. */
export interface StreamInputInfo {
  readonly stream: number
  readonly name: string
  /**
   * Records that arrived for the batch: of a receiver or a queue known before the batch starts. Of files known once tasks
   * have read all of them, until then undefined.
   */
  readonly records: number | undefined
  readonly bytes: number
  readonly description?: string
  /** Records that a pushStream dropped since the batch before, with onFull 'drop'. */
  readonly dropped?: number
  /** With `backpressure`: records a second that its receiver may bring from here on, as soon as there is a limit. */
  readonly rate?: number
}

export interface OutputInfo {
  readonly id: number
  readonly label: string
  readonly startedAt: number
  readonly endedAt: number
  readonly error?: Error
}

/** One batch, as far as it has come: times are the clock's ms; delays are ms. */
export interface BatchInfo {
  readonly time: number
  readonly submittedAt: number
  readonly startedAt?: number
  readonly endedAt?: number
  /** Waiting before the first job. */
  readonly schedulingDelay?: number
  readonly processingDelay?: number
  readonly totalDelay?: number
  /** Records of those inputs whose number is known; see StreamInputInfo. */
  readonly records: number
  /** Records that were given up as their function threw (see onRecordError); known once the batch is complete. */
  readonly deadLetters?: number
  readonly inputs: readonly StreamInputInfo[]
  readonly outputs: readonly OutputInfo[]
  /** Watermarks and late records of streams and operators of event time; in a batch that is complete. */
  readonly eventTime?: readonly EventTimeInfo[]
}

/** Every event and what it carries. Also published as diagnostics channels named `millrace:<event>`. */
export interface EngineEvents {
  /** start() has started threads and receivers; batches follow every `batchInterval` ms. */
  streamingStarted: { readonly batchInterval: number }
  /** The streams have stopped, with what the stop gave up. No later event comes from them. */
  streamingStopped: StopResult
  batchSubmitted: BatchInfo
  batchStarted: BatchInfo
  batchCompleted: BatchInfo
  /** With onBatchError 'skip': outputs of this batch failed and were given up. */
  batchSkipped: { readonly time: number; readonly outputs: readonly string[]; readonly error: unknown }
  /**
   * The oldest unfinished batch, at `time`, is `behind` ms older than the newest: five intervals and 10 s at least. Emitted
   * once until batches have caught up. `batches`: how many wait or run; `reason`: the output that runs, and the slowest one
   * of the batch before.
   */
  lagging: { readonly time: number; readonly behind: number; readonly batches: number; readonly reason: string }
  /** After `lagging`: no more than one batch waits behind the complete one at `time`. */
  caughtUp: { readonly time: number }
  /** An output operation failed and runs again after a pause; see `outputRetries`. `attempt`: the one that failed, from 1. */
  outputRetried: {
    readonly time: number
    readonly id: number
    readonly label: string
    readonly attempt: number
    readonly pause: number
    readonly error: unknown
  }
  /** Records whose function threw were given up, in a batch or a job outside of batches; see onRecordError. */
  deadLetters: DeadLetterBatch
  /** A receiver has started, also after failed attempts. */
  receiverStarted: { readonly stream: number; readonly name: string }
  receiverStopped: { readonly stream: number; readonly name: string }
  /** The source waits: its bytes are at `receiverBufferBytes`, or all blocks at `memoryLimit`. Not for pauses by rate. */
  receiverPaused: { readonly stream: number; readonly name: string }
  receiverResumed: { readonly stream: number; readonly name: string }
  receiverError: { readonly stream: number; readonly name: string; readonly message: string; readonly cause?: unknown }
  threadReady: { readonly thread: number; readonly slot: number }
  /** `error`: what is known of the end, with the uncaught error of the thread as its `cause`. */
  threadLost: {
    readonly thread: number
    readonly slot: number
    readonly reason: ThreadLossReason
    readonly error: ThreadLostError
  }
  /** The warm spare stands in for a lost thread. */
  threadPromoted: { readonly thread: number; readonly slot: number }
  /** A thread has practised, on so many copies of past tasks that took so many ms, all that the batches need. */
  threadRehearsed: { readonly thread: number; readonly tasks: number; readonly ms: number }
  /** All slots are filled and a spare is ready again, so many ms after the first loss. */
  poolRestored: { readonly ms: number }
  blocksLost: { readonly thread: number; readonly blocks: number; readonly recomputable: number }
  /** Blocks of a dead thread have another owner again, who has checked their bytes. */
  blocksReplicated: { readonly blocks: number; readonly ms: number }
  /** A block that was lost is there again, made from its lineage by a task of so many ms. */
  blockRecomputed: { readonly kind: 'shuffle' | 'kept'; readonly partition: number; readonly ms: number }
  /**
   * Lost data came out different when it was computed again, so what was made from the old version is computed again too:
   * results of tasks, map outputs, or persisted partitions of an operation. See docs/guarantees.md.
   */
  rolledBack: Rollback
  taskRetried: {
    readonly job: number
    readonly partition: number
    readonly attempt: number
    readonly label: string
    readonly error: Error
  }
  /** A slow task got a second copy. */
  taskSpeculated: { readonly job: number; readonly partition: number; readonly label: string }
  /** A result came after another attempt of the same task was first. */
  resultDropped: { readonly job: number; readonly partition: number; readonly thread: number }
  /** Kept partitions were let go because of memoryLimit. */
  blocksEvicted: { readonly blocks: number; readonly bytes: number }
  /** A kept partition was written to a file: at memoryLimit with 'memory-and-disk', at once with 'disk'. */
  blockSpilled: { readonly rdd: number; readonly partition: number; readonly bytes: number; readonly ms: number }
  /** A task read a kept partition from its file, and checked its bytes. */
  blockLoaded: { readonly rdd: number; readonly partition: number; readonly bytes: number; readonly ms: number }
  /** A file could not be written (the partition stays in memory) or read (it is computed again). */
  spillFailed: {
    readonly operation: 'write' | 'read'
    readonly rdd: number
    readonly partition: number
    readonly bytes: number
    readonly error: Error
  }
  /** A checkpoint counts from now on. `bytes`: what was written for it besides what was in files already. */
  checkpointWritten: { readonly time: number; readonly path: string; readonly bytes: number; readonly ms: number }
  /** A checkpoint could not be made: the one before still counts, and the next one is tried. */
  checkpointFailed: { readonly time: number; readonly error: unknown }
  /**
   * The context goes on from a checkpoint: after the batch at `checkpointTime`, with the batches up to `restartTime`, the
   * first by the clock. `lossy`: sources that cannot be asked again, so that what they had sent for these batches is
   * lost. How much that was, nobody knows: it was in the memory of the process that ended.
   */
  recovered: {
    readonly path: string
    readonly checkpointTime: number
    readonly restartTime: number
    readonly batches: number
    readonly lossy: readonly string[]
  }
  /** Kept state was made again from snapshots and so many replayed versions, by a task of so many ms. */
  stateRebuilt: {
    readonly operator: number
    readonly partition: number
    readonly versions: number
    readonly ms: number
  }
}

export type EventName = keyof EngineEvents

const NAMES: { readonly [E in EventName]: true } = {
  streamingStarted: true,
  streamingStopped: true,
  batchSubmitted: true,
  batchStarted: true,
  batchCompleted: true,
  batchSkipped: true,
  lagging: true,
  caughtUp: true,
  outputRetried: true,
  deadLetters: true,
  receiverStarted: true,
  receiverStopped: true,
  receiverPaused: true,
  receiverResumed: true,
  receiverError: true,
  threadReady: true,
  threadLost: true,
  threadPromoted: true,
  threadRehearsed: true,
  poolRestored: true,
  blocksLost: true,
  blocksReplicated: true,
  blockRecomputed: true,
  rolledBack: true,
  taskRetried: true,
  taskSpeculated: true,
  resultDropped: true,
  blocksEvicted: true,
  blockSpilled: true,
  blockLoaded: true,
  spillFailed: true,
  stateRebuilt: true,
  checkpointWritten: true,
  checkpointFailed: true,
  recovered: true,
}
export type EventListener<E extends EventName> = (event: EngineEvents[E]) => void
export type EveryListener = <E extends EventName>(name: E, event: EngineEvents[E]) => void

/** Delivers events to listeners and to diagnostics channels. A listener that throws or rejects is reported, never fatal. */
export class Events {
  readonly #listeners = new Map<EventName, Set<EventListener<EventName>>>()
  readonly #forEvery = new Set<EveryListener>()
  readonly #onListenerError: (error: unknown) => void

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError
  }

  /** Throws ArgumentError for an event that does not exist, or a listener that is no function. */
  on<E extends EventName>(name: E, listener: EventListener<E>): () => void {
    if (!Object.hasOwn(NAMES, name)) {
      throw new ArgumentError(`on(): there is no event ${describe(name)}. Events: ${Object.keys(NAMES).join(', ')}.`, {
        name,
      })
    }
    checkFunction(listener, `on('${name}')`, 'later')
    let set = this.#listeners.get(name)
    if (!set) this.#listeners.set(name, (set = new Set()))
    set.add(listener as EventListener<EventName>)
    return () => set.delete(listener as EventListener<EventName>)
  }

  /** Calls `listener` with every event of any name: to pass them on. It must not throw. */
  onEvery(listener: EveryListener): void {
    this.#forEvery.add(listener)
  }

  emit<E extends EventName>(name: E, event: EngineEvents[E]): void {
    const channel = diagnostics.channel(`millrace:${name}`)
    if (channel.hasSubscribers) channel.publish(event)
    for (const listener of this.#forEvery) listener(name, event)
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        const result: unknown = listener(event)
        if (isThenable(result)) result.then(undefined, this.#onListenerError)
      } catch (error) {
        this.#onListenerError(error)
      }
    }
  }

  /** No event reaches a listener from here on. */
  close(): void {
    this.#listeners.clear()
    this.#forEvery.clear()
  }
}
