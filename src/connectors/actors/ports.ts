import { MessageChannel, type MessagePort } from 'node:worker_threads'
import * as Comlink from 'comlink'
import { Gate, mailboxOf } from './gate.js'
import type { Entrance, Inbox } from './inbox.js'

/** Accepts messages over MessagePorts. Ports that exist before the stream starts buffer their messages. */
export class PortEntrance implements Entrance {
  readonly #ports = new Set<MessagePort>()
  #inbox: Inbox | undefined

  /** Returns the sender's end of a new channel. */
  newPort(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.#ports.add(port1)
    // An idle sender must not keep the process alive.
    port1.unref()
    port1.once('close', () => this.#ports.delete(port1))
    if (this.#inbox) this.#serve(port1, this.#inbox)
    return port2
  }

  async open(inbox: Inbox): Promise<void> {
    this.#inbox = inbox
    for (const port of this.#ports) this.#serve(port, inbox)
  }

  stop(): void {
    this.#inbox = undefined
    for (const port of this.#ports) port.removeAllListeners('message')
  }

  async close(): Promise<void> {
    for (const port of this.#ports) port.close()
  }

  #serve(port: MessagePort, inbox: Inbox): void {
    const gate = new Gate(
      (message) => port.postMessage(message),
      (why) => {
        port.close()
        inbox.report(`a port was closed, because ${why}.`)
      },
    )
    const mailbox = mailboxOf(inbox, () => this.#ports.has(port))
    Comlink.expose(mailbox, gate)
    port.on('message', (message: unknown) => gate.take(message))
    port.unref()
  }
}
