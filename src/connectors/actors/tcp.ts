import { createServer, type Server, type Socket } from 'node:net'
import { messageOf } from '../../values/message-of.js'
import { listening } from '../listening.js'
import type { ConnectionLimit } from './connection-limit.js'
import { LengthFrames, lengthFrame } from './frames.js'
import type { Entrance, Inbox } from './inbox.js'
import type { Listening } from './options.js'

type Options = Listening & { readonly maxMessageBytes: number; readonly limit: ConnectionLimit }

/** How long a sender may take to read its last answers. */
const CLOSE_MS = 1000

/**
 * Accepts frames over TCP: 4 bytes of length, and a message in JSON. The answers are frames, too: `{"stored":n}`, the
 * number of messages of this connection that are safe. A sender above the limit gets `{"refused":why}`.
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
    // The sender connects again and sends what was not answered.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    const store = async (bodies: readonly Buffer[]) => {
      if (!(await inbox.room()) || socket.destroyed) return
      const messages = bodies.flatMap((body) => parsed(body, (why) => inbox.report(`${peer} sent ${why}`)))
      inbox.store(messages).then(
        () => {
          // A message that cannot be read counts: sent again, it would be refused again.
          stored += bodies.length
          if (socket.writable) socket.write(lengthFrame(JSON.stringify({ stored })))
        },
        // The stream has stopped: the sender gets no answer.
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

/** Unread data would reset the connection, and with it the answer. */
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
