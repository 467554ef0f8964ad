import { ArgumentError, StateError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { stackHere } from '../functions/call-sites.js'
import type { RddContext } from '../rdd/context.js'
import type { Rdd } from '../rdd/rdd.js'
import { RunTable } from '../run-table.js'
import type { EventTimeStream } from './event-time/info.js'
import type { InputNode, StreamNode } from './node.js'
import { StreamIds } from './stream-ids.js'

/** One call of an output operation. */
export interface OutputCall {
  /** The batch time in ms. */
  readonly time: number
  /**
   * The output operation, as 12 hexadecimal digits: the same in every process that runs the program, also when other streams
   * and outputs are added. With the time, it names the result.
   */
  readonly outputId: string
  /** 1 for the first call for this batch in this process; more with `outputRetries`. */
  readonly attempt: number
  /** A process that ended had this batch, and may have completed a part of the output. */
  readonly replayed: boolean
}

/** An output operation: runs in the driver on each RDD of its stream. */
export interface OutputOperation {
  readonly id: number
  readonly label: string
  readonly stream: StreamNode
  readonly run: (rdd: Rdd<unknown>, call: OutputCall) => unknown
  /** Its results end with the process, so that another process must produce those of completed batches again. */
  readonly inMemory?: boolean
  /** Its effects are the user's own, or on the terminal: a replay runs it on request. */
  readonly isOwn?: boolean
  /** The stack of the call that added it, for errors. */
  readonly site: { readonly stack?: string }
  /** The path that it writes to; no other output may write there. */
  readonly target?: string
  /** Closes what the operation holds, such as connections. Called once, after the last batch. */
  readonly close?: () => Promise<void>
}

/** The services of the context that runs a graph. */
export interface StreamRuntime {
  /** Prints the lines of print(). The batch waits for a promise that it returns. Users may replace it. */
  printer: (time: number, lines: readonly string[]) => unknown
  /** Returns the time of the context's clock in ms. */
  now(): number
  /** Returns the dataset that an input has for a batch; undefined if it has none. */
  inputAt(stream: InputNode, time: number): Rdd<unknown> | undefined
  /** Prints to the host, with the `printer` if the host is in this thread. */
  print(time: number, lines: readonly string[]): unknown
  /** Delivers a batch of a named output to the host. The batch waits for the promise. */
  deliver(name: string, time: number, records: unknown[]): Promise<void> | void
}

/** The runtime of a graph that is only built, for example in workers. It runs no batch. */
function withoutRuntime(): StreamRuntime {
  return { printer: () => {}, now: Date.now, inputAt: () => undefined, print: () => {}, deliver: () => {} }
}

export interface GraphOptions {
  /** The context that the datasets of all streams share. */
  readonly context: RddContext
  /** The length of a batch in ms. */
  readonly batchInterval: number
  /** Slides between two snapshots of the state (10). */
  readonly stateSnapshotInterval?: number
  readonly runtime?: StreamRuntime
}

/**
 * The streams and outputs of one context. Every thread has one: workers build the same graph to obtain its functions.
 */
export class StreamGraph {
  /** The context that the datasets of all streams share. */
  readonly context: RddContext
  /** The length of a batch in ms. */
  readonly batchInterval: number
  /** The data that changes while the graph runs. */
  readonly run = new RunTable()
  /** Slides between two snapshots of the state. */
  readonly stateSnapshotInterval: number
  readonly runtime: StreamRuntime
  /** The time of the batch before the first one; set by start(). */
  zeroTime = 0
  /** Set by remember(): how long, in ms, every stream remembers its RDDs at least. */
  rememberAtLeast = 0
  /** The newest batch that has started; a read of later batches is a read ahead. Set by the engine. */
  batchTime = Number.POSITIVE_INFINITY
  /** True while slice() requests a future batch. */
  peeking = false
  readonly streams: StreamNode[] = []
  readonly inputs: InputNode[] = []
  readonly outputs: OutputOperation[] = []
  /** Streams that take part in event time, by id. */
  readonly eventTime = new Map<number, EventTimeStream>()
  readonly ids = new StreamIds()
  /** Names of output(name). */
  readonly outputNames = new Set<string>()
  #uids: ReadonlyMap<StreamNode, string> | undefined
  #outputIds: ReadonlyMap<OutputOperation, string> | undefined
  #frozen: 'started' | 'stopped' | undefined
  #scopes: [StreamNode, number][] = []

  constructor({ context, batchInterval, stateSnapshotInterval = 10, runtime = withoutRuntime() }: GraphOptions) {
    this.context = context
    this.batchInterval = batchInterval
    this.stateSnapshotInterval = stateSnapshotInterval
    this.runtime = runtime
  }

  /** The number of streams so far. */
  get size(): number {
    return this.streams.length
  }

  /** 'started' or 'stopped'; undefined while the graph is being built. */
  get frozen(): 'started' | 'stopped' | undefined {
    return this.#frozen
  }

  /** The ids of inputs, and of streams that keep data for outputs. */
  get uids(): ReadonlyMap<StreamNode, string> {
    return this.#uids ?? this.ids.ofStreams([...this.inputs, ...this.#used().filter(({ kept }) => kept)])
  }

  /** The ids of output operations. */
  get outputIds(): ReadonlyMap<OutputOperation, string> {
    return this.#outputIds ?? this.ids.ofOutputs(this.outputs)
  }

  register(stream: StreamNode): number {
    this.mustBeOpen(`'${stream.label}'`)
    this.streams.push(stream)
    return this.streams.length - 1
  }

  /** Refuses additions from now on; `state` is the reason. No node of the graph changes after this. */
  freeze(state: 'started' | 'stopped'): void {
    if (state === 'started') {
      this.#uids = this.uids
      this.#outputIds = this.outputIds
    }
    this.#frozen = state
    for (const stream of this.streams) Object.freeze(stream)
  }

  addOutput(
    stream: StreamNode,
    label: string,
    run: OutputOperation['run'],
    more: Pick<OutputOperation, 'target' | 'close' | 'inMemory' | 'isOwn'> = {},
  ): void {
    this.mustBeOpen(`The output operation '${label}'`)
    this.outputs.push({ id: this.outputs.length, label, stream, run, site: stackHere(this.addOutput), ...more })
  }

  nameOutput(name: string): void {
    if (typeof name !== 'string' || name === '' || this.outputNames.has(name)) {
      throw new ArgumentError(
        `output(${describe(name)}): each output needs a unique name. Names in use: ${[...this.outputNames].join(', ') || 'none'}.`,
      )
    }
    this.outputNames.add(name)
  }

  /** Runs `make`; the RDDs that it creates belong to `stream` at `time`. */
  within<R>(stream: StreamNode, time: number, make: () => R): R {
    this.#scopes.push([stream, time])
    try {
      return make()
    } finally {
      this.#scopes.pop()
    }
  }

  /** The innermost owner of the RDDs that are being created. */
  get owner(): readonly [StreamNode, number] | undefined {
    return this.#scopes.at(-1)
  }

  /**
   * Returns one line for each stream and function. Two threads have equal lines exactly if they built the same graph.
   */
  fingerprint(): string[] {
    const nodes = this.streams.map(
      (s) => `${s.id} ${s.label} slide=${s.slideDuration} of=${s.parents.map((p) => p.id).join(',')}`,
    )
    const outputs = this.outputs.map((o) => `output ${o.id} ${o.label} of=${o.stream.id}`)
    return [...nodes, ...outputs, ...this.context.table.fingerprint()]
  }

  /** Streams that outputs depend on, in the order of creation. */
  #used(): StreamNode[] {
    const used = new Set<StreamNode>()
    const add = (stream: StreamNode): void => {
      if (used.has(stream)) return
      used.add(stream)
      stream.parents.forEach(add)
    }
    for (const { stream } of this.outputs) add(stream)
    return this.streams.filter((stream) => used.has(stream))
  }

  /** @throws StateError if the graph is frozen. Called before every change of the graph. */
  mustBeOpen(what: string): void {
    if (!this.#frozen) return
    throw new StateError(
      this.#frozen === 'started'
        ? `${what} cannot be added after start(): the graph cannot change while the context runs. Build the whole graph first.`
        : `${what} cannot be added to a context after stop(). Create a new context.`,
    )
  }
}
