import type { FileSystem } from '../../../files/file-system.js'
import type { FileSystems } from '../../../files/file-systems.js'
import type { TaskContext } from '../../../ops/task-context.js'
import type { Cancellation } from './cancellation.js'
import type { ThreadResources } from './thread-resources.js'

/** The context of one task. The signal is created when it is first read, as few tasks need it. */
export class RunningTaskContext implements TaskContext {
  readonly partition: number
  readonly batchTime: number | undefined
  readonly #cancellation: Cancellation
  readonly #resources: ThreadResources
  readonly #files: FileSystems
  #signal: AbortSignal | undefined

  constructor(
    partition: number,
    batchTime: number | undefined,
    cancellation: Cancellation,
    resources: ThreadResources,
    files: FileSystems,
  ) {
    this.partition = partition
    this.batchTime = batchTime
    this.#cancellation = cancellation
    this.#resources = resources
    this.#files = files
  }

  get signal(): AbortSignal {
    if (!this.#signal) {
      const controller = new AbortController()
      this.#cancellation.onCancel((reason) => controller.abort(reason))
      this.#signal = controller.signal
    }
    return this.#signal
  }

  resource<R>(key: string, open: () => R | Promise<R>, close?: (resource: R) => unknown): Promise<R> {
    return this.#resources.get(key, open, close)
  }

  discard(key: string): void {
    this.#resources.discard(key)
  }

  fileSystem(path: string): Promise<FileSystem> {
    return this.#files.of(path)
  }
}
