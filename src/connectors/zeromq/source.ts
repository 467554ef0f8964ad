import type { Receiver, ReceiverSink, ReceiverSource } from '../../ops/source.js'
import { until } from '../../ops/wait.js'
import { messageOf } from '../../values/message-of.js'
import { checkSourceOptions, type SocketSettings, type ZeromqRecordOf, type ZeromqSourceOptions } from './options.js'
import { SocketThread } from './socket.js'

/** The pause before a thread that died has its successor. */
const RESTART_MS = 500

/**
 * Receives messages of a ZeroMQ socket, SUB or PULL, in a thread of its own. ZeroMQ has no acknowledgements: messages that are
 * in the socket's buffer or in no completed batch are lost with the process.
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
  /** Settles when all chunks that have arrived are passed on. */
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
      // Messages in the socket are lost. The next ones need another thread.
      failed: (error) => sink.restart(error.message, error, RESTART_MS),
    })
    if (signal.aborted) await thread.stop()
    else this.#thread = thread
  }

  /** Passes a chunk on when there is room. After a stop the last batch takes what has arrived. */
  async #pass(records: readonly unknown[], sink: ReceiverSink): Promise<void> {
    const room = sink.full()
    if (room) await until(room, this.#stopped.signal)
    sink.records(records)
  }
}
