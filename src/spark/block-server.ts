import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { PinnedBytes } from '../engine/storage/driver-blocks.js'
import { BlockLostError } from '../errors.js'
import { FREED, type PulledBytes, REQUEST_BYTES, unpackRequest } from './pull-wire.js'
import { intBytes, SocketReader } from './socket-reader.js'

/** Ms in which a new connection must identify itself. */
const IDENTIFY_MS = 10_000
const TOKEN_BYTES = 24

/** Where received data is read. */
export interface BlockReader {
  /** @throws BlockLostError if the block was freed. */
  pin(bytes: PulledBytes): PinnedBytes
}

/**
 * Serves blocks of the driver to the Node processes of executors over TCP. A connection sends the token first, then requests; each is
 * answered by i32 length and bytes, before the next one is read.
 */
export class BlockServer {
  readonly port: number
  readonly token: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, token: string, blocks: BlockReader) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    this.token = token
    server.on('connection', (socket) => void this.#serve(socket, blocks))
  }

  static async open(blocks: BlockReader, host: string): Promise<BlockServer> {
    const server = createServer()
    await once(server.listen(0, host), 'listening')
    return new BlockServer(server, randomBytes(TOKEN_BYTES).toString('hex'), blocks)
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  async #serve(socket: Socket, blocks: BlockReader): Promise<void> {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.setNoDelay(true)
    // It waits for its executor's tasks, and must not keep the driver alive.
    socket.unref()
    const reader = new SocketReader(socket)
    try {
      if (await this.#isKnown(socket, reader)) {
        for (let request = await reader.read(REQUEST_BYTES); request; request = await reader.read(REQUEST_BYTES)) {
          if (!send(socket, request, blocks)) await once(socket, 'drain')
        }
      }
    } catch {
      // The connection has ended. Its process, or Spark, reports what was lost by it.
    }
    socket.destroy()
  }

  async #isKnown(socket: Socket, reader: SocketReader): Promise<boolean> {
    const late = setTimeout(() => socket.destroy(), IDENTIFY_MS)
    const wanted = Buffer.from(this.token)
    const given = await reader.read(wanted.length).finally(() => clearTimeout(late))
    return given !== undefined && timingSafeEqual(given, wanted)
  }
}

function send(socket: Socket, request: Buffer, blocks: BlockReader): boolean {
  try {
    const { payload, unpin } = blocks.pin(unpackRequest(request))
    socket.cork()
    socket.write(intBytes(payload.length))
    // Called also if the connection ends before.
    const hasRoom = socket.write(payload, unpin)
    socket.uncork()
    return hasRoom
  } catch (error) {
    if (error instanceof BlockLostError) return socket.write(intBytes(FREED))
    throw error
  }
}
