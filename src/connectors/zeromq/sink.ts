import type { DataSink, SinkWrite } from '../../ops/sink.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import type { Piece } from './messages.js'
import { checkSinkOptions, type SocketSettings, type ZeromqSinkOptions } from './options.js'
import { SocketThread } from './socket.js'
import type { ZeromqWriterOptions } from './writer.js'

type Messages = readonly (readonly Piece[])[]

/**
 * Sends each record as a message: a text, bytes, or an array of these as frames. A batch is sent when all its
 * partitions are complete, so a task that runs again causes no duplicates.
 *
 * @throws ArgumentError that names the option.
 */
export function zeromqSink(
  options: ZeromqSinkOptions,
): DataSink<string | Uint8Array | readonly (string | Uint8Array)[]> {
  const { socket, topic, ids } = checkSinkOptions(options)
  const name = `zeromq ${socket.type} ${[...socket.connect, ...socket.bind].join()}`
  const driver = new ZeromqDriver(name, socket)
  const writer: ZeromqWriterOptions = { topic, ids }
  return {
    name,
    writer: {
      module: new URL('connectors/zeromq/writer.js', PACKAGE_ROOT).href,
      export: 'zeromqWriter',
      options: writer,
    },
    open: () => driver.open(),
    commit: (write, messages) => driver.commit(write, messages as readonly Messages[]),
    close: () => driver.close(),
  }
}

class ZeromqDriver {
  readonly #name: string
  readonly #settings: SocketSettings
  /** The newest batch that was sent, by output. */
  readonly #sent = new Map<string, number>()
  #thread: Promise<SocketThread> | undefined

  constructor(name: string, settings: SocketSettings) {
    this.#name = name
    this.#settings = settings
  }

  async open(): Promise<void> {
    await this.#opened()
  }

  async commit({ time, output = '' }: SinkWrite, messages: readonly Messages[]): Promise<void> {
    if (time !== undefined && time <= (this.#sent.get(output) ?? Number.NEGATIVE_INFINITY)) return
    const thread = await this.#opened()
    for (const partition of messages) if (partition.length > 0) await thread.send(partition)
    if (time !== undefined) this.#sent.set(output, time)
  }

  async close(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    await thread?.then((socket) => socket.stop()).catch(() => undefined)
  }

  #opened(): Promise<SocketThread> {
    this.#thread ??= SocketThread.open(this.#name, this.#settings, {
      // Lost peers need no report here: messages wait for them, and the output fails if that takes too long.
      note: () => undefined,
      failed: () => {
        this.#thread = undefined
      },
    }).catch((error: unknown) => {
      this.#thread = undefined
      throw error
    })
    return this.#thread
  }
}
