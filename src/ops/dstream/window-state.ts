import { list, object, time } from '../../values/schema.js'
import type { Partitioner } from '../dataset.js'
import type { StateOperator } from '../plan.js'
import { partitionBy } from '../rdd/by-key.js'
import type { Rdd } from '../rdd/rdd.js'
import { StateRdd } from '../rdd/state.js'
import { nextAfter, type Stream } from './dstream.js'
import type { HeldBatches, Kept, RestoredBatches } from './node.js'
import { begunAt, between, continueAfter, timesOf } from './past-batches.js'
import { type ComputedVersion, StatefulStream, type Version } from './stateful.js'

/** A version of a window, with the times of the parent's RDDs that it holds. */
interface WindowVersion extends Version {
  readonly times: readonly number[]
}

/** A window as state: `reduce` adds what enters, `inverse` removes what leaves. */
export class WindowStateStream<T> extends StatefulStream<T, WindowVersion> {
  readonly #length: number
  readonly #how: StateOperator
  readonly #partitioner: Partitioner

  /** `reduced` holds at most one pair a key in each batch, and is placed by `partitioner`. */
  constructor(reduced: Stream<unknown>, length: number, slide: number, how: StateOperator, partitioner: Partitioner) {
    super(reduced.graph, 'reduceByKeyAndWindow', [reduced], slide)
    this.#length = length
    this.#how = how
    this.#partitioner = partitioner
    // Each batch is read twice: when it enters and when it leaves.
    reduced.keepByDefault()
  }

  /** The batch that leaves now entered one window length ago; a rebuild replays the batches since the last snapshot. */
  override get parentRemember(): number {
    return this.#length + super.parentRemember
  }

  override get kept(): Kept {
    return {
      form: 'window with inverse',
      progress: object({ time, times: list(time) }),
      partitioner: this.#partitioner,
    }
  }

  /** The batches that will leave, and those since the newest version. */
  override neededAfter(time: number): readonly number[] {
    const next = nextAfter(this, time)
    const entering = timesOf(this, this.#entersAfter(next, this.newest), time)
    return [...new Set([...(this.newest?.times ?? []), ...entering])]
  }

  override needsSince(time: number): number {
    return nextAfter(this, time) - this.#length
  }

  override held(time: number): HeldBatches {
    const begun = begunAt(this)
    const { newest } = this
    const hasGaps = this.slideDuration > this.#length
    const since = newest && !hasGaps ? newest.time - this.#length : this.#entersAfter(nextAfter(this, time), newest)
    return { begun, since: Math.max(begun, since) }
  }

  override beginAfter(time: number, past: RestoredBatches | undefined): void {
    super.beginAfter(time, past)
    continueAfter(this, time, past)
  }

  protected override next(time: number, previous: WindowVersion | undefined): ComputedVersion<T, WindowVersion> {
    const parent = this.parents[0]!
    const times = previous?.times ?? []
    const entering = between<unknown>(this, this.#entersAfter(time, previous), time)
    const left = times.filter((entered) => entered <= time - this.#length)
    const leaving = left.map((entered) => parent.getOrCompute(entered)).filter((rdd) => rdd !== undefined)
    const rdd = new StateRdd<T>(this.graph.context, {
      operator: this.id,
      time,
      previous: previous?.time,
      changes: [entering.map(([, rdd]) => this.#placed(rdd)), leaving.map((rdd) => this.#placed(rdd))],
      partitioner: this.#partitioner,
      how: this.#how,
      label: `${this.label}#${this.id}`,
    })
    return { version: { time, times: [...times.slice(left.length), ...entering.map(([entered]) => entered)] }, rdd }
  }

  /** The time after which batches enter the version at `time`. An earlier process may have had other slides. */
  #entersAfter(time: number, previous: WindowVersion | undefined): number {
    if (this.isResumed(previous)) return Math.max(previous.time, time - this.#length)
    return time - Math.min(this.slideDuration, this.#length)
  }

  /** Batches of an earlier process may be in other partitions. */
  #placed(rdd: Rdd<unknown>): Rdd<unknown> {
    return partitionBy(rdd as Rdd<readonly [unknown, unknown]>, this.#partitioner)
  }
}
