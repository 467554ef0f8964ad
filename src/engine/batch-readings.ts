import type { StreamBuilder } from '../ops/dstream/builder.js'
import type { Stream } from '../ops/dstream/dstream.js'
import { StatefulStream } from '../ops/dstream/stateful.js'
import type { StateRdd } from '../ops/rdd/state.js'
import type { Engine } from './engine.js'

/** A job or output of a batch that failed, by the name of the operation. */
export interface BatchFailure {
  readonly label: string
  readonly error: unknown
}

interface Reading {
  readonly stream: Stream<unknown>
  failed: boolean
}

/**
 * Which streams a batch read, and with what success: by its output operations, and by making the kept state that none of
 * them asked for. Decides what a skipped batch takes out of later windows and state.
 */
export class BatchReadings {
  readonly #builder: StreamBuilder
  readonly #engine: Engine
  /** A stream with all that it is made of. */
  readonly #lines = new Map<Stream<unknown>, ReadonlySet<Stream<unknown>>>()
  /** The last batch that settled a stream: its data up to there was read well, or was given up. */
  readonly #settled = new Map<Stream<unknown>, number>()
  #readings: Reading[] = []

  constructor(builder: StreamBuilder, engine: Engine) {
    this.#builder = builder
    this.#engine = engine
  }

  begin(): void {
    this.#readings = []
  }

  /** An output operation of the batch has read its stream. */
  read(stream: Stream<unknown>, failed: boolean): void {
    this.#readings.push({ stream, failed })
  }

  /** The inputs of the batch failed: nothing of it can be read. */
  readNothing(time: number): void {
    const { outputs, streams } = this.#builder
    this.#readings = [...outputs.map(({ stream }) => stream), ...streams.filter(isKept)]
      .filter((stream) => stream.isValid(time))
      .map((stream) => ({ stream, failed: true }))
  }

  /**
   * Makes what outputs have left unmade of the versions of this batch: all of them where no output reads the state in this
   * batch, some partitions after print(). So a version is always made of the one before, and what a rebuild replays stays
   * bounded. A failure counts as that of an output, and takes those with it that read some partitions only.
   */
  async makeState(time: number): Promise<BatchFailure[]> {
    const failures: BatchFailure[] = []
    // Streams are numbered parents first. Making a version makes those that it is made of.
    for (const stream of this.#builder.streams.filter(isKept).reverse()) {
      if (!stream.isValid(time)) continue
      const readers = this.#readings.filter((reading) => this.#line(reading.stream).has(stream))
      // Given up with the outputs that failed on it.
      if (readers.length > 0 && readers.every(({ failed }) => failed)) continue
      const reading = { stream, failed: false }
      this.#readings.push(reading)
      try {
        await this.#make(stream, time)
      } catch (error) {
        for (const reader of [...readers, reading]) reader.failed = true
        failures.push({ label: `${stream.label}#${stream.id}`, error })
      }
    }
    return failures
  }

  /** The batch is complete, or its failures end the streams. */
  settle(time: number): void {
    for (const { stream } of this.#readings) for (const part of this.#line(stream)) this.#settled.set(part, time)
  }

  /** What only failed readings have read since it was last settled has no dataset from now on. */
  skip(time: number): void {
    const lines = (failed: boolean) =>
      this.#readings.filter((reading) => reading.failed === failed).flatMap(({ stream }) => [...this.#line(stream)])
    const good = new Set(lines(false))
    for (const stream of new Set(lines(true))) {
      if (good.has(stream)) continue
      const { slideDuration } = stream
      const since = this.#settled.get(stream) ?? this.#builder.zeroTime
      for (let past = time; past > since; past -= slideDuration) {
        if (!stream.isValid(past)) break
        stream.drop(past)
        this.#engine.states.drop(stream.id, past)
      }
    }
    this.settle(time)
  }

  async #make(stream: StatefulStream<unknown, never>, time: number): Promise<void> {
    const { states } = this.#engine
    const rdd = stream.getOrCompute(time) as StateRdd<unknown> | undefined
    if (!rdd) return
    const unmade = states.unmade(stream.id, time, rdd.partitions)
    if (unmade.length === 0) return
    const made = this.#isRead(stream, time) ? rdd : this.#builder.within(stream, time, () => rdd.made())
    await this.#engine.run(made, { op: 'count' }, unmade)
  }

  /** Whether the version is persisted and a later batch reads it: making it once more would need a rebuild. */
  #isRead(stream: Stream<unknown>, time: number): boolean {
    if (!stream.storage) return false
    return this.#builder.streams.some(
      (reader) => reader.parents[0] === stream && reader.neededAfter(time).includes(time),
    )
  }

  #line(stream: Stream<unknown>): ReadonlySet<Stream<unknown>> {
    const known = this.#lines.get(stream)
    if (known) return known
    const line = new Set([stream, ...stream.parents.flatMap((parent) => [...this.#line(parent)])])
    this.#lines.set(stream, line)
    return line
  }
}

/** Whether a stream keeps state that some output operation depends on. */
function isKept(stream: Stream<unknown>): stream is StatefulStream<unknown, never> {
  return stream instanceof StatefulStream && stream.rememberDuration > 0
}
