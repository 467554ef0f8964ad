import type { Server as HttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach } from 'vitest'

const open: (() => Promise<void>)[] = []

/** Registered things are closed after the test, the last one first. */
export function closing(close: () => Promise<void>): void {
  open.push(close)
}

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** Listens on the loopback, on a free port unless one is given, until the end of the test. */
export async function listen<S extends Server | HttpServer>(server: S, port = 0): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    // The other side destroys connections at will; that is what the tests are about.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  closing(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

export function serve(onConnection: (socket: Socket) => void, port = 0): Promise<number> {
  return listen(createServer({ noDelay: true }, onConnection), port)
}

/** Lets the system move bytes: some round trips over another connection. */
export async function roundTrips(count = 20): Promise<void> {
  const port = await serve((socket) => socket.pipe(socket))
  const socket = connect(port, '127.0.0.1')
  for (let i = 0; i < count; i++) {
    await new Promise<void>((resolve) => {
      socket.once('data', () => resolve())
      socket.write('.')
    })
  }
  socket.destroy()
}

/** Writes the pieces one by one, each as a packet of its own as far as the system allows. */
export async function writeAll(to: NodeJS.WritableStream, pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) await new Promise((resolve) => to.write(piece, resolve))
}

/** `bytes` cut at the given places, in any order and with repeats. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...sorted, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : sorted[i - 1]!, end))
}
