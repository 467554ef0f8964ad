import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Receiver, ReceiverSink, ReceiverSource } from '../../ops/source.js'
import { messageOf } from '../../values/message-of.js'
import { listening } from '../listening.js'
import { Handshake } from './avro/handshake.js'
import { MalformedError } from './avro/reader.js'
import { FlumeConnection, type FlumeContext } from './connection.js'
import { type CheckedFlumeOptions, checkFlumeOptions, type FlumeOptions } from './options.js'
import { checkProtocol, type FlumeRecordOf, PROTOCOL } from './protocol.js'

/**
 * Receives events from Flume's clients and from agents with an Avro sink. Answers a call when its events are stored, or
 * processed: see `ackAfter`.
 *
 * @throws ArgumentError that names the option.
 */
export function flumeSource<const O extends FlumeOptions>(options: O): ReceiverSource<FlumeRecordOf<O>> {
  const checked = checkFlumeOptions(options)
  const name = `flume ${checked.host}:${checked.port}`
  return {
    kind: 'receiver',
    name,
    codec: 'records',
    ackAfter: checked.ackAfter,
    create: () => new FlumeReceiver(name, checked),
  }
}

/** How long a client may take to read its last answers, in ms. */
const CLOSE_MS = 1000

class FlumeReceiver implements Receiver {
  readonly #name: string
  readonly #options: CheckedFlumeOptions
  readonly #connections = new Set<FlumeConnection>()
  #stop = new AbortController()
  #server: Server | undefined

  constructor(name: string, options: CheckedFlumeOptions) {
    this.#name = name
    this.#options = options
  }

  async start(sink: ReceiverSink): Promise<void> {
    await this.close()
    this.#stop = new AbortController()
    const context: FlumeContext = {
      options: this.#options,
      sink,
      signal: AbortSignal.any([sink.signal, this.#stop.signal]),
      handshake: new Handshake(PROTOCOL, checkProtocol),
      malformed: (peer, error) => {
        if (this.#stop.signal.aborted) return
        // The message of a MalformedError says everything; its stack trace would only fill the log.
        const cause = error instanceof MalformedError ? undefined : error
        sink.report(`${this.#name}: ${peer} was disconnected, because ${messageOf(error)}.`, cause)
      },
    }
    this.#server = await this.#listen((socket) => this.#accept(socket, context), sink)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#server?.close()
    for (const connection of this.#connections) connection.stop()
  }

  /** Closes the connections. Until here, clients can receive the answers to their last calls. */
  async close(): Promise<void> {
    const connections = [...this.#connections]
    for (const connection of connections) connection.end()
    // A client that does not read its answers must not delay the end.
    const late = setTimeout(() => connections.forEach((connection) => void connection.destroy()), CLOSE_MS)
    await Promise.all(connections.map(({ closed }) => closed))
    clearTimeout(late)
  }

  #accept(socket: Socket, context: FlumeContext): void {
    const connection = new FlumeConnection(socket, context)
    this.#connections.add(connection)
    void connection.closed.then(() => this.#connections.delete(connection))
  }

  async #listen(accept: (socket: Socket) => void, sink: ReceiverSink): Promise<Server> {
    const { host, port, tls, maxConnections } = this.#options
    const server = tls ? createTlsServer(tls, accept) : createServer(accept)
    server.maxConnections = maxConnections
    server.on('tlsClientError', (error: Error) => {
      if (!this.#stop.signal.aborted) sink.report(`${this.#name}: a client cannot encrypt: ${error.message}`, error)
    })
    const listens = listening(server, `${this.#name} cannot listen`)
    server.listen(port, host)
    await listens
    server.on('error', (error) => sink.report(`${this.#name} cannot accept a connection: ${error.message}`, error))
    return server
  }
}
