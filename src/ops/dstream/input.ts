import { StateError } from '../../errors.js'
import type { RDD, Rdd } from '../rdd/rdd.js'
import type { InputSource } from '../source.js'
import type { StreamBuilder } from './builder.js'
import { Stream } from './dstream.js'

/** Where data comes in. The engine fills in what belongs to each batch before the batch's jobs are made. */
export class InputStream<T> extends Stream<T> {
  readonly source: InputSource<T>
  /** Set by the engine at start: makes the RDD of a batch, or undefined where the batch has none. */
  provide: ((time: number) => Rdd<T> | RDD<T> | undefined) | undefined

  constructor(builder: StreamBuilder, source: InputSource<T>) {
    super(builder, source.name, [], builder.batchInterval)
    this.source = source
  }

  /** What the driver holds already is taken now; what comes from outside comes in its time. */
  protected override isOpen(): boolean {
    return this.builder.peeking && this.source.kind !== 'local'
  }

  protected override compute(time: number): Rdd<T> | undefined {
    if (this.isForgotten(time)) {
      throw new StateError(
        `The data of '${this.label}' at ${time} ms is let go: it is kept for ${this.rememberDuration} ms. To read older batches call remember(duration) before start().`,
        { time, remember: this.rememberDuration },
      )
    }
    return this.provide?.(time)
  }
}
