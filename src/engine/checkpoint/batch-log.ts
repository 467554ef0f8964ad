import type { OutputOperation, StreamBuilder } from '../../ops/dstream/builder.js'
import type { Stream } from '../../ops/dstream/dstream.js'
import type { FileRange } from '../../ops/source.js'
import type { CheckpointStore } from './store.js'

/** What one batch consists of, and how far it came. */
interface BatchEntry {
  /** Ranges of direct sources, by the number of the stream. */
  readonly assigned: readonly (readonly [stream: number, ranges: readonly FileRange[]])[]
  /** Streams of receivers that had data for the batch. */
  readonly received: readonly number[]
  /** Outputs that completed. */
  readonly done: readonly number[]
}

const EMPTY: BatchEntry = { assigned: [], received: [], done: [] }

/**
 * Records which input belongs to which batch before its outputs run, and which outputs completed. So a batch that runs again in
 * a new process reads the same files as before, or knows that its input is lost: then outputs that completed do not run again,
 * as they would replace what is right by less.
 */
export class BatchLog {
  readonly #store: CheckpointStore
  readonly #builder: StreamBuilder
  readonly #warn: (message: string, cause?: unknown) => void
  readonly #earlier = new Map<number, BatchEntry>()
  readonly #entries = new Map<number, BatchEntry>()
  /** Streams that lack data which an earlier process had. */
  readonly #lossy = new Set<Stream<unknown>>()

  constructor(store: CheckpointStore, builder: StreamBuilder, warn: (message: string, cause?: unknown) => void) {
    this.#store = store
    this.#builder = builder
    this.#warn = warn
  }

  /** Reads what earlier processes recorded for batches after `time`. */
  async load(time: number): Promise<void> {
    for (const entry of await this.#store.recorded(time)) {
      try {
        this.#earlier.set(entry.time, checked(JSON.parse(entry.bytes.toString())))
      } catch (cause) {
        this.#warn(`the record of batch ${entry.time} ms in ${this.#store.directory} cannot be read`, cause)
      }
    }
  }

  /** Whether an earlier process decided what belongs to the batch: nothing else may become part of it. */
  isDecided(time: number): boolean {
    return this.#earlier.has(time)
  }

  /** The ranges that an earlier process assigned to the batch; undefined if it assigned none. */
  rangesOf(stream: number, time: number): readonly FileRange[] | undefined {
    return this.#earlier.get(time)?.assigned.find(([id]) => id === stream)?.[1]
  }

  /** A stream does not have all that an earlier process had of it. */
  lost(stream: Stream<unknown>): void {
    this.#lossy.add(stream)
  }

  /** Records the input of a batch. To be awaited before its outputs run. */
  async assigned(time: number, assigned: BatchEntry['assigned'], received: readonly number[]): Promise<void> {
    const { received: before, done } = this.#earlier.get(time) ?? EMPTY
    for (const id of before) this.#lossy.add(this.#builder.streams[id]!)
    await this.#record(time, { assigned, received: [...new Set([...before, ...received])], done })
  }

  /** Records that an output completed. */
  async completed(time: number, output: number): Promise<void> {
    const entry = this.#entries.get(time) ?? EMPTY
    await this.#record(time, { ...entry, done: [...new Set([...entry.done, output])] })
  }

  /** Whether the output completed in an earlier process, and would now run with less input. */
  mustNotRun({ id, label, stream }: OutputOperation, time: number): boolean {
    const skipped = this.#earlier.get(time)?.done.includes(id) === true && this.#reads(stream, new Set())
    if (skipped)
      this.#warn(`${label} of batch ${time} ms does not run again: it completed, and part of its input is lost`)
    return skipped
  }

  /** The batch is over in this process. */
  forget(time: number): void {
    this.#entries.delete(time)
    this.#earlier.delete(time)
  }

  #reads(stream: Stream<unknown>, seen: Set<Stream<unknown>>): boolean {
    if (seen.has(stream)) return false
    seen.add(stream)
    return this.#lossy.has(stream) || stream.parents.some((parent) => this.#reads(parent, seen))
  }

  async #record(time: number, entry: BatchEntry): Promise<void> {
    this.#entries.set(time, entry)
    try {
      await this.#store.record(time, Buffer.from(JSON.stringify(entry)))
    } catch (cause) {
      this.#warn(`batch ${time} ms could not be recorded in ${this.#store.directory}`, cause)
    }
  }
}

function checked(value: unknown): BatchEntry {
  const { assigned, received, done } = (value ?? {}) as Record<string, unknown>
  if (![assigned, received, done].every(Array.isArray)) throw new Error('it is no record of a batch')
  return value as BatchEntry
}
