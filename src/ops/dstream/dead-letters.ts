import { StateError } from '../../errors.js'
import { builtin } from '../functions/builtin.js'
import type { FnRef } from '../functions/ref.js'
import { ChainRdd } from '../rdd/chain.js'
import type { Rdd } from '../rdd/rdd.js'
import type { RecordOptions } from '../rdd/record-options.js'
import { capturedBy, Stream } from './dstream.js'
import { type BaseStream, type DStream, StreamFacade, streamNode, toDStream } from './facade.js'
import { isRejecting, type RejectingStream } from './outcomes.js'
import { nameOf } from './validate.js'

/** A record that an operation rejected because its function threw, or that a source could not decode. */
export interface DeadRecord<T> {
  /** The operation with the id of its stream, `map#3`, or the name of the source. */
  readonly operation: string
  /** The function's argument; for mapValues, the pair. Its text, if it cannot be copied. */
  readonly record: T
  /** The error that the function threw, without its stack. */
  readonly error: { readonly name: string; readonly message: string; readonly code?: string }
}

/** Options that store rejected records. */
export type DeadLetterOptions = RecordOptions & { readonly onRecordError: 'dead-letter' }

/** The additional stream of an operation with `onRecordError: 'dead-letter'`. */
export interface WithDeadLetters<T> {
  /**
   * Returns the records that the operation rejects, each exactly once even if tasks are retried. Narrow. The function
   * runs once for both streams: the outcomes of a batch are persisted in memory and must be plain data.
   *
   * ```ts
   * const numbers = ssc.queueStream([['1', 'x']]).map((s) => BigInt(s), { onRecordError: 'dead-letter' })
   * numbers.map(String).output('numbers') // ['1']
   * numbers.deadLetters().map(({ record, error }) => `${record}: ${error.name}`).output('bad') // ['x: SyntaxError']
   * ```
   *
   * @throws StateError if the operation has no `onRecordError: 'dead-letter'`, or after start().
   */
  deadLetters(): DStream<DeadRecord<T>>
}

class DeadLetterStream extends Stream<DeadRecord<unknown>> {
  readonly #of: RejectingStream
  readonly #letter: FnRef

  constructor(of: RejectingStream) {
    super(of.graph, 'deadLetters', [of], of.slideDuration)
    this.#of = of
    this.#letter = capturedBy(this, builtin('letterOf'), 'deadLetters')
  }

  protected override compute(time: number): Rdd<DeadRecord<unknown>> | undefined {
    const outcomes = this.#of.outcomes.behind(this.#of.getOrCompute(time))
    return outcomes && new ChainRdd(outcomes, { op: 'flatMap', fn: this.#letter, label: this.label })
  }
}

/** Returns the rejected records of an operation. @throws StateError if it rejects none. */
export function deadLettersOf(node: Stream<unknown>): DStream<DeadRecord<unknown>> {
  if (!isRejecting(node)) {
    throw new StateError(
      `deadLetters() of ${nameOf(node)}: the operation stores no rejected records. Call deadLetters() on the stream returned by an operation or source with { onRecordError: 'dead-letter' }.`,
    )
  }
  node.graph.mustBeOpen("'deadLetters'")
  node.outcomes.keep(node)
  return toDStream(new DeadLetterStream(node))
}

/** Only on the prototype: the types declare it where the option is present. */
Object.assign(StreamFacade.prototype, {
  deadLetters(this: StreamFacade): DStream<DeadRecord<unknown>> {
    return deadLettersOf(streamNode(this as unknown as BaseStream<unknown>))
  },
})
