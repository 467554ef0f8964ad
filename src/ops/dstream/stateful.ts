import { StateError } from '../../errors.js'
import type { Rdd } from '../rdd/rdd.js'
import type { StateRdd } from '../rdd/state.js'
import { nextAfter, Stream } from './dstream.js'
import type { RestoredBatches } from './node.js'
import { nameOf } from './validate.js'

/** The data of a version that the next version is computed from. Checkpoints store it as JSON. */
export interface Version {
  readonly time: number
}

/** A version, both as the stream remembers it and as a dataset. */
export interface ComputedVersion<T, V extends Version> {
  readonly version: V
  readonly rdd: StateRdd<T>
}

/** The versions that a run has computed. */
class Versions {
  newest: Version | undefined
  /** The version before the newest. If the newest version's batch is skipped, this one becomes the newest again. */
  before: Version | undefined
  /** The version of an earlier process from which the run continues. */
  resumed: number | undefined
  /** The last slide that is done: its version was computed or dropped, or there was no dataset. */
  reached: number | undefined
}

/**
 * A stream whose RDDs are versions of keyed state. Each version is computed from the version one slide before. So no
 * version can be left out, computed twice, or computed ahead of its batch.
 */
export abstract class StatefulStream<T, V extends Version> extends Stream<T> {
  /** Computes the version of a batch from the previous one. Returns undefined if the batch has none. */
  protected abstract next(time: number, previous: V | undefined): ComputedVersion<T, V> | undefined

  get #versions(): Versions {
    return this.graph.run.of(this, Versions)
  }

  /** A rebuild replays all batches since the last snapshot. */
  override get parentRemember(): number {
    return this.slideDuration * (2 + this.graph.stateSnapshotInterval)
  }

  get newest(): V | undefined {
    return this.#versions.newest as V | undefined
  }

  override get newestVersion(): number | undefined {
    return this.newest?.time
  }

  override progress(): unknown {
    return this.newest
  }

  override resume(newest: unknown): void {
    const versions = this.#versions
    versions.newest = newest as V
    versions.before = versions.newest
    versions.resumed = versions.newest.time
  }

  /** Whether a version is the one of an earlier process from which the run continues. */
  protected isResumed(version: V | undefined): version is V {
    return version !== undefined && version.time === this.#versions.resumed
  }

  override beginAfter(time: number, past: RestoredBatches | undefined): void {
    super.beginAfter(time, past)
    this.#versions.reached = time
  }

  override drop(time: number): void {
    super.drop(time)
    const versions = this.#versions
    versions.reached = Math.max(versions.reached ?? time, time)
    if (versions.newest?.time === time) versions.newest = versions.before
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const versions = this.#versions
    const reached = versions.reached ?? this.graph.zeroTime
    if (time <= reached) throw this.#forgotten(time)
    if (time > this.graph.batchTime) throw this.#ahead(time)
    // The engine computes every version in its batch. Several are due only if a batch failed and was not skipped.
    for (let earlier = nextAfter(this, reached); earlier < time; earlier += this.slideDuration)
      this.getOrCompute(earlier)
    const previous = this.newest
    const computed = this.next(time, previous)
    versions.reached = time
    if (!computed) return undefined
    versions.before = previous
    versions.newest = computed.version
    return computed.rdd
  }

  #forgotten(time: number): StateError {
    return new StateError(
      `The state of ${nameOf(this)} at ${time} ms is forgotten: the stream remembers versions for ${this.rememberDuration} ms. To read older ones, call remember(duration) before start().`,
      { stream: this.id, time, remember: this.rememberDuration },
    )
  }

  #ahead(time: number): StateError {
    const { batchTime } = this.graph
    return new StateError(
      `The state of ${nameOf(this)} at ${time} ms cannot be read yet: the batch of that time computes it, and the newest batch is that of ${batchTime} ms. Read the state after its batch.`,
      { stream: this.id, time, batch: batchTime },
    )
  }
}
