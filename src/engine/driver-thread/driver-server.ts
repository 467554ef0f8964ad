import type { MessagePort, TransferListItem } from 'node:worker_threads'
import type { ManualClock } from '../../ops/clock.js'
import { graphOf } from '../../ops/dstream/builder.js'
import { encodeError } from '../../pool/error-wire.js'
import { engineOf } from '../engine-of.js'
import type { OnDemandName } from '../events/event-names.js'
import { lineageOf } from '../lineage-of.js'
import { lookUpState } from '../look-up-state.js'
import type { ContextRuntime, OutputTransport } from '../streaming/context-runtime.js'
import type { StreamingContext } from '../streaming/streaming-context.js'
import { tablesOf } from '../streaming/tables-of.js'
import type { Notices } from './notices.js'
import { type OutputChannel, OutputSender } from './output-sender.js'
import type { CallMessage, DriverCalls, ToDriver, ToHost } from './protocol.js'
import { packRecords, unpackRecords } from './records-wire.js'

export interface DriverServerOptions {
  readonly ssc: StreamingContext
  readonly port: MessagePort
  readonly notices: Notices
  /** The driver's clock, if it follows the host's manual clock. */
  readonly manualClock: ManualClock | undefined
  readonly pushStreams: readonly string[]
}

type PushMessage = Extract<ToDriver, { readonly type: 'push' }>

/** Runs a context for a host in another thread: answers its calls, and sends it outputs, events and the end. */
export class DriverServer implements OutputTransport, OutputChannel {
  readonly #options: DriverServerOptions
  readonly #outputs = new OutputSender(this)
  readonly #calls: DriverCalls
  #observed: ReadonlySet<OnDemandName> = new Set()

  constructor(options: DriverServerOptions) {
    const { ssc, manualClock } = options
    const tables = tablesOf(ssc)
    this.#options = options
    this.#calls = {
      start: (options) => ssc.start(options),
      stop: (how) => ssc.stop(how),
      awaitIdle: () => ssc.awaitIdle(),
      status: () => ssc.status(),
      terminateThread: (slot) => engineOf(ssc).terminateThread(slot),
      lookUpState: (name, key) => lookUpState(ssc.context, graphOf(ssc), name, key),
      keepOutputs: () => tables.keep(),
      listTables: () => tables.list(),
      readTable: (table, limit) => tables.read(table, limit),
      queryTables: (text) => tables.query(text),
      lineageOf: async (stream, partition) => lineageOf(engineOf(ssc), graphOf(ssc), stream, partition),
      advance: async (ms) => manualClock?.advance(ms),
    }
  }

  /** Reports to the host that the graph is built, and serves it from then on. */
  serve(): void {
    const { ssc, port, notices, pushStreams } = this.#options
    const runtime = graphOf(ssc).runtime as ContextRuntime
    runtime.route(this)
    engineOf(ssc).events.forwardTo({
      wants: (name) => this.#observed.has(name),
      forward: (name, event) => notices.event(name, event),
    })
    ssc.awaitTermination().then(
      () => this.#terminated({ type: 'terminated' }),
      (error: unknown) => this.#terminated({ type: 'terminated', error: encodeError(error) }),
    )
    const { deadLetterLimit } = ssc.context.options
    this.#post({ type: 'ready', outputs: [...ssc.outputNames], pushStreams, deadLetterLimit })
    port.on('message', (message: ToDriver) => this.#receive(message))
  }

  print(time: number, lines: readonly string[]): void {
    this.#options.notices.print(time, lines)
  }

  deliver(name: string, time: number, records: unknown[]): Promise<void> {
    return this.#outputs.deliver(name, time, records)
  }

  sendOutput(name: string, time: number, values: readonly unknown[]): void {
    const records = packRecords(values)
    this.#post({ type: 'output', name, time, records }, [records.buffer])
  }

  #receive(message: ToDriver): void {
    switch (message.type) {
      case 'call':
        void this.#answer(message)
        break
      case 'push':
        void this.#push(message)
        break
      case 'endPush':
        this.#options.ssc.pushHandle(message.name).end()
        break
      case 'taken':
        this.#outputs.taken(message.output)
        break
      case 'read':
        this.#options.notices.read(message.count)
        break
      case 'observe':
        this.#observed = new Set(message.names)
        break
      case 'close':
        void this.#close()
    }
  }

  async #answer({ id, name, args }: CallMessage): Promise<void> {
    try {
      const value = await (this.#calls[name] as (...args: unknown[]) => Promise<unknown>)(...args)
      this.#post({ type: 'answer', id, value })
    } catch (error) {
      this.#post({ type: 'answer', id, error: encodeError(error) })
    }
  }

  async #push({ name, id, records, until }: PushMessage): Promise<void> {
    try {
      const handle = this.#options.ssc.pushHandle(name)
      const values = unpackRecords(records)
      await (until ? handle.pushAll(values, { until }) : handle.pushAll(values))
      this.#post({ type: 'pushed', name, id })
    } catch (error) {
      this.#post({ type: 'pushed', name, id, error: encodeError(error) })
    }
  }

  #terminated(message: ToHost): void {
    this.#outputs.end()
    this.#options.notices.flush()
    this.#post(message)
  }

  async #close(): Promise<void> {
    const { ssc, port } = this.#options
    await ssc.stop()
    // Calls that the stop has settled are answered first.
    await new Promise((resolve) => setImmediate(resolve))
    port.close()
  }

  #post(message: ToHost, transfer: TransferListItem[] = []): void {
    this.#options.port.postMessage(message, transfer)
  }
}
