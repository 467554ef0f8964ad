import { StateError } from '../../errors.js'
import type { Rdd } from '../rdd/rdd.js'
import type { StateRdd } from '../rdd/state.js'
import { nextAfter, Stream } from './dstream.js'
import { nameOf } from './validate.js'

/** What a stream remembers of a version to make the next one. Checkpoints store it as JSON. */
export interface Version {
  readonly time: number
}

/** A version as data of the stream, and as a dataset. */
export interface MadeVersion<T, V extends Version> {
  readonly version: V
  readonly rdd: StateRdd<T>
}

/**
 * A stream whose RDDs are versions of kept state. Each version is made of the version one slide before, whoever reads
 * them: a version cannot be left out, made twice, or made ahead of its batch.
 */
export abstract class StatefulStream<T, V extends Version> extends Stream<T> {
  #newest: V | undefined
  /** The version before the newest, which becomes the newest again if its batch is skipped. */
  #before: V | undefined
  /** The last slide that was dealt with: its version was made, was given up, or had no dataset. */
  #reached: number | undefined

  /** Makes the version of a batch from the one before; undefined where the batch has none. */
  protected abstract next(time: number, previous: V | undefined): MadeVersion<T, V> | undefined

  /** A rebuild replays the batches since the last snapshot. */
  override get parentRemember(): number {
    return this.slideDuration * (2 + this.builder.stateSnapshotInterval)
  }

  get newest(): V | undefined {
    return this.#newest
  }

  override get newestVersion(): number | undefined {
    return this.#newest?.time
  }

  override progress(): unknown {
    return this.#newest
  }

  override resume(newest: unknown): void {
    this.#newest = newest as V
    this.#before = this.#newest
  }

  override beginAfter(time: number): void {
    super.beginAfter(time)
    this.#reached = time
  }

  override drop(time: number): void {
    super.drop(time)
    this.#reached = Math.max(this.#reached ?? time, time)
    if (this.#newest?.time === time) this.#newest = this.#before
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const reached = this.#reached ?? this.builder.zeroTime
    if (time <= reached) throw this.#gone(time)
    if (time > this.builder.batchTime) throw this.#ahead(time)
    // The engine makes every version in its batch: more than one is due only where a batch failed and none was skipped.
    for (let earlier = nextAfter(this, reached); earlier < time; earlier += this.slideDuration)
      this.getOrCompute(earlier)
    const previous = this.#newest
    const made = this.next(time, previous)
    this.#reached = time
    if (!made) return undefined
    this.#before = previous
    this.#newest = made.version
    return made.rdd
  }

  #gone(time: number): StateError {
    return new StateError(
      `The state of ${nameOf(this)} at ${time} ms is no longer kept: versions are kept for ${this.rememberDuration} ms. To read older ones call remember(duration) before start().`,
      { stream: this.id, time, remember: this.rememberDuration },
    )
  }

  #ahead(time: number): StateError {
    const { batchTime } = this.builder
    return new StateError(
      `The state of ${nameOf(this)} at ${time} ms cannot be read ahead: it is made in the batch of that time, and the newest batch is that of ${batchTime} ms. Ask for it after that batch.`,
      { stream: this.id, time, batch: batchTime },
    )
  }
}
