import { ArgumentError, StateError } from '../../errors.js'
import type { AnyFunction, FnRef, ReturnKind } from '../functions/ref.js'
import type { Rdd } from '../rdd/rdd.js'
import type { StorageLevel } from '../rdd/storage-level.js'
import { type Duration, formatMillis, toMillis } from '../time.js'
import type { StreamGraph } from './graph.js'
import type { HeldBatches, Kept, RestoredBatches, StreamNode } from './node.js'

/** The data that a run holds for one stream. */
class Generated {
  /** The RDDs of past batches by time; undefined for a batch without a dataset. */
  readonly rdds = new Map<number, Rdd<unknown> | undefined>()
  /** How long, in ms, RDDs are remembered after their batch. */
  remember = 0
  /** RDDs of this time and earlier are forgotten. */
  forgotten = Number.NEGATIVE_INFINITY
  /** Set by persist() and by windows. */
  storage: StorageLevel | undefined
  /** Set by checkpoint(): ms between two checkpoints of the state. */
  checkpointInterval: number | undefined
}

/**
 * A node of the graph: its slide, its parents, and the computation of its RDD for a time. It never changes once built;
 * the graph's `RunTable` holds what a run adds.
 */
export abstract class Stream<T> implements StreamNode {
  /** Carries the element type; never set. */
  declare readonly __element?: T
  readonly id: number
  readonly graph: StreamGraph
  readonly label: string
  readonly parents: readonly Stream<unknown>[]
  readonly slideDuration: number

  constructor(graph: StreamGraph, label: string, parents: readonly Stream<unknown>[], slideDuration: number) {
    this.graph = graph
    this.label = label
    this.parents = parents
    this.slideDuration = slideDuration
    this.id = graph.register(this)
  }

  /** Computes the RDD of a valid time. Returns undefined if there is no dataset, which differs from an empty one. */
  protected abstract compute(time: number): Rdd<T> | undefined

  get #generated(): Generated {
    return this.graph.run.of(this, Generated)
  }

  get storage(): StorageLevel | undefined {
    return this.#generated.storage
  }

  get checkpointInterval(): number | undefined {
    return this.#generated.checkpointInterval
  }

  set checkpointInterval(interval: number) {
    this.#generated.checkpointInterval = interval
  }

  /** How far back, in ms, this stream reads the RDDs of its parents. */
  get parentRemember(): number {
    return 0
  }

  get kept(): Kept | undefined {
    return undefined
  }

  neededAfter(_time: number): readonly number[] {
    return []
  }

  held(_time: number): HeldBatches | undefined {
    return undefined
  }

  needsSince(time: number): number {
    return time
  }

  get newestVersion(): number | undefined {
    return undefined
  }

  progress(): unknown {
    return undefined
  }

  resume(_progress: unknown): void {}

  beginAfter(time: number, _past: RestoredBatches | undefined): void {
    this.#generated.forgotten = time
  }

  restore(time: number, rdd: Rdd<T> | undefined): void {
    this.#generated.rdds.set(time, rdd)
  }

  get rememberDuration(): number {
    return this.#generated.remember
  }

  /** Persists every RDD of the stream. */
  keep(level: StorageLevel): void {
    this.#generated.storage = level
  }

  /** Persists every RDD in memory unless the user chose a level. For operators that read an RDD more than once. */
  keepByDefault(): void {
    this.#generated.storage ??= 'memory'
  }

  faults(): string[] {
    return []
  }

  isValid(time: number): boolean {
    const since = time - this.graph.zeroTime
    return since > 0 && since % this.slideDuration === 0
  }

  /** Whether data may still arrive for the requested batch. A dataset computed from it is then not final. */
  protected isOpen(): boolean {
    return this.graph.peeking && this.parents.some((parent) => parent.isOpen())
  }

  getOrCompute(time: number): Rdd<T> | undefined {
    const { rdds, storage } = this.#generated
    // Restored datasets may be of times that are none with the present batch interval.
    if (rdds.has(time)) return rdds.get(time) as Rdd<T> | undefined
    if (!this.isValid(time)) return undefined
    const rdd = this.graph.within(this, time, () => this.compute(time))
    if (rdd && storage && !rdd.storage) rdd.context.rdds.of(rdd).storage = storage
    if (!this.isOpen()) rdds.set(time, rdd)
    if (rdd) this.graph.context.datasetComputed(rdd)
    return rdd
  }

  remember(duration: number): void {
    const { slideDuration, graph, checkpointInterval = 0 } = this
    const generated = this.#generated
    const { remember } = generated
    const needed = Math.max(remember, duration, slideDuration, graph.rememberAtLeast, 2 * checkpointInterval)
    // The parents know it already. Without this, each join of a stream with itself would double the calls.
    if (needed === remember) return
    generated.remember = needed
    for (const parent of this.parents) parent.remember(generated.remember + this.parentRemember)
  }

  drop(time: number): void {
    this.#generated.rdds.set(time, undefined)
  }

  forget(time: number): number[] {
    const generated = this.#generated
    const horizon = time - generated.remember
    generated.forgotten = Math.max(generated.forgotten, horizon)
    const old = [...generated.rdds.keys()].filter((t) => t <= horizon)
    for (const t of old) generated.rdds.delete(t)
    return old
  }

  /** Whether the RDD of this time has been forgotten. */
  isForgotten(time: number): boolean {
    const { forgotten, rdds } = this.#generated
    return time <= forgotten && !rdds.has(time)
  }

  remembered(): number[] {
    return [...this.#generated.rdds.keys()]
  }
}

/** Returns the first time after `time` at which a stream fires. */
export function nextAfter({ graph, slideDuration }: Stream<unknown>, time: number): number {
  return graph.zeroTime + (Math.floor((time - graph.zeroTime) / slideDuration) + 1) * slideDuration
}

/**
 * Registers a function under the label of the next stream. @throws CaptureError if it cannot be shipped to other
 * threads.
 */
export function capturedBy(stream: Stream<unknown>, fn: AnyFunction, label: string, returns?: ReturnKind): FnRef {
  return stream.graph.context.capture(fn, `${label} of stream ${stream.graph.size}`, returns)
}

/** Returns a window or slide length in ms. @throws ArgumentError unless it is a multiple of the parent's slide. */
export function multipleOfSlide(parent: Stream<unknown>, duration: Duration, what: string): number {
  const ms = toMillis(duration, what)
  if (ms % parent.slideDuration !== 0) {
    throw new ArgumentError(
      `${what} is ${formatMillis(ms)}; it must be a multiple of the slide of the stream it reads, ${formatMillis(parent.slideDuration)}.`,
      { given: ms, slide: parent.slideDuration },
    )
  }
  return ms
}

/** Returns the RDD of a parent that an operator requires. @throws StateError if there is none. */
export function required<T>(parent: Stream<T>, time: number, operator: string): Rdd<T> {
  const rdd = parent.getOrCompute(time)
  if (!rdd) {
    throw new StateError(
      `${operator} at ${time} ms: its parent '${parent.label}' has no dataset for this batch. If it is a source of your own, return an empty batch when it has no data.`,
      { time, operator },
    )
  }
  return rdd
}
