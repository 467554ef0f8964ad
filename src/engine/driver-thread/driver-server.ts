import type { MessagePort, TransferListItem } from 'node:worker_threads'
import type { ManualClock } from '../../ops/clock.js'
import { encodeError } from '../../pool/error-wire.js'
import type { StreamingContext } from '../streaming-context.js'
import { terminateThreadOf } from '../terminate-thread.js'
import { packDetails } from './details-wire.js'
import { Outlets } from './outlets.js'
import type { CallMessage, DriverCalls, ToDriver, ToHost } from './protocol.js'
import { packRecords, unpackRecords } from './records-wire.js'
import type { PushFace } from './remote-push.js'

export interface DriverServerOptions {
  readonly ssc: StreamingContext
  readonly port: MessagePort
  /** Where the host's time is the driver's. */
  readonly manualClock: ManualClock | undefined
  readonly pushStreams: readonly string[]
  readonly pushStream: (name: string) => PushFace<unknown>
}

/** Runs a context for a host in another thread: answers its calls, and tells it whatever happens. */
export class DriverServer {
  readonly #options: DriverServerOptions
  readonly #outlets: Outlets
  readonly #calls: DriverCalls

  constructor(options: DriverServerOptions) {
    const { ssc, manualClock } = options
    this.#options = options
    this.#outlets = new Outlets((name, time, values) => {
      const records = packRecords(values)
      this.#post({ type: 'output', name, time, records }, [records.buffer])
    })
    this.#calls = {
      start: () => ssc.start(),
      stop: (how) => ssc.stop(how),
      awaitIdle: () => ssc.awaitIdle(),
      terminateThread: (slot) => terminateThreadOf(ssc.context.engine, slot),
      advance: async (ms) => manualClock?.advance(ms),
    }
  }

  /** Tells the host that the graph is built, and listens. */
  serve(): void {
    const { ssc, port, pushStreams } = this.#options
    ssc.deliver = (name, time, records) => this.#outlets.deliver(name, time, records)
    ssc.printer = (time, lines) => this.#post({ type: 'print', time, lines })
    ssc.context.engine.events.onEvery((name, event) => this.#post({ type: 'event', name, event: packDetails(event) }))
    ssc.awaitTermination().then(
      () => this.#terminated({ type: 'terminated' }),
      (error: unknown) => this.#terminated({ type: 'terminated', error: encodeError(error) }),
    )
    const { deadLetterLimit } = ssc.context.options
    this.#post({ type: 'ready', outputs: [...ssc.outputNames], pushStreams, deadLetterLimit })
    port.on('message', (message: ToDriver) => this.#receive(message))
  }

  #receive(message: ToDriver): void {
    switch (message.type) {
      case 'call':
        void this.#answer(message)
        break
      case 'push':
        void this.#push(message.name, message.id, message.records)
        break
      case 'endPush':
        this.#options.pushStream(message.name).end()
        break
      case 'taken':
        this.#outlets.taken(message.output)
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

  async #push(name: string, id: number, records: Uint8Array): Promise<void> {
    try {
      await this.#options.pushStream(name).pushAll(unpackRecords(records))
      this.#post({ type: 'pushed', name, id })
    } catch (error) {
      this.#post({ type: 'pushed', name, id, error: encodeError(error) })
    }
  }

  #terminated(message: ToHost): void {
    this.#outlets.end()
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
