import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Ports after the wanted one that are tried, as Spark does. */
const TRIES = 16

/**
 * Listens on a port, or the next free one. The server does not keep the process alive. Rejects if no port is free, or the host is
 * not an address of this machine.
 */
export async function listen(
  handler: RequestListener,
  port: number,
  host: string,
): Promise<{ readonly server: Server; readonly url: string }> {
  const last = port === 0 ? 0 : Math.min(port + TRIES, 65_535)
  for (let at = port; ; at = at < last ? at + 1 : 0) {
    const server = createServer({ requestTimeout: 10_000 }, handler)
    try {
      await bind(server, at, host)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || at === 0) throw error
      continue
    }
    server.unref()
    // A client that breaks its connection is no error of ours.
    server.on('error', () => {})
    server.on('clientError', (_, socket) => socket.destroy())
    const { port: bound } = server.address() as AddressInfo
    return { server, url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}` }
  }
}

function bind(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
