import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { FnRef } from '../functions/ref.js'
import type { Step } from '../plan.js'
import { ChainRdd } from '../rdd/chain.js'
import type { Rdd, Rejecting } from '../rdd/rdd.js'
import { type RecordOptions, rejecting } from '../rdd/record-options.js'
import { capturedBy, Stream } from './dstream.js'

// Outcomes of a step: `[made]`, or `[undefined, letter]`.
defineBuiltin('madeOf', () => (outcome: readonly unknown[]) => (outcome.length === 1 ? outcome : []))
defineBuiltin('letterOf', () => (outcome: readonly unknown[]) => (outcome.length === 1 ? [] : [outcome[1]]))

/** One element-wise operation on each RDD of the parent; no dataset stays no dataset. */
export class ChainStream<T> extends Stream<T> {
  readonly #step: Step
  readonly #rejecting: Rejecting | undefined
  /** Present if somebody reads the records that are given up. */
  #made: FnRef | undefined
  /** All outcomes of an RDD's records. */
  readonly #outcomes = new WeakMap<Rdd<unknown>, Rdd<unknown>>()

  constructor(parent: Stream<unknown>, step: Step, options: RecordOptions | undefined) {
    super(parent.builder, step.label, [parent], parent.slideDuration)
    this.#rejecting = rejecting(step.label, options)
    // Errors tell operations of one kind apart by the stream's number.
    this.#step = { ...step, label: `${step.label}#${this.id}` }
  }

  /** Whether it keeps the records that it gives up. */
  get keepsLetters(): boolean {
    return this.#rejecting?.keep === true
  }

  /** From now on the outcomes of a batch are kept, for those who read either part. */
  keepOutcomes(): void {
    this.#made ??= capturedBy(this, builtin('madeOf'), 'deadLetters')
  }

  /** The outcomes behind the RDD of a time; undefined where there is none. */
  outcomesAt(time: number): Rdd<unknown> | undefined {
    const rdd = this.getOrCompute(time)
    return rdd && this.#outcomes.get(rdd)
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const rdd = this.parents[0]!.getOrCompute(time)
    if (!rdd) return undefined
    const { op, label } = this.#step
    const keepsKeys = op === 'filter' || op === 'mapValues' || op === 'flatMapValues'
    const partitioner = keepsKeys ? rdd.partitioner : undefined
    const given = this.#rejecting && { ...this.#rejecting, time }
    if (!this.#made) return new ChainRdd<T>(rdd, this.#step, partitioner, given)
    const outcomes = new ChainRdd(rdd, { ...this.#step, outcomes: true } as Step, undefined, given)
    outcomes.storage = 'memory'
    outcomes.keptOnce = true
    const made = new ChainRdd<T>(outcomes, { op: 'flatMap', fn: this.#made, label }, partitioner)
    this.#outcomes.set(made, outcomes)
    return made
  }
}
