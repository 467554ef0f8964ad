import type { RddBuilder } from '../rdd/builder.js'
import type { InputSource } from '../source.js'
import { type DStream, toDStream } from './facade.js'
import type { StreamGraph } from './graph.js'
import { addInput } from './input.js'

export interface StreamBuilder {
  /**
   * Creates a stream from a source of your own. Runs no job; the source opens at start(). See
   * docs/connectors/write-your-own.md.
   *
   * ```ts
   * ssc.input<number>({ kind: 'local', name: 'times', next: (time) => [time] }).output('times') // [1000]
   * ```
   *
   * @throws ArgumentError for anything but a source.
   */
  input<T>(source: InputSource<T>): DStream<T>
}
let readGraph: (builder: StreamBuilder) => StreamGraph

/** Builds streams: inputs, and operations on several streams. The part of a context that pipeline modules use. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: sources add their methods to the interface
export class StreamBuilder {
  /**
   * Returns the builder of batch jobs, which share threads and data with the streams. Runs no job by itself.
   *
   * ```ts
   * await ssc.context.range(3).count() // 3
   * ```
   */
  readonly context: RddBuilder
  readonly #graph: StreamGraph

  constructor(context: RddBuilder, graph: StreamGraph) {
    this.context = context
    this.#graph = graph
  }

  static {
    readGraph = (builder) => builder.#graph
  }

  /**
   * Returns the milliseconds of one batch. Runs no job.
   *
   * ```ts
   * await Promise.resolve(ssc.batchInterval) // 1000
   * ```
   */
  get batchInterval(): number {
    return this.#graph.batchInterval
  }

  /**
   * Returns the names of all `output(name)` calls so far. Runs no job.
   *
   * ```ts
   * ssc.queueStream([[1]]).output('numbers')
   * await Promise.resolve([...ssc.outputNames]) // ['numbers']
   * ```
   */
  get outputNames(): ReadonlySet<string> {
    return this.#graph.outputNames
  }

  /**
   * Writes the lines of print(), by default to stdout. Assign another function to write them elsewhere. The batch waits
   * for a promise that it returns. Runs no job.
   *
   * ```ts
   * ssc.printer = (time, lines) => console.error(time, lines.join())
   * ssc.queueStream([['a']]).print()
   * ```
   */
  get printer(): (time: number, lines: readonly string[]) => unknown {
    return this.#graph.runtime.printer
  }

  set printer(printer: (time: number, lines: readonly string[]) => unknown) {
    this.#graph.runtime.printer = printer
  }
}

StreamBuilder.prototype.input = function (source) {
  return toDStream(addInput(graphOf(this), source))
}

/** Returns the graph behind a builder. */
export function graphOf(builder: StreamBuilder): StreamGraph {
  return readGraph(builder)
}
