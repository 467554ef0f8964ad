import { ArgumentError, StateError } from '../../errors.js'
import { stackHere } from '../functions/call-sites.js'
import type { RddBuilder } from '../rdd/builder.js'
import type { Rdd } from '../rdd/rdd.js'
import { checkSource, type InputSource } from '../source.js'
import { type DStream, type Stream, streamFace } from './dstream.js'
import type { EventTimeStream } from './event-time/info.js'
import { InputStream } from './input.js'

/** What an output operation does with each RDD of its stream. Runs in the driver. */
export interface OutputOperation {
  readonly id: number
  readonly label: string
  readonly stream: Stream<unknown>
  readonly run: (rdd: Rdd<unknown>, time: number) => unknown
  /** The stack of the call that added it. */
  readonly site: { readonly stack?: string }
  /** Where it writes, if no other output may write there. */
  readonly target?: string
}

export interface StreamBuilder {
  /** Marks builders in the types. */
  readonly __builder?: true
}
/** Builds the graph of streams. Exists in every thread: workers build the same graph to have the same functions. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: sources add their methods to the interface
export class StreamBuilder {
  /** Batch work, sharing threads and data with the streams. */
  readonly context: RddBuilder
  /** Milliseconds of one batch. */
  readonly batchInterval: number
  /** Slides between two snapshots of kept state. */
  stateSnapshotInterval = 10
  /** The time one batch before the first batch; known once started. */
  zeroTime = 0
  /** Set by remember(): ms that every stream keeps its RDDs at least. */
  rememberAtLeast = 0
  /** The newest batch that has begun. Reading beyond it is reading ahead. Set by the engine. */
  batchTime = Number.POSITIVE_INFINITY
  /** While a slice asks for a batch that is still to come. */
  peeking = false
  readonly streams: Stream<unknown>[] = []
  readonly inputs: InputStream<unknown>[] = []
  readonly outputs: OutputOperation[] = []
  /** Streams that take part in event time, by number. */
  readonly eventTime = new Map<number, EventTimeStream>()
  /** Names given to output(name). */
  readonly outputNames = new Set<string>()
  /** The context's clock; a graph that is only built has none to speak of. */
  now: () => number = Date.now
  /** Counts the records of each source that wait in the host for a start. */
  readonly heldBack: (() => number)[] = []
  /** Told of each RDD that a stream makes. Set by the engine. */
  onComputed: ((stream: Stream<unknown>, time: number, rdd: Rdd<unknown>) => void) | undefined
  /** Writes the lines of print(). The batch waits for a promise that it returns. */
  printer: (time: number, lines: readonly string[]) => unknown = printBatch
  /** Hands the records of a named output to the host. Set by the engine. */
  deliver: (name: string, time: number, records: unknown[]) => Promise<void> | void = () => {}
  #frozen: 'started' | 'stopped' | undefined
  #scopes: [Stream<unknown>, number][] = []

  constructor(context: RddBuilder, batchInterval: number) {
    this.context = context
    this.batchInterval = batchInterval
  }

  /** The number of nodes so far. */
  get size(): number {
    return this.streams.length
  }

  /** 'started' or 'stopped'; undefined while the graph is being built. */
  get frozen(): 'started' | 'stopped' | undefined {
    return this.#frozen
  }

  register(stream: Stream<unknown>): number {
    this.mustBeOpen(`'${stream.label}'`)
    this.streams.push(stream)
    return this.streams.length - 1
  }

  /** No additions from here on; `state` says why: 'started' or 'stopped'. */
  freeze(state: 'started' | 'stopped'): void {
    this.#frozen = state
  }

  /** An input. Sources add their own named methods, such as socketTextStream. Throws ArgumentError for what is no source. */
  input<T>(source: InputSource<T>): DStream<T> {
    const stream = new InputStream<T>(this, checkSource(source))
    this.inputs.push(stream as InputStream<unknown>)
    return streamFace(stream)
  }

  addOutput(stream: Stream<unknown>, label: string, run: OutputOperation['run'], target?: string): void {
    this.mustBeOpen(`The output operation '${label}'`)
    this.outputs.push({ id: this.outputs.length, label, stream, run, site: stackHere(this.addOutput), target })
  }

  nameOutput(name: string): void {
    if (typeof name !== 'string' || name === '' || this.outputNames.has(name)) {
      throw new ArgumentError(
        `output(${JSON.stringify(name)}): each output needs a name of its own. Names so far: ${[...this.outputNames].join(', ') || 'none'}.`,
      )
    }
    this.outputNames.add(name)
  }

  /** Runs `make` with (stream, time) as the owner of the RDDs that it creates. */
  within<R>(stream: Stream<unknown>, time: number, make: () => R): R {
    this.#scopes.push([stream, time])
    try {
      return make()
    } finally {
      this.#scopes.pop()
    }
  }

  /** The innermost owner of RDDs that are created now. */
  get owner(): readonly [Stream<unknown>, number] | undefined {
    return this.#scopes.at(-1)
  }

  /** One line a node and a function: equal in two threads exactly if they built the same graph. */
  fingerprint(): string[] {
    const nodes = this.streams.map(
      (s) => `${s.id} ${s.label} slide=${s.slideDuration} of=${s.parents.map((p) => p.id).join(',')}`,
    )
    const outputs = this.outputs.map((o) => `output ${o.id} ${o.label} of=${o.stream.id}`)
    return [...nodes, ...outputs, ...this.context.table.fingerprint()]
  }

  /**
   * One line a node, without functions and without what may differ from one start to the next, such as ports: what a
   * checkpoint and the graph that goes on from it must have in common.
   */
  shape(): string[] {
    const nodes = this.streams.map((s) => {
      const what = 'source' in s ? `input (${(s as InputStream<unknown>).source.kind})` : s.label
      const of = s.parents.map((p) => p.id).join(',')
      return `stream ${s.id}: ${[what, `slide=${s.slideDuration}`, of && `of=${of}`, s.shape].filter(Boolean).join(' ')}`
    })
    const outputs = this.outputs.map((o) => `output ${o.id}: ${o.label.replace(/\(.*/, '')} of=${o.stream.id}`)
    return [`batchInterval=${this.batchInterval}`, `parallelism=${this.context.parallelism}`, ...nodes, ...outputs]
  }

  /** Throws StateError once the graph is fixed. Called by what changes the graph. */
  mustBeOpen(what: string): void {
    if (!this.#frozen) return
    throw new StateError(
      this.#frozen === 'started'
        ? `${what} cannot be added after start(): the graph is fixed while the context runs. Build the whole graph first.`
        : `${what} cannot be added to a context after stop(). Make a new context.`,
    )
  }
}

/** What print() shows, on stdout. */
export function printBatch(time: number, lines: readonly string[]): void {
  const rule = '-'.repeat(43)
  console.log([rule, `Time: ${time} ms`, rule, ...lines, ''].join('\n'))
}
