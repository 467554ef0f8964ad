import { ArgumentError } from '../errors.js'
import type { FileRange } from '../files/identity.js'
import { describe } from '../values/describe.js'
import { checkFunction } from './functions/check-function.js'
import { guarded } from './functions/guard.js'
import type { AnyFunction } from './functions/ref.js'
import { checkOnRecordError, type OnRecordError } from './on-record-error.js'
import type { SourceLag } from './source/lag.js'
import type { ReceiverSource } from './source/receiver.js'
import type { TaskContext } from './task-context.js'

export { checkOnRecordError, type OnRecordError } from './on-record-error.js'
export type { PartLag, SourceLag } from './source/lag.js'
export type { AckAfter, Receipt, Receiver, ReceiverSink, ReceiverSource } from './source/receiver.js'

/**
 * The interface between a source and the engine. Source files import this module and nothing else of the engine.
 *
 * - A **receiver** receives data pushed from outside: see ReceiverSource.
 * - A **direct** source returns, at each batch time, the partitions of the batch (byte ranges of files, offset ranges of
 *   a log). Tasks read them in the worker threads.
 * - A **local** source holds its records in the driver.
 */

/**
 * The input of one batch of a direct source: descriptions of partitions, as plain data that any worker can read. The
 * engine records them as JSON in the checkpoint directory, so a batch that runs again in a new process reads the same
 * partitions.
 */
export interface DirectBatch<P extends object = FileRange> {
  readonly partitions: readonly P[]
  /** The content of the batch, for listeners: file names, offsets. */
  readonly description?: string
  /** How far the batch is behind the end of the source, if its protocol knows. */
  readonly lag?: SourceLag
  /** Warnings for users: a missing directory, a skipped file. Each is reported once. */
  readonly warnings?: readonly string[]
  /**
   * The policy for a file that changed before any of it was read: 'fail' (default) fails the batch, 'skip' skips the
   * file with a warning. A file deleted before any of it was read is skipped either way. A file that changes later
   * always fails the batch.
   */
  readonly onFileChanged?: 'fail' | 'skip'
  /** After `stopAtEnd`: whether nothing is left to read after this batch. */
  readonly atEnd?: boolean
}

/** An export of a module that every worker thread loads once. The export is a PartitionReader. */
export interface ReaderRef {
  /** The URL of a JavaScript module. */
  readonly module: string
  readonly export: string
  /**
   * The policy for a record that the reader passes to `context.reject`: 'fail' (default) fails its task, 'skip' drops
   * and counts it, 'dead-letter' also stores it, with its error, in `deadLetters`.
   */
  readonly onRecordError?: OnRecordError
  /**
   * Options of the reader, as plain data. They are sent with the tasks and never written to a checkpoint, so they may
   * hold secrets.
   */
  readonly options?: object
}

/** How workers read files that are not lines of text. The reader receives FilesPartitions. */
export interface FileReading {
  readonly reader: ReaderRef
  /** Whether a task can read a range of the file. Otherwise the whole file is one range. */
  readonly splits: (path: string) => boolean
}

/** The ranges of files that one partition consists of. */
export interface FilesPartition {
  readonly ranges: readonly FileRange[]
}

/** Reads partitions of a direct source in a worker thread. */
export interface PartitionReader<P extends object = object> {
  /**
   * Yields the partition in pieces. Bytes are lines of text, and the last line of a piece may lack its newline; arrays
   * are records. A partition must yield the same records each time, because a task may run again.
   */
  read(partition: P, context: ReadContext): AsyncIterable<Uint8Array | readonly unknown[]>
  /**
   * Yields the same for data that needs no waiting, such as local files. The task computes each piece before it reads
   * the next, so a partition need not fit into memory. If it returns undefined, `read` is called.
   */
  readSync?(partition: P, context: ReadContext): Iterable<Uint8Array | readonly unknown[]> | undefined
}

/** The services that a task offers to its reader. */
export interface ReadContext extends TaskContext {
  /** The options of the source's ReaderRef. */
  readonly options: unknown
  /**
   * Rejects a record that cannot be decoded, by the `onRecordError` of the ReaderRef: 'fail' throws `error`; the other
   * policies drop the record and continue. The dead letters of a batch contain `record` and `error`.
   */
  reject(record: unknown, error: unknown): void
}

export interface DirectSource<P extends object = FileRange, T = unknown> {
  readonly kind: 'direct'
  readonly name: string
  /**
   * Reads the partitions in the worker threads. Without it, partitions are FileRanges of text files, or of the format
   * in `files`.
   */
  readonly reader?: ReaderRef
  /** Reads files of a format other than text; partitions are FileRanges. */
  readonly files?: FileReading
  /** Returns a fresh reader for each start of the stream. */
  create(): DirectReader<P>
  /**
   * Checks a checkpoint's position for this source before anything starts. If the position is invalid, throws an Error
   * that says why; start() then rejects with CheckpointError. Without this method, `open` must check the position.
   */
  checkPosition?(position: unknown): void
  /**
   * The type of the records, from which `input` infers its result; never set. It is a method, so that the call may
   * narrow it.
   */
  __record?(record: T): void
}

