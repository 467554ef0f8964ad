import { object, time } from '../../values/schema.js'
import type { Partitioner } from '../dataset.js'
import type { StateOperator } from '../plan.js'
import { type Partitions, partitionBy, partitionerOf } from '../rdd/by-key.js'
import type { Rdd } from '../rdd/rdd.js'
import { StateRdd } from '../rdd/state.js'
import type { Stream } from './dstream.js'
import type { Kept } from './node.js'
import type { StateVersion } from './state-version.js'
import { type ComputedVersion, StatefulStream, type Version } from './stateful.js'
import { nameOf } from './validate.js'

export interface KeyedStateOptions {
  readonly how: StateOperator
  readonly emit: 'entries' | 'output'
  readonly partitions: Partitions | undefined
  /** The state before the first batch that has a dataset. */
  readonly initial: Rdd<readonly [unknown, unknown]> | undefined
  /**
   * Whether batches before the first state have an empty dataset if the parent has none; otherwise they have no
   * dataset.
   */
  readonly startsEmpty: boolean
  readonly version: StateVersion
}

/** The state of updateStateByKey and mapWithState. */
export class KeyedStateStream<T> extends StatefulStream<T, Version> {
  readonly #options: KeyedStateOptions
  readonly #partitioner: Partitioner

  constructor(parent: Stream<unknown>, label: string, options: KeyedStateOptions) {
    super(parent.graph, label, [parent], parent.slideDuration)
    this.#options = options
    // Functions of a pipeline module are recorded while its graph is built, so the partitioner must be registered now.
    this.#partitioner = partitionerOf(this.graph.context, options.partitions)
  }

  override faults(): string[] {
    const { initial } = this.#options
    if (!initial || initial.context === this.graph.context) return []
    return [
      `The initial state of ${nameOf(this)} is a dataset of another context. Create it with this context's ssc.context.`,
    ]
  }

  override get kept(): Kept {
    const { version } = this.#options
    return { form: this.label, progress: object({ time }), partitioner: this.#partitioner, ...version }
  }

  /** Milliseconds between two searches for idle keys; by default ten batches. */
  get scanInterval(): number {
    return this.checkpointInterval ?? 10 * this.slideDuration
  }

  protected override next(time: number, previous: Version | undefined): ComputedVersion<T, Version> | undefined {
    const { how, emit, initial, startsEmpty } = this.#options
    const partitioner = this.#partitioner
    const arrived = this.parents[0]!.getOrCompute(time)
    if (!previous && !arrived && !startsEmpty) return undefined
    const placed = (rdd: Rdd<unknown>) => partitionBy(rdd as Rdd<readonly [unknown, unknown]>, partitioner)
    const rdd = new StateRdd<T>(
      this.graph.context,
      {
        operator: this.id,
        time,
        previous: previous?.time,
        changes: [arrived ? [placed(arrived)] : [], !previous && initial ? [placed(initial)] : []],
        partitioner,
        how,
        scan: (time - this.graph.zeroTime) % this.scanInterval === 0,
        label: `${this.label}#${this.id}`,
      },
      emit,
    )
    return { version: { time }, rdd }
  }
}
