import { CheckpointError } from '../../errors.js'
import type { Clock } from '../../ops/clock.js'
import { messageOf } from '../../values/message-of.js'
import type { CheckpointFolder } from '../checkpoint/folder.js'
import type { Body } from './frame.js'
import { NO_BODY } from './frame.js'
import { GroupCommit, type GroupTarget, type LogWrite } from './group-commit.js'
import { RollingFile, type RollingFileOptions, type Written } from './rolling-file.js'

/** The right to write into the directory. */
export interface LogOwner {
  /** Rejects once another context owns the directory. */
  check(): Promise<void>
}

export interface WriteAheadLogParts extends RollingFileOptions {
  readonly clock: Pick<Clock, 'now'>
  readonly owner: LogOwner
}

/**
 * Records in the files `log-<start>-<stop>-<term>-<serial>` of a directory. `start` and `stop` are times by the context's clock;
 * term and serial give the order. A record is whole or not there: see frame.ts. The log is read by `readLog`.
 */
export class WriteAheadLog implements GroupTarget {
  readonly folder: CheckpointFolder
  readonly term: number
  readonly #clock: Pick<Clock, 'now'>
  readonly #owner: LogOwner
  readonly #file: RollingFile
  readonly #commits = new GroupCommit(this)

  constructor({ clock, owner, ...options }: WriteAheadLogParts) {
    this.folder = options.folder
    this.term = options.term
    this.#clock = clock
    this.#owner = owner
    this.#file = new RollingFile(options)
  }

  /** The name of the file that may still grow. */
  get growing(): string | undefined {
    return this.#file.growing
  }

  /** Adds a record. Records become durable in the order of these calls. @throws StateError after `close`. */
  write(head: object, body: Body = NO_BODY): LogWrite {
    return this.#commits.write({ time: this.#clock.now(), head, body })
  }

  flush(): Promise<void> {
    return this.#commits.flush()
  }

  async close(): Promise<void> {
    await this.#commits.close()
    await this.#file.close()
  }

  /** A later owner, which has read the log before, would not find what is written now: it must not count. */
  async commit(time: number, pieces: readonly Uint8Array[]): Promise<Written> {
    const written = await this.#file.write(time, pieces)
    await this.#owner.check()
    return written
  }

  failed(cause: unknown): CheckpointError {
    if (cause instanceof CheckpointError) return cause
    const directory = this.folder.path
    return new CheckpointError(
      `The write-ahead log in ${directory} cannot be written: ${messageOf(cause)}. Data that is not in the log is not acknowledged and not processed. Make room on the disk, or set a directory that this process may write.`,
      { directory },
      cause,
    )
  }
}
