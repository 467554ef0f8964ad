import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { FnRef } from '../functions/ref.js'
import { ChainRdd } from '../rdd/chain.js'
import type { Rdd } from '../rdd/rdd.js'
import { capturedBy, type Stream } from './dstream.js'

// Selects one part of outcomes, which are `[result]` or `[undefined, letter]`.
defineBuiltin('resultsOf', () => (outcome: readonly unknown[]) => (outcome.length === 1 ? outcome : []))
defineBuiltin('letterOf', () => (outcome: readonly unknown[]) => (outcome.length === 1 ? [] : [outcome[1]]))

/** A stream that can reject records: a step whose function throws, or a source that cannot decode them. */
export interface RejectingStream extends Stream<unknown> {
  /** Whether it stores rejected records. */
  readonly keepsLetters: boolean
  readonly outcomes: Outcomes
}

export function isRejecting(stream: Stream<unknown>): stream is RejectingStream {
  return (stream as Partial<RejectingStream>).keepsLetters === true
}

/** The outcomes of a stream whose rejected records another stream reads. */
export class Outcomes {
  #results: FnRef | undefined
  /** The RDD of all outcomes, by the RDD of the results. */
  readonly #of = new WeakMap<Rdd<unknown>, Rdd<unknown>>()

  /** Persists the outcomes of each batch, for the two streams that read them. Called while the graph is built. */
  keep(stream: Stream<unknown>): void {
    this.#results ??= capturedBy(stream, builtin('resultsOf'), 'deadLetters')
  }

  get areKept(): boolean {
    return this.#results !== undefined
  }

  /** Persists the outcomes of a batch, and returns the results among them. */
  resultsOf<T>(outcomes: Rdd<unknown>, label: string, partitioner?: Rdd<T>['partitioner']): Rdd<T> {
    Object.assign(outcomes.context.rdds.of(outcomes), { storage: 'memory', survivesThreads: true })
    const results = new ChainRdd<T>(outcomes, { op: 'flatMap', fn: this.#results!, label }, partitioner)
    this.#of.set(results, outcomes)
    return results
  }

  /** Returns the outcomes behind the results of a batch. */
  behind(results: Rdd<unknown> | undefined): Rdd<unknown> | undefined {
    return results && this.#of.get(results)
  }
}
