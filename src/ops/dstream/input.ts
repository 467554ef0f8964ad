import { StateError } from '../../errors.js'
import type { Rdd } from '../rdd/rdd.js'
import { checkSource, type InputSource } from '../source.js'
import { Stream } from './dstream.js'
import type { StreamGraph } from './graph.js'
import { Outcomes } from './outcomes.js'

/** An input. The graph's runtime provides its dataset of each batch. */
export class InputStream<T> extends Stream<T> {
  readonly source: InputSource<T>

  constructor(graph: StreamGraph, source: InputSource<T>) {
    super(graph, source.name, [], graph.batchInterval)
    this.source = source
  }

  /** Whether it stores records that its reader rejects. */
  get keepsLetters(): boolean {
    if (this.source.kind !== 'direct') return false
    const { reader, files } = this.source
    return (reader ?? files?.reader)?.onRecordError === 'dead-letter'
  }

  get outcomes(): Outcomes {
    return this.graph.run.of(this, Outcomes)
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
    const rdd = this.graph.runtime.inputAt(this, time)
    if (!rdd || !this.outcomes.areKept) return rdd as Rdd<T> | undefined
    return this.outcomes.resultsOf<T>(rdd, this.label)
  }
}

/** Adds an input to a graph. @throws ArgumentError if `source` is not a source. */
export function addInput<T>(graph: StreamGraph, source: InputSource<T>): InputStream<T> {
  const stream = new InputStream<T>(graph, checkSource(source))
  graph.inputs.push(stream)
  return stream
}
