import { StateError } from '../../errors.js'
import type { Rdd } from '../rdd/rdd.js'
import { checkSource, type InputSource } from '../source.js'
import { Stream } from './dstream.js'
import type { StreamGraph } from './graph.js'

/** An input. The graph's runtime provides its dataset of each batch. */
export class InputStream<T> extends Stream<T> {
  readonly source: InputSource<T>

  constructor(graph: StreamGraph, source: InputSource<T>) {
    super(graph, source.name, [], graph.batchInterval)
    this.source = source
  }

  /** The records of a queue in the driver are final at once; other sources may receive records until the batch time. */
  protected override isOpen(): boolean {
    return this.graph.peeking && this.source.kind !== 'local'
  }

  protected override compute(time: number): Rdd<T> | undefined {
    if (this.isForgotten(time)) {
      throw new StateError(
        `The data of '${this.label}' at ${time} ms is forgotten: the stream remembers data for ${this.rememberDuration} ms. To read older batches, call remember(duration) before start().`,
        { time, remember: this.rememberDuration },
      )
    }
    return this.graph.runtime.inputAt(this, time) as Rdd<T> | undefined
  }
}

/** Adds an input to a graph. @throws ArgumentError if `source` is not a source. */
export function addInput<T>(graph: StreamGraph, source: InputSource<T>): InputStream<T> {
  const stream = new InputStream<T>(graph, checkSource(source))
  graph.inputs.push(stream)
  return stream
}
