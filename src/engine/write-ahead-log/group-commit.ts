import { StateError } from '../../errors.js'
import { type Body, encodeHead } from './frame.js'
import type { LogPosition } from './log-reader.js'
import type { Written } from './rolling-file.js'

/** A record for the log. The bytes of its body must not change until the write is settled. */
export interface NewRecord {
  /** The moment of the write by the context's clock, in ms. */
  readonly time: number
  readonly head: object
  readonly body: Body
}

/** A record on its way into the log. */
export interface LogWrite {
  /** Set in the same instant for all records of a group, before any promise of them settles. */
  readonly state: 'waiting' | 'written' | 'failed'
  /** Resolves with the position of the body once it survives a power failure. May stay unhandled. */
  readonly done: Promise<LogPosition>
}

/** The log behind the groups. */
export interface GroupTarget {
  /** Writes the records of a group, at the latest of their times. Resolves when they survive a power failure. */
  commit(time: number, pieces: readonly Uint8Array[]): Promise<Written>
  /** Converts the error of a failed write for its callers. */
  failed(cause: unknown): unknown
}

class Waiting implements LogWrite {
  readonly record: NewRecord
  readonly done: Promise<LogPosition>
  state: LogWrite['state'] = 'waiting'
  #resolve!: (position: LogPosition) => void
  #reject!: (error: unknown) => void

  constructor(record: NewRecord) {
    this.record = record
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Callers that watch the state need no promise.
    this.done.catch(() => undefined)
  }

  written(position: LogPosition): void {
    this.#resolve(position)
  }

  fail(error: unknown): void {
    this.#reject(error)
  }
}

/** Bytes after which a group takes no more records: its first one waits for all of them. */
const GROUP_BYTES = 32 * 1024 * 1024

/**
 * Writes records in groups: what arrives while one group is being written is the next group, with one sync for all. Records are
 * written in the order of the calls. A failed write fails its group and all records that wait behind it, which may depend on it.
 */
export class GroupCommit {
  readonly #target: GroupTarget
  #queue: Waiting[] = []
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(target: GroupTarget) {
    this.#target = target
  }

  /** Adds a record. @throws StateError after `close`. */
  write(record: NewRecord): LogWrite {
    if (this.#isClosed) throw closedError()
    const waiting = new Waiting(record)
    this.#queue.push(waiting)
    this.#running ??= this.#run()
    return waiting
  }

  /** Resolves when no record waits, whatever became of them. */
  async flush(): Promise<void> {
    await this.#running
  }

  /** Fails the records that wait, and resolves when the group that is being written is settled. */
  async close(): Promise<void> {
    this.#isClosed = true
    fail(this.#queue.splice(0), closedError())
    await this.#running
  }

  async #run(): Promise<void> {
    // Records that arrive in this turn of the event loop share the first sync.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#queue.length > 0) await this.#commit(this.#nextGroup())
    this.#running = undefined
  }

  #nextGroup(): Waiting[] {
    let bytes = 0
    const end = this.#queue.findIndex(({ record }) => {
      bytes += record.body.bytes.length
      return bytes > GROUP_BYTES
    })
    return this.#queue.splice(0, end < 0 ? this.#queue.length : Math.max(1, end))
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const pieces = group.flatMap(({ record: { head, body } }) => [encodeHead(head, body), body.bytes])
      const latest = group.reduce((time, { record }) => Math.max(time, record.time), Number.NEGATIVE_INFINITY)
      const written = await this.#target.commit(latest, pieces)
      succeed(group, pieces, written)
    } catch (cause) {
      fail([...group, ...this.#queue.splice(0)], this.#target.failed(cause))
    }
  }
}

function succeed(group: readonly Waiting[], pieces: readonly Uint8Array[], { file, offset: start }: Written): void {
  for (const waiting of group) waiting.state = 'written'
  let offset = start
  for (const [i, waiting] of group.entries()) {
    const { bytes, crc } = waiting.record.body
    offset += pieces[2 * i]!.length
    waiting.written({ file, offset, length: bytes.length, crc })
    offset += bytes.length
  }
}

function fail(records: readonly Waiting[], error: unknown): void {
  for (const waiting of records) waiting.state = 'failed'
  for (const waiting of records) waiting.fail(error)
}

function closedError(): StateError {
  return new StateError(
    'The write-ahead log is closed, because its context has stopped. Nothing more is written to it.',
  )
}
