import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'
import type { TaskContext } from './task-context.js'

/** An export of a module that every worker thread loads once. The export is a WriterFactory. */
export interface WriterRef {
  /** The URL of a JavaScript module. */
  readonly module: string
  readonly export: string
  /** Options of the writer, as plain data. They are sent with the tasks. */
  readonly options?: object
}

/** One write of a dataset to a sink. Its time and output identify the write, also in another process. */
export interface SinkWrite {
  /** The batch time in ms; undefined outside of batches. */
  readonly time: number | undefined
  /** The output operation: see OutputCall.outputId; undefined outside of batches. */
  readonly output: string | undefined
}

/**
 * Where datasets are written to. Workers write partitions; the driver commits the batch once all of them are written. A
 * task may run several times and a batch may be committed again after a restart, so a commit with the time and output
 * of an earlier one must change nothing.
 */
export interface DataSink<T = unknown> {
  /** The sink's name in errors and events: `postgres orders`. */
  readonly name: string
  readonly writer: WriterRef
  /** Called once in the driver, before the first write. */
  open?(): Promise<void>
  /**
   * Makes the output of all tasks visible, all partitions at once. `messages` holds the result of each writer's
   * `commit`.
   */
  commit(write: SinkWrite, messages: readonly unknown[]): Promise<void>
  /** Removes the output of the tasks, after one of them failed for good or the job was cancelled. */
  abort?(write: SinkWrite): Promise<void>
  /** Called after the last write: when the context stops, or at the end of an action. */
  close?(): Promise<void>
  /**
   * The type of the records that the sink accepts; never set. It is a method, so that a sink of a wider type is
   * assignable.
   */
  __record?(record: T): void
}

/** The task and the write that a writer works for. */
export interface WriteContext extends TaskContext, SinkWrite {
  /** The options of the sink's WriterRef. */
  readonly options: unknown
}

/** Creates the writers of a sink in a worker thread, one for each task. */
export interface WriterFactory<T = unknown> {
  open(context: WriteContext): DataWriter<T> | Promise<DataWriter<T>>
}

/** Writes one partition in private: nothing is visible before the driver's commit. */
export interface DataWriter<T = unknown> {
  write(records: readonly T[]): void | Promise<void>
  /** Ends the partition. Returns plain data for the driver's commit. */
  commit(): unknown
  /** Removes the partition's output, because the task has failed. */
  abort?(): void | Promise<void>
}

/** Returns the sink. Throws ArgumentError unless it has the required members. */
export function checkSink<S extends DataSink>(sink: S): S {
  const { name, writer, commit } = (sink ?? {}) as Partial<DataSink>
  const isRef = typeof writer?.module === 'string' && typeof writer.export === 'string'
  if (typeof name === 'string' && name !== '' && isRef && typeof commit === 'function') return sink
  throw new ArgumentError(
    `writeTo got ${describe(sink)}; it takes a sink, { name, writer: { module, export }, commit(write, messages) }, or a writable stream.`,
  )
}
