import type { Receiver, ReceiverSink, ReceiverSource } from '../../ops/source.js'
import { until } from '../../ops/wait.js'
import { messageOf } from '../../values/message-of.js'
import { checkSourceOptions, type SocketSettings, type ZeromqRecordOf, type ZeromqSourceOptions } from './options.js'
import { SocketThread } from './socket.js'

/** The pause before a new thread replaces a dead one, in ms. */
const RESTART_MS = 500

/**
 * Receives messages of a ZeroMQ socket, SUB or PULL, in a thread of its own. ZeroMQ has no acknowledgements, so
 * messages in the socket's buffer, and messages of incomplete batches, are lost if the process dies.
 *
 * @throws ArgumentError that names the option.
 */
export function zeromqSource<const O extends ZeromqSourceOptions>(options: O): ReceiverSource<ZeromqRecordOf<O>> {
  const settings = checkSourceOptions(options)
  const name = `zeromq ${settings.type} ${[...settings.connect, ...settings.bind].join()}`
  return { kind: 'receiver', name, codec: 'records', create: () => new ZeromqReceiver(name, settings) }
}

class ZeromqReceiver implements Receiver {
  readonly #name: string
  readonly #settings: SocketSettings
  #stopped = new AbortController()
  #thread: SocketThread | undefined
  /** Resolves when all chunks that have arrived are stored. */
  #passed: Promise<void> = Promise.resolve()

  constructor(name: string, settings: SocketSettings) {
    this.#name = name
    this.#settings = settings
  }

  async start(sink: ReceiverSink): Promise<void> {
    this.#stopped = new AbortController()
    await this.#open(sink)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#thread?.stop()
    this.#thread = undefined
    await this.#passed
  }

  async #open(sink: ReceiverSink): Promise<void> {
    const { signal } = this.#stopped
    const thread = await SocketThread.open(this.#name, this.#settings, {
      note: (message) => {
        if (!signal.aborted) sink.report(`${this.#name}: ${message}.`)
      },
      records: (records) => {
        this.#passed = this.#passed
          .then(() => this.#pass(records, sink))
          .catch((error: unknown) => sink.report(`${this.#name}: messages were lost: ${messageOf(error)}`, error))
          .then(() => thread.taken())
      },
      // Messages in the socket are lost. A restart opens another thread.
      failed: (error) => sink.restart(error.message, error, RESTART_MS),
    })
    if (signal.aborted) await thread.stop()
    else this.#thread = thread
  }

  /** Stores a chunk when there is room, or at once after a stop, for the last batch. */
  async #pass(records: readonly unknown[], sink: ReceiverSink): Promise<void> {
    const room = sink.full()
    if (room) await until(room, this.#stopped.signal)
    sink.records(records)
  }
}
