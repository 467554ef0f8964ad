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

  protected override compute(time: number): Rdd<T> | undefined {
    return this.provide?.(time)
  }
}
