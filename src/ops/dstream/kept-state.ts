import type { Partitioner } from '../partitioner.js'
import type { StateOperator } from '../plan.js'
import { type Partitions, toPartitioner } from '../rdd/by-key.js'
import type { PairRdd, Rdd } from '../rdd/rdd.js'
import { StateRdd } from '../rdd/state.js'
import type { Stream } from './dstream.js'
import { type MadeVersion, StatefulStream, type Version } from './stateful.js'
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
export class KeptStateStream<T> extends StatefulStream<T, Version> {
  readonly #options: KeptStateOptions
  readonly #partitioner: Partitioner

  constructor(parent: Stream<unknown>, label: string, options: KeptStateOptions) {
    super(parent.builder, label, [parent], parent.slideDuration)
    this.#options = options
    // In the constructor: a pipeline module's functions are recorded while its graph is built.
    this.#partitioner = toPartitioner(this.builder.context.emptyRDD(), options.partitions)
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

  /** By default every ten batches. */
  get scanInterval(): number {
    return this.checkpointInterval ?? 10 * this.slideDuration
  }

  protected override next(time: number, previous: Version | undefined): MadeVersion<T, Version> | undefined {
    const { builder } = this
    const { how, emit, initial, startsEmpty } = this.#options
    const partitioner = this.#partitioner
    const arrived = this.parents[0]!.getOrCompute(time)
    if (!previous && !arrived && !startsEmpty) return undefined
    const place = (rdd: Rdd<unknown>) => (rdd as Rdd<unknown> & PairRdd<unknown, unknown>).partitionBy(partitioner)
    const rdd = new StateRdd<T>(
      builder.context,
      {
        operator: this.id,
        time,
        previous: previous?.time,
        changes: [arrived ? [place(arrived)] : [], !previous && initial ? [place(initial)] : []],
        partitioner,
        how,
        scan: (time - builder.zeroTime) % this.scanInterval === 0,
        label: `${this.label}#${this.id}`,
      },
      emit,
    )
    return { version: { time }, rdd }
  }
}

function partitionsOf(given: Partitions | undefined): string {
  return given === undefined ? 'default' : String(typeof given === 'number' ? given : given.partitions)
}
