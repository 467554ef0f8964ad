import { finished, type Writable } from 'node:stream'
import type { WritableStream, WritableStreamDefaultWriter } from 'node:stream/web'
import { DataError, SaveError, StateError } from '../errors.js'
import { describe } from '../values/describe.js'
import { messageOf } from '../values/message-of.js'

/** A Node or web stream to which the driver writes records. */
export type RecordTarget<T> = Writable | WritableStream<T>

export function isRecordTarget(target: unknown): target is RecordTarget<never> {
  return isWebStream(target) || isNodeStream(target)
}

/** Writes records in order, no faster than the stream accepts them. */
export interface RecordWriter {
  /** Resolves when the stream has accepted all records. @throws SaveError (rejects) if it fails or has ended. */
  write(records: readonly unknown[]): Promise<void>
  /** Stops listening to the stream. The stream stays open, because its owner ends it. */
  release(): void
}

export function recordWriter(target: RecordTarget<never>): RecordWriter {
  return isWebStream(target) ? new WebWriter(target) : new NodeWriter(target)
}

class NodeWriter implements RecordWriter {
  readonly #stream: Writable
  readonly #stopWatching: () => void
  #failure: Error | undefined
  /** Rejects the pending write. */
  #fail: (error: Error) => void = () => {}

  constructor(stream: Writable) {
    this.#stream = stream
    // An error between batches must not end the process; the next batch reports it.
    const onError = (error: Error) => this.#failed(error)
    stream.on('error', onError)
    const stop = finished(stream, { readable: false }, (error) => this.#failed(error ?? new Error('it has ended')))
    this.#stopWatching = () => {
      stop()
      stream.off('error', onError)
    }
    if (stream.destroyed || stream.writableEnded) this.#failed(stream.errored ?? new Error('it has ended'))
  }

  write(records: readonly unknown[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fail = (error) =>
        reject(new SaveError(`The stream could not be written: ${messageOf(error)}`, { cause: error }))
      if (this.#failure) this.#fail(this.#failure)
      else this.#writeFrom(records, 0, resolve)
    })
  }

  release(): void {
    this.#stopWatching()
  }

  /**
   * Writes until the stream is full, and continues when it has room. The callback of the last record comes after all
   * others.
   */
  #writeFrom(records: readonly unknown[], start: number, done: () => void): void {
    let at = start
    let hasRoom = true
    try {
      while (at < records.length && hasRoom && !this.#failure) {
        const isLast = at === records.length - 1
        hasRoom = this.#stream.write(this.#chunkOf(records[at++]), (error) => {
          if (isLast && !error) done()
        })
      }
    } catch (error) {
      this.#fail(error as Error)
      return
    }
    if (records.length === 0) done()
    else if (at < records.length) this.#stream.once('drain', () => this.#writeFrom(records, at, done))
  }

  #chunkOf(record: unknown): unknown {
    if (this.#stream.writableObjectMode) {
      if (record !== null) return record
      throw new DataError('A record is null, which would end the stream; map records to other values.')
    }
    if (typeof record === 'string') return `${record}\n`
    if (record instanceof Uint8Array) return record
    throw new DataError(
      `A record for the stream is ${describe(record)}; map records to texts (one line each) or to bytes.`,
    )
  }

  #failed(error: Error): void {
    this.#failure ??= error
    this.#fail(this.#failure)
  }
}

class WebWriter implements RecordWriter {
  readonly #stream: WritableStream<unknown>

  constructor(stream: WritableStream<unknown>) {
    this.#stream = stream
  }

  async write(records: readonly unknown[]): Promise<void> {
    if (this.#stream.locked)
      throw new StateError(
        'The WritableStream is locked: another writer has it. Release its lock before the stream starts.',
      )
    const writer: WritableStreamDefaultWriter<unknown> = this.#stream.getWriter()
    try {
      let written: Promise<void> = writer.ready
      for (const record of records) {
        await writer.ready
        written = writer.write(record)
        // The last record reports it below.
        written.catch(() => undefined)
      }
      await written
    } catch (cause) {
      throw new SaveError(`The stream could not be written: ${messageOf(cause)}`, { cause })
    } finally {
      writer.releaseLock()
    }
  }

  release(): void {}
}

function isWebStream(target: unknown): target is WritableStream<unknown> {
  return typeof (target as Partial<WritableStream> | null)?.getWriter === 'function'
}

function isNodeStream(target: unknown): target is Writable {
  const { write, once } = (target ?? {}) as Partial<Writable>
  return typeof write === 'function' && typeof once === 'function'
}
