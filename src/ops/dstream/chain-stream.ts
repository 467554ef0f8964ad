import type { Rejecting } from '../dataset.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { FnRef } from '../functions/ref.js'
import type { Step } from '../plan.js'
import { ChainRdd } from '../rdd/chain.js'
import type { Rdd } from '../rdd/rdd.js'
import { type RecordOptions, rejecting } from '../rdd/record-options.js'
import { capturedBy, Stream } from './dstream.js'

// Selects one part of a step's outcomes, which are `[result]` or `[undefined, letter]`.
defineBuiltin('madeOf', () => (outcome: readonly unknown[]) => (outcome.length === 1 ? outcome : []))
defineBuiltin('letterOf', () => (outcome: readonly unknown[]) => (outcome.length === 1 ? [] : [outcome[1]]))

/** The outcomes of a step whose rejected records another stream reads. */
class Outcomes {
  /** The function that selects the results; undefined if no stream reads the rejected records. */
  results: FnRef | undefined
  /** The RDD of all outcomes, by the RDD of the results. */
  readonly of = new WeakMap<Rdd<unknown>, Rdd<unknown>>()
}

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

  get #outcomes(): Outcomes {
    return this.graph.run.of(this, Outcomes)
  }

  /** Whether it stores rejected records. */
  get keepsLetters(): boolean {
    return this.#rejecting?.keep === true
  }

  /** Persists the outcomes of each batch, for the two streams that read them. Called while the graph is built. */
  keepOutcomes(): void {
    this.#outcomes.results ??= capturedBy(this, builtin('madeOf'), 'deadLetters')
  }

  /** Returns the outcomes behind the RDD of a time; undefined if there is no dataset. */
  outcomesAt(time: number): Rdd<unknown> | undefined {
    const rdd = this.getOrCompute(time)
    return rdd && this.#outcomes.of.get(rdd)
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const rdd = this.parents[0]!.getOrCompute(time)
    if (!rdd) return undefined
    const { op, label } = this.#step
    const keepsKeys = op === 'filter' || op === 'mapValues' || op === 'flatMapValues'
    const partitioner = keepsKeys ? rdd.partitioner : undefined
    const rejecting = this.#rejecting && { ...this.#rejecting, time }
    const { results, of } = this.#outcomes
    if (!results) return new ChainRdd<T>(rdd, this.#step, partitioner, rejecting)
    const outcomes = new ChainRdd(rdd, { ...this.#step, outcomes: true } as Step, undefined, rejecting)
    Object.assign(outcomes.context.rdds.of(outcomes), { storage: 'memory', survivesThreads: true })
    const result = new ChainRdd<T>(outcomes, { op: 'flatMap', fn: results, label }, partitioner)
    of.set(result, outcomes)
    return result
  }
}
