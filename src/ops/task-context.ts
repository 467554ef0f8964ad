import type { FileSystem } from '../files/file-system.js'

/** The running task, as functions and modules that run in a worker thread see it. */
export interface TaskContext {
  /** The number of the partition. */
  readonly partition: number
  /** The batch that the task belongs to, in ms; undefined outside of batches. */
  readonly batchTime: number | undefined
  /** Aborts when the task's job is cancelled. */
  readonly signal: AbortSignal
  /**
   * Returns the thread's resource for a key, such as a connection; opens it if there is none. It lives until the thread
   * ends or until `discard`, so later tasks of the thread reuse it. `close` then releases it. When the context stops,
   * its threads wait at most 1 s for that. A thread that is killed calls nothing.
   */
  resource<R>(key: string, open: () => R | Promise<R>, close?: (resource: R) => unknown): Promise<R>
  /**
   * Discards a resource that is no longer usable, such as a broken connection, and closes it. The next call of
   * `resource` opens another.
   */
  discard(key: string): void
  /**
   * Returns the file system of an absolute path or URL, as configured by the context's `fileSystems`. It lives until
   * the thread ends. @throws ArgumentError (rejects) for a scheme that the context does not know.
   */
  fileSystem(path: string): Promise<FileSystem>
}

/** Returns the context of a task with additional properties. The signal is still created on first read. */
export function extendContext<E extends object>(task: TaskContext, extra: E): TaskContext & E {
  const context = new ExtendedContext(task)
  // Not by assignment: `extra` may have a signal of its own.
  return Object.defineProperties(context, Object.getOwnPropertyDescriptors(extra)) as unknown as TaskContext & E
}

/** A class, because V8 would make a map in the old generation for each literal with a getter, and keep the task alive by it. */
class ExtendedContext implements TaskContext {
  readonly #task: TaskContext
  readonly partition: number
  readonly batchTime: number | undefined

  constructor(task: TaskContext) {
    this.#task = task
    this.partition = task.partition
    this.batchTime = task.batchTime
  }

  get signal(): AbortSignal {
    return this.#task.signal
  }

  resource: TaskContext['resource'] = (key, open, close) => this.#task.resource(key, open, close)
  discard: TaskContext['discard'] = (key) => this.#task.discard(key)
  fileSystem: TaskContext['fileSystem'] = (path) => this.#task.fileSystem(path)
}
