import { ArgumentError } from '../errors.js'
import { checkFunction } from './functions/check-function.js'
import { guarded } from './functions/guard.js'
import { describe } from './functions/plain-data.js'
import type { AnyFunction } from './functions/ref.js'

/**
 * The small interface between a source and the engine. A source file imports this and nothing else of the engine.
 *
 * - A **receiver** is pushed to from outside (sockets, HTTP, iterables). It runs in the driver and hands bytes or
 *   records to a ReceiverSink, which cuts them into blocks; the batch at time t gets what arrived before t.
 * - A **direct** source is asked at each batch time which ranges belong to the batch (files, queues). Workers read them.
 */
export interface ReceiverSource {
  readonly kind: 'receiver'
  /** What appears in errors, events and figures: `socket 127.0.0.1:9999`. */
  readonly name: string
  /** `text`: newline-separated bytes; `records`: JavaScript values. */
  readonly codec: 'text' | 'records'
  /** Called once for each start of the stream; must not open anything yet. */
  create(): Receiver
}

export interface Receiver {
  /** Begin. Resolves when data can arrive; a rejection is reported and retried with back-off by the engine. */
  start(sink: ReceiverSink): Promise<void>
  /** End: no call on the sink after the returned promise is resolved. Must be safe to call twice and before start. */
  stop(): Promise<void>
}

export interface ReceiverSink {
  /** Ended when the stream stops: receivers give it to whatever they wait for. */
  readonly signal: AbortSignal
  /**
   * Text, without a copy: free shared memory to read into (never empty), then `advance(n)` for the n bytes that were
   * written at its beginning. A line may be split anywhere; it stays whole. The view is valid until the next call.
   */
  space(): Buffer
  advance(bytes: number): void
  /** Text, with a copy: any piece of bytes. */
  text(bytes: Uint8Array): void
  /** The end of a connection or file: an unfinished last line becomes a line. */
  endOfText(): void
  /**
   * Records, which are copied. Those that are not data are skipped and reported as a `receiverError`; the others are taken.
   */
  records(values: readonly unknown[]): void
  /**
   * Back-pressure. Undefined: continue. A promise: stop reading (pause the socket) until it resolves. Ask after every advance,
   * text or records. `text` and `records` throw BufferFullError once a receiver that does not wait has brought
   * `receiverBufferBytes` more.
   */
  full(): Promise<void> | undefined
  /** Counts records that the source dropped as there was no room: they appear in the events of the batch. */
  dropped?(records: number): void
  /** Tells listeners and the log of a fault that the receiver itself recovers from, such as a lost connection. */
  report(message: string, cause?: unknown): void
}

/** Input of one batch of a direct source, as ranges that any worker can read. Each range becomes one partition. */
export interface DirectBatch {
  readonly ranges: readonly FileRange[]
  /** What the batch consists of, for listeners: file names, offsets. */
  readonly description?: string
  /** What users should know: a missing directory, a file that was left out. Reported once each. */
  readonly warnings?: readonly string[]
  /**
   * A file that changed before any of it was read: 'fail' (default) fails the batch, 'skip' leaves the file out with a
   * warning. A file that is gone before any of it was read is left out either way; one that changed later always fails.
   */
  readonly onFileChanged?: 'fail' | 'skip'
}

/** The lines that begin at a byte in [start, end) of a file. A `.gz` file is one range: [0, its size). */
export interface FileRange {
  readonly path: string
  readonly start: number
  readonly end: number
  /** The file as it was when the range was made: readers compare. Without it a change passes unnoticed. */
  readonly file?: FileIdentity
}

/** What tells a file from another at the same path, and from itself after a change. */
export interface FileIdentity {
  readonly size: number
  readonly mtimeMs: number
  readonly inode: number
}

export interface DirectSource {
  readonly kind: 'direct'
  readonly name: string
  /** A fresh reader for each start of the stream. */
  create(): DirectReader
}

export interface DirectReader {
  /**
   * Called once at start with the time before the first batch and the batch interval, all in ms. `position`: what
   * `position()` told after the last batch of an earlier process, where a checkpoint goes on.
   */
  open(zeroTime: number, batchInterval: number, position?: unknown): Promise<void>
  /** The ranges of the batch at `time`. Called at most once a batch time, in order. */
  next(time: number): Promise<DirectBatch>
  /**
   * Where the reader is after the batch that was asked for last, as JSON has it: put into checkpoints. A reader without
   * it begins anew when the process is restarted.
   */
  position?(): unknown
  /**
   * Called after `open`, in order, for each batch that an earlier process had decided after `position`: the batch gets these
   * ranges again, and `next` is not asked. A reader without it is asked again.
   */
  replay?(time: number, batch: DirectBatch): void
  /** Releases what the reader holds. Called once, after the last batch. */
  close(): Promise<void>
}

/** A source whose records the driver holds already (queueStream): asked synchronously at each batch time. */
export interface LocalSource<T> {
  readonly kind: 'local'
  readonly name: string
  /** The records of the batch; undefined means that this batch has no dataset, which differs from an empty one. */
  next(time: number): readonly T[] | undefined
  /** The same time gives the same records, also in another process: may be used with checkpoints. Default false. */
  readonly replayable?: boolean
}

export type InputSource<T = unknown> = ReceiverSource | DirectSource | LocalSource<T>

/** The method that the engine calls first, by the kind of a source. */
const FIRST_CALL = { receiver: 'create', direct: 'create', local: 'next' } as const

/** The source itself. Throws ArgumentError unless it is one, as far as that can be told without opening it. */
export function checkSource<S extends InputSource>(source: S): S {
  if (typeof source !== 'object' || source === null) throw noSource(`got ${describe(source)}`)
  const { kind, name } = source
  if (!Object.hasOwn(FIRST_CALL, kind)) throw noSource(`got a source whose kind is ${describe(kind)}`)
  if (typeof name !== 'string' || name === '') throw noSource(`got a source whose name is ${describe(name)}`)
  const call = FIRST_CALL[kind]
  const method: unknown = (source as unknown as Readonly<Record<string, unknown>>)[call]
  if (typeof method !== 'function') throw noSource(`got a ${kind} source whose ${call} is ${describe(method)}`)
  if (source.kind === 'receiver' && source.codec !== 'text' && source.codec !== 'records')
    throw noSource(`got a receiver source whose codec is ${describe(source.codec)}`)
  return source
}

function noSource(got: string): ArgumentError {
  return new ArgumentError(
    `input() ${got}; it takes a source of your own: { kind: 'receiver', name, codec: 'text' | 'records', create() }, ` +
      `{ kind: 'direct', name, create() } or { kind: 'local', name, next(time) }.`,
  )
}

/** A function that a source calls in the driver and whose result it uses at once. Throws ArgumentError unless it is one. */
export function atOnce<F extends AnyFunction>(fn: F, label: string): F {
  return guarded(checkFunction(fn, label), 'value') as F
}
