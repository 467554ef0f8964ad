import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'

/** Bytes of an answer after which its server dies. */
const MIDDLE = 50_000

/**
 * Forwards HTTP requests, until an answer is longer than some bytes: then it forwards these, has the servers restarted, and breaks
 * the connection. It does so once. While the servers are gone, it breaks each connection at once, as if it were not there.
 */
export class BreakingHttp implements AsyncDisposable {
  readonly #server: Server
  readonly #portOf: (url: string) => number
  readonly #restart: () => Promise<void>
  /** Resolves when the servers are back. */
  readonly restarted: Promise<void>
  #onRestarted!: (restarted: Promise<void>) => void
  #isBroken = false

  private constructor(portOf: (url: string) => number, restart: () => Promise<void>) {
    this.#portOf = portOf
    this.#restart = restart
    this.restarted = new Promise((resolve) => {
      this.#onRestarted = resolve
    })
    this.#server = createServer((from, to) => this.#forward(from, to))
  }

  /** `portOf`: where a request belongs. `restart`: kills the servers, and starts them again. */
  static async start(portOf: (url: string) => number, restart: () => Promise<void>): Promise<BreakingHttp> {
    const proxy = new BreakingHttp(portOf, restart)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  #forward(from: IncomingMessage, to: ServerResponse): void {
    const { url, method, headers } = from
    const port = this.#portOf(url!)
    const forwarded = request({ host: '127.0.0.1', port, path: url, method, headers }, (answer) => {
      const { location } = answer.headers
      // A NameNode names a DataNode.
      if (location) answer.headers.location = location.replace(/:\d+\//, `:${this.port}/`)
      to.writeHead(answer.statusCode!, answer.headers)
      this.#answer(answer, to).catch(() => to.destroy())
    })
    forwarded.on('error', () => to.destroy())
    from.pipe(forwarded)
  }

  async #answer(answer: IncomingMessage, to: ServerResponse): Promise<void> {
    await pipeline(answer, (pieces) => this.#untilMiddle(pieces), to)
  }

  /** Yields what the client gets. */
  async *#untilMiddle(pieces: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    let left = MIDDLE
    for await (const piece of pieces) {
      if (this.#isBroken || piece.length <= left) {
        left -= piece.length
        yield piece
        continue
      }
      this.#isBroken = true
      yield piece.subarray(0, left)
      this.#onRestarted(this.#restart())
      throw new Error('The server dies.')
    }
  }
}
