import type { Clock } from '../../ops/clock.js'
import type { StreamRuntime } from '../../ops/dstream/graph.js'
import type { InputNode } from '../../ops/dstream/node.js'
import type { Rdd } from '../../ops/rdd/rdd.js'
import type { InputTracker } from '../receivers/input-tracker.js'
import type { NamedOutputs } from './named-outputs.js'
import { NewestOutputs } from './newest-outputs.js'
import { printBatch } from './print-batch.js'

/** The target of a context's outputs. */
export interface OutputTransport {
  print(time: number, lines: readonly string[]): unknown
  deliver(name: string, time: number, records: unknown[]): Promise<void> | void
}

/** The services of a StreamingContext for its graph: time, the datasets of inputs, and the targets of outputs. */
export class ContextRuntime implements StreamRuntime {
  /** The newest batches of named outputs, for the page and the shell. */
  readonly newest = new NewestOutputs()
  readonly #clock: Clock
  #transport: OutputTransport | undefined
  #inputs: InputTracker | undefined
  #outputs: NamedOutputs | undefined
  /** Prints the lines of print(), unless outputs are sent to another thread. */
  printer: (time: number, lines: readonly string[]) => unknown = printBatch

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sends all outputs through `transport` from now on, to a host in another thread. */
  route(transport: OutputTransport): void {
    this.#transport = transport
  }

  /** Attaches a starting run: its inputs, and the queues of named outputs in this thread. */
  attach(inputs: InputTracker, outputs: NamedOutputs): void {
    this.#inputs = inputs
    this.#outputs = outputs
  }

  /** The inputs of the run; undefined before it starts. */
  get inputs(): InputTracker | undefined {
    return this.#inputs
  }

  now(): number {
    return this.#clock.now()
  }

  inputAt(stream: InputNode, time: number): Rdd<unknown> | undefined {
    return this.#inputs?.datasetAt(stream, time)
  }

  print(time: number, lines: readonly string[]): unknown {
    return this.#transport ? this.#transport.print(time, lines) : this.printer(time, lines)
  }

  deliver(name: string, time: number, records: unknown[]): Promise<void> | void {
    this.newest.note(name, time, records)
    return this.#transport ? this.#transport.deliver(name, time, records) : this.#outputs?.put(name, time, records)
  }
}
