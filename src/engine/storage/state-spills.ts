import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ThreadId } from '../../ids.js'
import { decodeError } from '../../pool/error-wire.js'
import type { SpilledState, StateFault, WorkerBoot } from '../../pool/protocol.js'
import type { Events } from '../events/events.js'
import type { Logger } from '../logger.js'
import { OwnFolder } from './own-folder.js'

export interface StateSpillsOptions {
  /** Bytes of state in the memory of all threads; undefined: no limit, and no files. */
  readonly stateMemory: number | undefined
  readonly threads: number
  readonly spillDirectory: string | undefined
  readonly events: Events
  readonly logger: Logger
}

/** The folder in which threads write state that exceeds `stateMemory`, and the faults that they report. */
export class StateSpills {
  readonly #options: StateSpillsOptions
  readonly #folder: OwnFolder
  readonly #removals = new Set<Promise<void>>()
  readonly #warned = new Set<StateFault['operation']>()
  /** By living thread, as of its last task with state. */
  readonly #held = new Map<ThreadId, SpilledState>()

  constructor(options: StateSpillsOptions) {
    this.#options = options
    this.#folder = new OwnFolder('state', options.spillDirectory)
    if (options.stateMemory !== undefined) this.#folder.open()
  }

  /** The share and the folder, for the threads. */
  get boot(): WorkerBoot['stateSpill'] {
    const { stateMemory, threads } = this.#options
    if (stateMemory === undefined) return undefined
    return { share: Math.floor(stateMemory / threads), folder: this.#folder.path }
  }

  /** The state of all threads in bytes: in memory, and only in files. Undefined without `stateMemory`. */
  get held(): SpilledState | undefined {
    if (this.#options.stateMemory === undefined) return undefined
    const all = [...this.#held.values()]
    const sum = (of: keyof SpilledState) => all.reduce((total, held) => total + held[of], 0)
    return { memory: sum('memory'), files: sum('files') }
  }

  /** Records what a thread holds after a task. Answers of a lost thread are dropped before. */
  holds(thread: ThreadId, held: SpilledState): void {
    this.#held.set(thread, held)
  }

  /** Reports faults of a thread's files. They cost a rebuild at most. */
  failed(thread: ThreadId, faults: readonly StateFault[]): void {
    const { events, logger } = this.#options
    for (const { operation, bytes, error: encoded } of faults) {
      const error = decodeError(encoded)
      events.emit('stateSpillFailed', { operation, thread, bytes, error })
      if (this.#warned.has(operation)) continue
      this.#warned.add(operation)
      logger.warn(
        operation === 'write'
          ? `state could not be written to ${this.#folder.path}: it stays in memory, above stateMemory. Check the disk and spillDirectory. Logged once; the event stateSpillFailed reports each failure`
          : `state could not be read from ${this.#folder.path}: it is rebuilt from snapshots. Check the disk. Logged once; the event stateSpillFailed reports each failure`,
        error,
      )
    }
  }

  /** The thread has exited: its files are of no use to others. */
  threadGone(thread: ThreadId): void {
    this.#held.delete(thread)
    if (!this.#folder.isOpen) return
    // If this fails, `close` or the next process removes the files.
    const removal = rm(join(this.#folder.path, `${thread}`), { recursive: true, force: true }).catch(() => undefined)
    this.#removals.add(removal)
    void removal.then(() => this.#removals.delete(removal))
  }

  /** Removes all files. The threads have ended. */
  async close(): Promise<void> {
    await Promise.all(this.#removals)
    await this.#folder.close()
  }
}
