import type { OutputOperation, StreamGraph } from '../../ops/dstream/graph.js'
import type { StreamNode } from '../../ops/dstream/node.js'
import { StatefulStream } from '../../ops/dstream/stateful.js'
import type { StateRdd } from '../../ops/rdd/state.js'
import type { Engine } from '../engine.js'

/** A failed job or output of a batch, with the name of its operation. */
export interface BatchFailure {
  readonly label: string
  readonly error: unknown
}

interface Reading {
  readonly stream: StreamNode
  failed: boolean
}

/**
 * Tracks which streams a batch has read, and whether that failed: by output operations, and for keyed state that no
 * output reads. Decides which data a skipped batch removes from later windows and state.
 */
export class BatchReadings {
  readonly #graph: StreamGraph
  readonly #engine: Engine
  /** Each stream with all its ancestors. */
  readonly #lines = new Map<StreamNode, ReadonlySet<StreamNode>>()
  /** The last batch that settled a stream: its data up to that batch has been read or dropped. */
  readonly #settled = new Map<StreamNode, number>()
  #readings: Reading[] = []

  constructor(graph: StreamGraph, engine: Engine) {
    this.#graph = graph
    this.#engine = engine
  }

  begin(): void {
    this.#readings = []
  }

  /** Called when an output operation of the batch has read its stream. */
  read(stream: StreamNode, failed: boolean): void {
    this.#readings.push({ stream, failed })
  }

  /** Called when the inputs of the batch failed, so that no output can read them. */
  readNothing(time: number): void {
    const { outputs, streams } = this.#graph
    this.#readings = [...outputs.map(({ stream }) => stream), ...streams.filter(isKept)]
      .filter((stream) => stream.isValid(time))
      .map((stream) => ({ stream, failed: true }))
  }

  /**
   * Computes the state versions of this batch that no output has computed: all partitions if no output reads the state,
   * some of them after print(). So every version is computed from the previous one, and a rebuild replays a bounded
   * number. A failure counts like that of an output, and fails the outputs that read some of its partitions.
   */
  async makeState(time: number): Promise<BatchFailure[]> {
    const failures: BatchFailure[] = []
    // Parents have lower numbers. Computing a version also computes those that it depends on.
    for (const stream of this.#graph.streams.filter(isKept).reverse()) {
      if (!stream.isValid(time)) continue
      const readers = this.#readings.filter((reading) => this.#line(reading.stream).has(stream))
      // This version is skipped together with the outputs that failed on it.
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

  /**
   * Computes what these outputs of the batch have read, and everything that was read before it, as far as later batches need it:
   * versions of state, and datasets of windows.
   */
  async remake(time: number, hasRead: (output: OutputOperation) => boolean): Promise<BatchFailure[]> {
    const read = this.#graph.outputs.filter((output) => output.stream.isValid(time) && hasRead(output))
    const lines = new Set(read.flatMap(({ stream }) => [...this.#line(stream)]))
    const failures: BatchFailure[] = []
    // Children first: computing what they need may make new versions of their parents' state.
    for (const stream of this.#graph.streams.filter(({ rememberDuration }) => rememberDuration > 0).reverse()) {
      try {
        await this.#makeHeld(stream, time, (reader) => (lines.has(reader) ? time : time - this.#graph.batchInterval))
        if (lines.has(stream) && isKept(stream) && stream.isValid(time)) await this.#make(stream, time)
      } catch (error) {
        failures.push({ label: `${stream.label}#${stream.id}`, error })
      }
    }
    return failures
  }

  /** Called when the batch is complete, or when its failures stop the streams. */
  settle(time: number): void {
    for (const { stream } of this.#readings) for (const part of this.#line(stream)) this.#settled.set(part, time)
  }

  /** Drops the datasets that only failed readings have read since they were last settled. */
  skip(time: number): void {
    const lines = (failed: boolean) =>
      this.#readings.filter((reading) => reading.failed === failed).flatMap(({ stream }) => [...this.#line(stream)])
    const good = new Set(lines(false))
    for (const stream of new Set(lines(true))) {
      if (good.has(stream)) continue
      const { slideDuration } = stream
      const since = this.#settled.get(stream) ?? this.#graph.zeroTime
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
    const made = this.#isRead(stream, time) ? rdd : this.#graph.within(stream, time, () => rdd.made())
    await this.#engine.run(made, { op: 'count' }, unmade)
  }

  /** Computes the datasets of its parent that a window reads in the batch and later, as far as its readers have read them. */
  async #makeHeld(window: StreamNode, time: number, until: (reader: StreamNode) => number): Promise<void> {
    const held = [...window.neededAfter(time - this.#graph.batchInterval), ...window.neededAfter(time)]
    if (held.length === 0) return
    const readers = [...this.#graph.outputs.map(({ stream }) => stream), ...this.#graph.streams.filter(isKept)]
    const mine = readers.filter((reader) => this.#line(reader).has(window))
    const last = Math.max(...mine.map((reader) => this.#lastValid(reader, until(reader))))
    const [parent] = window.parents
    for (const past of new Set(held)) {
      const rdd = past <= last ? parent!.getOrCompute(past) : undefined
      if (!rdd) continue
      const all = Array.from({ length: rdd.partitions }, (_, partition) => partition)
      const missing = all.filter((partition) => !this.#engine.locationOf(rdd, partition))
      if (missing.length > 0) await this.#engine.run(rdd, { op: 'count' }, missing)
    }
  }

  /** The last time up to `until` at which a stream fires; -Infinity without one. */
  #lastValid(stream: StreamNode, until: number): number {
    const { zeroTime, batchInterval } = this.#graph
    for (let time = until; time > zeroTime; time -= batchInterval) if (stream.isValid(time)) return time
    return Number.NEGATIVE_INFINITY
  }

  /** Whether the version is persisted and a later batch reads it: computing it again would need a rebuild. */
  #isRead(stream: StreamNode, time: number): boolean {
    if (!stream.storage) return false
    return this.#graph.streams.some((reader) => reader.parents[0] === stream && reader.neededAfter(time).includes(time))
  }

  #line(stream: StreamNode): ReadonlySet<StreamNode> {
    const known = this.#lines.get(stream)
    if (known) return known
    const line = new Set([stream, ...stream.parents.flatMap((parent) => [...this.#line(parent)])])
    this.#lines.set(stream, line)
    return line
  }
}

/** Whether a stream keeps state that some output operation depends on. */
function isKept(stream: StreamNode): stream is StatefulStream<unknown, never> {
  return stream instanceof StatefulStream && stream.rememberDuration > 0
}
