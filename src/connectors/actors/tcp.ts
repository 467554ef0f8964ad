import { createServer, type Server, type Socket } from 'node:net'
import { messageOf } from '../../values/message-of.js'
import { listening } from '../listening.js'
import type { ConnectionLimit } from './connection-limit.js'
import { LengthFrames, lengthFrame } from './frames.js'
import type { Entrance, Inbox } from './inbox.js'
import type { Listening } from './options.js'

type Options = Listening & { readonly maxMessageBytes: number; readonly limit: ConnectionLimit }

/** How long a sender may take to read the last acknowledgements, in ms. */
const CLOSE_MS = 1000

/**
 * Accepts frames over TCP: a length of 4 bytes, and a message in JSON. Each acknowledgement is a frame `{"stored":n}`,
 * where n counts the messages of this connection that are stored, or processed. A refused sender gets
 * `{"refused":why}`.
 */
export class TcpEntrance implements Entrance {
  readonly #options: Options
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined

  constructor(options: Options) {
    this.#options = options
  }

  async open(inbox: Inbox): Promise<void> {
    const { host, port } = this.#options
    const server = createServer((socket) => this.#serve(socket, inbox))
    const listens = listening(server, `Actors cannot be taken on ${host}:${port}`)
    server.listen(port, host)
    await listens
    server.on('error', (error) => inbox.report(`a connection cannot be taken: ${error.message}`, error))
    this.#server = server
  }

  stop(): void {
    this.#server?.close()
    for (const socket of this.#sockets) socket.removeAllListeners('data').pause()
  }

  async close(): Promise<void> {
    const sockets = [...this.#sockets]
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    for (const socket of sockets) socket.end(() => socket.destroySoon())
    const late = setTimeout(() => sockets.forEach((socket) => void socket.destroy()), CLOSE_MS)
    await Promise.all(closed)
    clearTimeout(late)
  }

  #serve(socket: Socket, inbox: Inbox): void {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`
    const { limit } = this.#options
    if (!limit.admits(socket, peer, inbox)) {
      refuse(socket, limit.refusal)
      return
    }
    const frames = new LengthFrames(this.#options.maxMessageBytes)
    let stored = 0
    this.#sockets.add(socket)
    socket.setNoDelay(true).setKeepAlive(true, 60_000)
    // A 'close' event follows. The sender reconnects, and sends unacknowledged messages again.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    const store = async (bodies: readonly Buffer[]) => {
      if (!(await inbox.room()) || socket.destroyed) return
      const messages = bodies.flatMap((body) => parsed(body, (why) => inbox.report(`${peer} sent ${why}`)))
      inbox.store(messages).then(
        () => {
          // An unreadable message counts as well: if the sender sent it again, it would fail again.
          stored += bodies.length
          if (socket.writable) socket.write(lengthFrame(JSON.stringify({ stored })))
        },
        // The stream has stopped, so the sender gets no acknowledgement.
        () => undefined,
      )
      socket.resume()
    }
    socket.on('data', (chunk: Buffer) => {
      try {
        const bodies = frames.push(chunk)
        if (bodies.length === 0) return
        socket.pause()
        void store(bodies).catch((error: unknown) => fail(error))
      } catch (error) {
        fail(error)
      }
    })
    const fail = (error: unknown) => {
      socket.destroy()
      inbox.report(`${peer} was disconnected, because ${messageOf(error)}.`)
    }
  }
}

/**
 * Sends the reason and closes the connection. Reads what arrives, because unread data would reset the connection and
 * drop the reason.
 */
function refuse(socket: Socket, why: string): void {
  const late = setTimeout(() => socket.destroy(), CLOSE_MS)
  socket.on('error', () => undefined).once('close', () => clearTimeout(late))
  socket.end(lengthFrame(JSON.stringify({ refused: why }))).resume()
}

function parsed(body: Buffer, refused: (why: string) => void): unknown[] {
  try {
    return [JSON.parse(body.toString('utf8'))]
  } catch (error) {
    refused(`a message that is not JSON, which is left out: ${messageOf(error)}`)
    return []
  }
}
