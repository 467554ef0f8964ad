import type { Partitioner } from '../partitioner.js'
import type { StateOperator } from '../plan.js'
import { type Partitions, toPartitioner } from '../rdd/by-key.js'
import type { PairRdd, Rdd } from '../rdd/rdd.js'
import { StateRdd } from '../rdd/state.js'
import { Stream } from './dstream.js'
import { nameOf } from './validate.js'

export interface KeptStateOptions {
  readonly how: StateOperator
  readonly emit: 'entries' | 'output'
  readonly partitions: Partitions | undefined
  /** The state before the first batch that has a dataset. */
  readonly initial: Rdd<readonly [unknown, unknown]> | undefined
  /** A batch without a dataset before there is any state: no dataset either, or an empty one. */
  readonly startsEmpty: boolean
}

/** A stream whose RDDs are versions of state by key: updateStateByKey and mapWithState. */
export class KeptStateStream<T> extends Stream<T> {
  readonly #options: KeptStateOptions
  #partitioner: Partitioner | undefined
  /** The newest version, and the one before it, which a skipped batch goes back to. */
  #newest: number | undefined
  #before: number | undefined

  constructor(parent: Stream<unknown>, label: string, options: KeptStateOptions) {
    super(parent.builder, label, [parent], parent.slideDuration)
    this.#options = options
  }

  /** A rebuild replays the batches since the last snapshot. */
  override get parentRemember(): number {
    return this.slideDuration * (2 + this.builder.stateSnapshotInterval)
  }

  override faults(): string[] {
    const { initial } = this.#options
    if (!initial || initial.context === this.builder.context) return []
    return [
      `The initial state of ${nameOf(this)} is a dataset of another context. Make it with ssc.context of this one.`,
    ]
  }

  override get shape(): string {
    return `partitions=${partitionsOf(this.#options.partitions)}`
  }

  override get newestVersion(): number | undefined {
    return this.#newest
  }

  override progress(): unknown {
    return this.#newest
  }

  override resume(newest: unknown): void {
    this.#newest = newest as number
    this.#before = this.#newest
  }

  override drop(time: number): void {
    super.drop(time)
    if (this.#newest === time) this.#newest = this.#before
  }

  /** By default every ten batches. */
  get scanInterval(): number {
    return this.checkpointInterval ?? 10 * this.slideDuration
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const { builder } = this
    const { how, emit, partitions, initial, startsEmpty } = this.#options
    const previous = this.#newest
    const arrived = this.parents[0]!.getOrCompute(time)
    if (previous === undefined && !arrived && !startsEmpty) return undefined
    this.#before = previous
    this.#newest = time
    this.#partitioner ??= toPartitioner(builder.context.emptyRDD(), partitions)
    const partitioner = this.#partitioner
    const place = (rdd: Rdd<unknown>) => (rdd as Rdd<unknown> & PairRdd<unknown, unknown>).partitionBy(partitioner)
    return new StateRdd<T>(
      builder.context,
      {
        operator: this.id,
        time,
        previous,
        changes: [arrived ? [place(arrived)] : [], previous === undefined && initial ? [place(initial)] : []],
        partitioner,
        how,
        scan: (time - builder.zeroTime) % this.scanInterval === 0,
        label: `${this.label}#${this.id}`,
      },
      emit,
    )
  }
}

function partitionsOf(given: Partitions | undefined): string {
  return given === undefined ? 'default' : String(typeof given === 'number' ? given : given.partitions)
}
