import type { Rdd } from '../rdd/rdd.js'
import { ValuesRdd } from '../rdd/source-rdds.js'
import type { StorageLevel } from '../rdd/storage-level.js'
import { UnionRdd } from '../rdd/union.js'
import { nextAfter, Stream } from './dstream.js'
import type { HeldBatches, Kept, RestoredBatches } from './node.js'
import { begunAt, between, continueAfter, timesOf } from './past-batches.js'

/** The union of the parent's RDDs in (time - length, time]. */
export class WindowedStream<T> extends Stream<T> {
  readonly #length: number

  constructor(parent: Stream<T>, length: number, slide: number) {
    super(parent.graph, 'window', [parent], slide)
    this.#length = length
    // Every window that an RDD belongs to reads it.
    parent.keepByDefault()
  }

  /** Persists the RDDs that windows read, once for all windows they belong to, and not the windows. */
  override keep(level: StorageLevel): void {
    this.parents[0]!.keep(level)
  }

  override get parentRemember(): number {
    return this.#length
  }

  override get kept(): Kept {
    return { form: 'window' }
  }

  override neededAfter(time: number): readonly number[] {
    return timesOf(this, this.needsSince(time), time)
  }

  override needsSince(time: number): number {
    return nextAfter(this, time) - this.#length
  }

  override held(time: number): HeldBatches {
    const begun = begunAt(this)
    return { begun, since: Math.max(begun, this.needsSince(time)) }
  }

  override beginAfter(time: number, past: RestoredBatches | undefined): void {
    super.beginAfter(time, past)
    continueAfter(this, time, past)
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const rdds = between<T>(this, time - this.#length, time).map(([, rdd]) => rdd)
    if (rdds.length === 0) return new ValuesRdd<T>(this.graph.context, [], 0)
    return new UnionRdd(this.graph.context, rdds, 'window', 4 * this.graph.context.parallelism)
  }
}
