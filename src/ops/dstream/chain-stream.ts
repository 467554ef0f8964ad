import type { Rejecting } from '../dataset.js'
import type { Step } from '../plan.js'
import { ChainRdd } from '../rdd/chain.js'
import type { Rdd } from '../rdd/rdd.js'
import { type RecordOptions, rejecting } from '../rdd/record-options.js'
import { Stream } from './dstream.js'
import { Outcomes } from './outcomes.js'

/**
 * Applies one element-wise operation to each RDD of the parent. It has no dataset at times when the parent has none.
 */
export class ChainStream<T> extends Stream<T> {
  readonly #step: Step
  readonly #rejecting: Rejecting | undefined

  constructor(parent: Stream<unknown>, step: Step, options: RecordOptions | undefined) {
    super(parent.graph, step.label, [parent], parent.slideDuration)
    this.#rejecting = rejecting(step.label, options)
    // The stream's id distinguishes operations of one kind in errors.
    this.#step = { ...step, label: `${step.label}#${this.id}` }
  }

  get outcomes(): Outcomes {
    return this.graph.run.of(this, Outcomes)
  }

  /** Whether it stores rejected records. */
  get keepsLetters(): boolean {
    return this.#rejecting?.keep === true
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const rdd = this.parents[0]!.getOrCompute(time)
    if (!rdd) return undefined
    const { op, label } = this.#step
    const keepsKeys = op === 'filter' || op === 'mapValues' || op === 'flatMapValues'
    const partitioner = keepsKeys ? rdd.partitioner : undefined
    const rejecting = this.#rejecting && { ...this.#rejecting, time }
    if (!this.outcomes.areKept) return new ChainRdd<T>(rdd, this.#step, partitioner, rejecting)
    const step = { ...this.#step, outcomes: true } as Step
    return this.outcomes.resultsOf(new ChainRdd(rdd, step, undefined, rejecting), label, partitioner)
  }
}
