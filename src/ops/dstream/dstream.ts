import { ArgumentError, StateError } from '../../errors.js'
import type { AnyFunction, FnRef } from '../functions/ref.js'
import type { Gives } from '../functions/results.js'
import type { Rdd } from '../rdd/rdd.js'
import type { StorageLevel } from '../rdd/storage-level.js'
import { type Duration, formatMillis, toMillis } from '../time.js'
import type { StreamBuilder } from './builder.js'

/**
 * A stream: one RDD a slide. A node says three things: its slide, its parents, and how the RDD of a time is made.
 * Operators are attached by the files of this folder.
 */
export interface Stream<T> {
  /** Type of the elements; never set. */
  readonly __element?: T
}
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: operator files add their methods to the interface
export abstract class Stream<T> {
  readonly id: number
  readonly builder: StreamBuilder
  readonly label: string
  readonly parents: readonly Stream<unknown>[]
  /** Milliseconds between two RDDs of this stream. */
  readonly slideDuration: number
  /** Set by persist(): every RDD of the stream is kept. */
  storage: StorageLevel | undefined
  /** Set by checkpoint(): ms between two checkpoints of kept state. */
  checkpointInterval: number | undefined
  readonly #generated = new Map<number, Rdd<T> | undefined>()
  #remember = 0
  #forgotten = Number.NEGATIVE_INFINITY

  constructor(builder: StreamBuilder, label: string, parents: readonly Stream<unknown>[], slideDuration: number) {
    this.builder = builder
    this.label = label
    this.parents = parents
    this.slideDuration = slideDuration
    this.id = builder.register(this)
  }

  /** The RDD of a valid time, or undefined where there is no dataset (which is not an empty one). */
  protected abstract compute(time: number): Rdd<T> | undefined

  /** How far back, in ms, this stream needs the RDDs of its parents at any time. */
  get parentRemember(): number {
    return 0
  }

  /** What a graph that goes on from a checkpoint must have in common, besides label, slide and parents. */
  get shape(): string {
    return ''
  }

  /** Times, up to `time`, of the first parent's RDDs that batches after `time` read. Called by the engine. */
  neededAfter(_time: number): readonly number[] {
    return []
  }

  /** The newest version of the state that this stream keeps by key. */
  get newestVersion(): number | undefined {
    return undefined
  }

  /** What it knows of the batches so far that neither the graph nor datasets tell, as JSON has it. */
  progress(): unknown {
    return undefined
  }

  /** Goes on from what `progress` told in an earlier process. */
  resume(_progress: unknown): void {}

  /** Begins after a batch of an earlier process: what was before it is let go, but for what is restored. */
  beginAfter(time: number): void {
    this.#forgotten = time
  }

  /** Takes over an RDD of a past batch, or that there was none. Called by the engine. */
  restore(time: number, rdd: Rdd<T> | undefined): void {
    this.#generated.set(time, rdd)
  }

  /** How long, in ms, RDDs of this stream are kept after their batch. */
  get rememberDuration(): number {
    return this.#remember
  }

  /** Every RDD of the stream is to be kept. */
  keep(level: StorageLevel): void {
    this.storage = level
  }

  /** What is wrong with this stream itself, as start() tells it: one message a fault. */
  faults(): string[] {
    return []
  }

  /** A time is valid if it is after zero time and a whole number of slides from it. */
  isValid(time: number): boolean {
    const since = time - this.builder.zeroTime
    return since > 0 && since % this.slideDuration === 0
  }

  /** Whether data may still arrive for the batch that is asked for: nothing made of it is final then. */
  protected isOpen(): boolean {
    return this.builder.peeking && this.parents.some((parent) => parent.isOpen())
  }

  /** The RDD of a time: made once, remembered, marked to be kept if the stream is persisted. Called by the engine. */
  getOrCompute(time: number): Rdd<T> | undefined {
    if (!this.isValid(time)) return undefined
    if (this.#generated.has(time)) return this.#generated.get(time)
    const rdd = this.builder.within(this, time, () => this.compute(time))
    if (rdd && this.storage && !rdd.storage) rdd.storage = this.storage
    if (!this.isOpen()) this.#generated.set(time, rdd)
    if (rdd) this.builder.onComputed?.(this, time, rdd)
    return rdd
  }

  /** Takes part in the pass at start(): children tell parents how long their RDDs are needed. */
  remember(duration: number): void {
    const { slideDuration, builder, checkpointInterval = 0 } = this
    this.#remember = Math.max(this.#remember, duration, slideDuration, builder.rememberAtLeast, 2 * checkpointInterval)
    for (const parent of this.parents) parent.remember(this.#remember + this.parentRemember)
  }

  /** Gives up the RDD of a skipped batch: from now on the stream has no dataset at `time`. Called by the engine. */
  drop(time: number): void {
    this.#generated.set(time, undefined)
  }

  /** Forgets RDDs of `time - rememberDuration` and before; answers with the forgotten times. Called by the engine. */
  forget(time: number): number[] {
    const horizon = time - this.#remember
    this.#forgotten = Math.max(this.#forgotten, horizon)
    const old = [...this.#generated.keys()].filter((t) => t <= horizon)
    for (const t of old) this.#generated.delete(t)
    return old
  }

  /** Whether the RDD of this time was let go. */
  isForgotten(time: number): boolean {
    return time <= this.#forgotten && !this.#generated.has(time)
  }

  /** Times whose RDDs are remembered now. */
  remembered(): number[] {
    return [...this.#generated.keys()]
  }
}

/** The first time after `time` at which a stream fires. */
export function nextAfter({ builder, slideDuration }: Stream<unknown>, time: number): number {
  return builder.zeroTime + (Math.floor((time - builder.zeroTime) / slideDuration) + 1) * slideDuration
}

/** Operations of streams whose elements are pairs; operator files add to it. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
// biome-ignore lint/correctness/noUnusedVariables: K and V are used by the merged declarations
export interface PairStream<K, V> {}

/** A stream of `T`; where `T` is a pair, the operations by key exist too. */
export type DStream<T> = Stream<T> & ([T] extends [readonly [infer K, infer V]] ? PairStream<K, V> : unknown)

/** The public face of a node. */
export function streamFace<T>(node: Stream<T>): DStream<T> {
  return node as DStream<T>
}

// biome-ignore lint/suspicious/noExplicitAny: an operation of pairs works on pairs of any type
type AnyPairStream = PairStream<any, any>
// biome-ignore lint/suspicious/noExplicitAny: see above
type AnyPairs = Stream<any> & AnyPairStream
type PairMethods = { [M in keyof AnyPairStream]: (this: AnyPairs, ...args: Parameters<AnyPairStream[M]>) => unknown }

/** The prototype on which operator files put their pair operations: names and parameters checked, element types not. */
export const pairStreams = Stream.prototype as unknown as PairMethods

export function capturedBy(stream: Stream<unknown>, fn: AnyFunction, label: string, gives?: Gives): FnRef {
  return stream.builder.context.capture(fn, `${label} of stream ${stream.builder.size}`, gives)
}

/** A window or slide length, checked against the parent's slide. */
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

/** The RDD of a parent that an operator cannot do without. */
export function required<T>(parent: Stream<T>, time: number, operator: string): Rdd<T> {
  const rdd = parent.getOrCompute(time)
  if (!rdd) {
    throw new StateError(
      `${operator} at ${time} ms: its parent '${parent.label}' has no dataset for this batch. An input without data should give an empty batch.`,
      { time, operator },
    )
  }
  return rdd
}