/** The circumstances in which a reader plans a batch. */
export interface BatchRequest {
  /**
   * The moment of the batch by the context's clock. It differs from the batch time after the clock was set back, or
   * ahead by more than `maxCatchUpBatches`. Compare it with times from outside, such as modification times.
   */
  readonly clockTime: number
  /**
   * The largest number of records that back-pressure allows for the batch; Infinity without a limit. A reader that
   * counts records divides it among its partitions.
   */
  readonly maxRecords: number
}

/** The driver's half of a direct source, which plans the batches. */
export interface DirectReader<P extends object = FileRange> {
  /**
   * Called once at start with the time before the first batch and the batch interval, in ms. In a restarted process,
   * `position` is the result of `position()` after the checkpoint's last batch. An interval of Infinity means a
   * dataset: `next` is called once, and returns everything from the start of the source to its present end.
   */
  open(zeroTime: number, batchInterval: number, position?: unknown): Promise<void>
  /**
   * Called once after `open` if `start({ until: 'caught-up' })` was called. The reader notes where its input ends now,
   * and plans nothing beyond that. The batch that reaches this end has `atEnd`. Without this method, the source cannot
   * start with `until: 'caught-up'`.
   */
  stopAtEnd?(): Promise<void>
  /** Returns the partitions of the batch at `time`. Called at most once for each batch time, in order. */
  next(time: number, request: BatchRequest): Promise<DirectBatch<P>>
  /**
   * Returns the reader's position after the last batch, as JSON data for checkpoints. A reader without this method
   * starts from the beginning when the process restarts.
   */
  position?(): unknown
  /**
   * Called after `open`, in order, for each batch after `position` whose partitions an earlier process recorded. The
   * batch reads these partitions again, and `next` is not called for it. Without this method, `next` is called.
   */
  replay?(time: number, batch: DirectBatch<P>): void
  /**
   * Called in order when a batch and its outputs are complete and, with checkpoints, a checkpoint contains the batch.
   * The batch will not be read again, so the reader may commit offsets and free data. The engine reports a rejection.
   */
  committed?(time: number): Promise<void>
  /** Releases all resources of the reader. Called once, after the last batch. */
  close(): Promise<void>
}

/**
 * A source whose records are already in the driver, such as queueStream. The engine calls it synchronously at each
 * batch time.
 */
export interface LocalSource<T> {
  readonly kind: 'local'
  readonly name: string
  /**
   * Returns the records of the batch; undefined means that the batch has no dataset, which differs from an empty one.
   */
  next(time: number): readonly T[] | undefined
  /**
   * Returns whether no record is left for the next batch. Without this method, the source cannot start with `until:
   * 'caught-up'`.
   */
  atEnd?(): boolean
  /** The policy for a record that is not data: 'skip' (default) omits and reports it, 'fail' fails the batch. */
  readonly onRecordError?: 'skip' | 'fail'
  /** Whether a time has the same records in any other process too, as checkpoints require. Default false. */
  readonly replayable?: boolean
}

export type InputSource<T = unknown> = ReceiverSource<T> | DirectSource<object, T> | LocalSource<T>

/** The first method that the engine calls, by kind of source. */
const FIRST_CALL = { receiver: 'create', direct: 'create', local: 'next' } as const

/** Returns the source. Throws ArgumentError unless it is valid, as far as it can be checked without opening it. */
export function checkSource<S extends InputSource>(source: S): S {
  if (typeof source !== 'object' || source === null) throw noSource(`got ${describe(source)}`)
  const { kind, name } = source
  if (!Object.hasOwn(FIRST_CALL, kind)) throw noSource(`got a source whose kind is ${describe(kind)}`)
  if (typeof name !== 'string' || name === '') throw noSource(`got a source whose name is ${describe(name)}`)
  const call = FIRST_CALL[kind]
  const method: unknown = (source as unknown as Readonly<Record<string, unknown>>)[call]
  if (typeof method !== 'function') throw noSource(`got a ${kind} source whose ${call} is ${describe(method)}`)
  if (source.kind === 'receiver') checkReceiver(source)
  if (source.kind === 'direct') checkOnRecordError(name, source.reader?.onRecordError)
  return source
}

function checkReceiver({ codec, ackAfter }: ReceiverSource): void {
  if (codec !== 'text' && codec !== 'records') throw noSource(`got a receiver source whose codec is ${describe(codec)}`)
  if (ackAfter !== undefined && ackAfter !== 'stored' && ackAfter !== 'processed')
    throw noSource(
      `got a receiver source whose ackAfter is ${describe(ackAfter)}, which must be 'stored' or 'processed'`,
    )
}

function noSource(got: string): ArgumentError {
  return new ArgumentError(
    `input() ${got}; it takes a source of your own: { kind: 'receiver', name, codec: 'text' | 'records', create() }, ` +
      `{ kind: 'direct', name, create() } or { kind: 'local', name, next(time) }.`,
  )
}

/**
 * Checks a function that a source calls in the driver and whose result it uses at once. Throws ArgumentError if it is
 * async or otherwise unsuitable.
 */
export function atOnce<F extends AnyFunction>(fn: F, label: string): F {
  return guarded(checkFunction(fn, label), 'value', label) as F
}
