import type { MessagePort } from 'node:worker_threads'
import type { Receiver, ReceiverSink, ReceiverSource } from '../../ops/source.js'
import { ConnectionLimit } from './connection-limit.js'
import { type Entrance, Inbox } from './inbox.js'
import { type ActorOptions, type CheckedActorOptions, checkActorOptions } from './options.js'
import { PortEntrance } from './ports.js'
import { TcpEntrance } from './tcp.js'
import { WebSocketEntrance } from './websocket.js'

/** A source that actors send to. */
export interface ActorSource<T = unknown> extends ReceiverSource<T> {
  /**
   * Returns a MessagePort for one sender. Transfer it to a worker thread, and call `connectActor(port)` there. The port
   * buffers messages until the stream starts.
   */
  port(): MessagePort
}

/**
 * Receives the messages of actors: worker threads over MessagePorts, processes and browser pages over WebSockets, and
 * actors of other platforms over TCP.
 *
 * @throws ArgumentError that names the option.
 */
export function actorSource<T = unknown>(options: ActorOptions = {}): ActorSource<T> {
  const checked = checkActorOptions(options)
  const ports = new PortEntrance()
  return {
    kind: 'receiver',
    name: checked.name,
    codec: 'records',
    ackAfter: checked.ackAfter,
    create: () => new ActorReceiver(checked, ports),
    port: () => ports.newPort(),
  }
}

class ActorReceiver implements Receiver {
  readonly #name: string
  readonly #entrances: readonly Entrance[]
  #stopped = new AbortController()

  constructor({ name, websocket, tcp, maxMessageBytes, maxConnections }: CheckedActorOptions, ports: PortEntrance) {
    this.#name = name
    const limit = new ConnectionLimit(maxConnections)
    this.#entrances = [
      ports,
      ...(websocket ? [new WebSocketEntrance({ ...websocket, maxMessageBytes, limit })] : []),
      ...(tcp ? [new TcpEntrance({ ...tcp, maxMessageBytes, limit })] : []),
    ]
  }

  async start(sink: ReceiverSink): Promise<void> {
    this.#stopped = new AbortController()
    const inbox = new Inbox(this.#name, sink, AbortSignal.any([sink.signal, this.#stopped.signal]))
    try {
      for (const entrance of this.#entrances) await entrance.open(inbox)
    } catch (error) {
      // The next start opens all transports again.
      await this.stop()
      for (const entrance of this.#entrances.slice(1)) await entrance.close()
      throw error
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    for (const entrance of this.#entrances) entrance.stop()
  }

  async close(): Promise<void> {
    for (const entrance of this.#entrances) await entrance.close()
  }
}
