import { StateError } from '../../errors.js'
import { builtin } from '../functions/builtin.js'
import type { FnRef } from '../functions/ref.js'
import { ChainRdd } from '../rdd/chain.js'
import type { Rdd } from '../rdd/rdd.js'
import type { RecordOptions } from '../rdd/record-options.js'
import { ChainStream } from './chain-stream.js'
import { capturedBy, type DStream, Stream, streamFace } from './dstream.js'
import { nameOf } from './validate.js'

/** A record that an operation gave up, as its function threw. */
export interface DeadRecord<T> {
  /** The operation, with the number of its stream: `map#3`. */
  readonly operation: string
  /** What the function was given: the pair, with mapValues. Its text, if it cannot be copied. */
  readonly record: T
  /** What the function threw, without its stack. */
  readonly error: { readonly name: string; readonly message: string; readonly code?: string }
}

/** Options that keep the records which are given up. */
export type DeadLetterOptions = RecordOptions & { readonly onRecordError: 'deadLetter' }

/** What an operation with `onRecordError: 'deadLetter'` has besides its own records. */
export interface WithDeadLetters<T> {
  /**
   * The records that the operation gives up, as a stream: every one, each once, whatever is retried. The function is
   * called once for both streams: what comes of a batch is kept in a block a partition, so it must be plain data. Narrow.
   *
   * ```ts
   * const numbers = ssc.queueStream([['1', 'x']]).map((s) => BigInt(s), { onRecordError: 'deadLetter' })
   * numbers.map(String).output('numbers') // ['1']
   * numbers.deadLetters().map(({ record, error }) => `${record}: ${error.name}`).output('bad') // ['x: SyntaxError']
   * ```
   *
   * @throws StateError if the operation gives up no records, or the context is started.
   */
  deadLetters(): DStream<DeadRecord<T>>
}

class DeadLetterStream extends Stream<DeadRecord<unknown>> {
  readonly #of: ChainStream<unknown>
  readonly #letter: FnRef

  constructor(of: ChainStream<unknown>) {
    super(of.builder, 'deadLetters', [of], of.slideDuration)
    this.#of = of
    this.#letter = capturedBy(this, builtin('letterOf'), 'deadLetters')
  }

  protected override compute(time: number): Rdd<DeadRecord<unknown>> | undefined {
    const outcomes = this.#of.outcomesAt(time)
    return outcomes && new ChainRdd(outcomes, { op: 'flatMap', fn: this.#letter, label: this.label })
  }
}

/** On the prototype only: the types show it where the option is given. */
Object.assign(Stream.prototype, {
  deadLetters(this: Stream<unknown>): DStream<DeadRecord<unknown>> {
    if (!(this instanceof ChainStream && this.keepsLetters)) {
      throw new StateError(
        `deadLetters() of ${nameOf(this)}: it gives up no records. Ask the stream that an operation with { onRecordError: 'deadLetter' } answered with.`,
      )
    }
    this.builder.mustBeOpen("'deadLetters'")
    this.keepOutcomes()
    return streamFace(new DeadLetterStream(this))
  },
})
