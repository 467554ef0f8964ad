import type { IncomingMessage } from 'node:http'
import * as Comlink from 'comlink'
import type { WebSocket, WebSocketServer } from 'ws'
import { messageOf } from '../../values/message-of.js'
import { listening } from '../listening.js'
import { missingPackage } from '../missing-package.js'
import type { ConnectionLimit } from './connection-limit.js'
import { Gate, mailboxOf } from './gate.js'
import type { Entrance, Inbox } from './inbox.js'
import type { CheckedActorOptions } from './options.js'
import { decode, encode } from './wire.js'

type Options = NonNullable<CheckedActorOptions['websocket']> & {
  readonly maxMessageBytes: number
  readonly limit: ConnectionLimit
}

/** How long a sender may take to answer a close, in ms. */
const CLOSE_MS = 1000

/** Accepts messages over WebSockets. */
export class WebSocketEntrance implements Entrance {
  readonly #options: Options
  #server: WebSocketServer | undefined

  constructor(options: Options) {
    this.#options = options
  }

  async open(inbox: Inbox): Promise<void> {
    const { WebSocketServer } = await loadServer()
    const { host, port, maxMessageBytes, origins } = this.#options
    // A page of any site can open a WebSocket to this machine. The browser only reports the origin of the page.
    const verifyClient = ({ origin }: { origin?: string }) => origin === undefined || origins.includes(origin)
    const server = new WebSocketServer({ host, port, maxPayload: maxMessageBytes, verifyClient })
    await listening(server, `WebSockets cannot be taken on ${host}:${port}`)
    server.on('error', (error) => inbox.report(`a WebSocket cannot be taken: ${error.message}`, error))
    server.on('connection', (socket, request) => this.#serve(socket, request, inbox))
    this.#server = server
  }

  stop(): void {
    this.#server?.removeAllListeners('connection')
    for (const socket of this.#server?.clients ?? []) socket.removeAllListeners('message')
  }

  async close(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    for (const socket of server.clients) socket.close(1001, 'The stream has stopped.')
    const late = setTimeout(() => server.clients.forEach((socket) => void socket.terminate()), CLOSE_MS)
    await new Promise((resolve) => server.close(resolve))
    clearTimeout(late)
  }

  #serve(socket: WebSocket, { socket: { remoteAddress, remotePort } }: IncomingMessage, inbox: Inbox): void {
    const peer = `${remoteAddress}:${remotePort}`
    const { limit } = this.#options
    if (!limit.admits(socket, peer, inbox)) {
      refuse(socket, limit.refusal)
      return
    }
    const disconnect = (why: string) => {
      socket.close(1008)
      inbox.report(`${peer} was disconnected, because ${why}.`)
    }
    const gate = new Gate((message) => {
      if (socket.readyState === socket.OPEN) socket.send(encode(message))
    }, disconnect)
    Comlink.expose(
      mailboxOf(inbox, () => socket.readyState === socket.OPEN),
      gate,
    )
    socket.on('error', (error) => inbox.report(`${peer} was disconnected: ${error.message}`))
    socket.on('message', (data) => {
      try {
        gate.take(decode(data as Buffer))
      } catch (error) {
        disconnect(`a message cannot be read: ${messageOf(error)}`)
      }
      if (!inbox.isFull || socket.isPaused) return
      // Stops reading: a sender that ignores acknowledgements must not fill the memory.
      socket.pause()
      void inbox.room().then(() => socket.resume())
    })
  }
}

/** Accepts the connection and closes it with a reason: a page cannot read the reason of a refused handshake. */
function refuse(socket: WebSocket, why: string): void {
  const late = setTimeout(() => socket.terminate(), CLOSE_MS)
  socket.on('error', () => undefined).once('close', () => clearTimeout(late))
  socket.close(1013, why)
}

async function loadServer(): Promise<typeof import('ws')> {
  try {
    return await import('ws')
  } catch (cause) {
    throw missingPackage('Actors over WebSocket need', ['ws'], 8, cause)
  }
}
