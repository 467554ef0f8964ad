import { connect, createServer, type Socket } from 'node:net'

/** Forwards connections to a port, and breaks each one after some bytes in both directions together. */
export async function breaking(port: number, bytes: number) {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1')
    let left = bytes
    const end = () => {
      for (const socket of [client, target]) socket.destroy()
    }
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(from)
      from.on('error', end)
      from.on('close', end)
      from.on('data', (chunk: Buffer) => {
        to.write(chunk.subarray(0, Math.max(0, left)))
        left -= chunk.length
        if (left <= 0) setImmediate(end)
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  return { port: (server.address() as { port: number }).port, close }
}
