import type { Server, Socket } from 'node:net'
import { freePort } from '../../services/ports.js'
import { Senders } from './push-channel.js'

/** A port of loopback that a source connects to. */
export interface FeedPlace {
  readonly port: number
}

/** Stands for a record that cannot be read. */
const MALFORMED = 1_000_000

/** Sends a number, as a long text, over a connection that a source has opened. */
export type Send = (text: string) => unknown

/** Digits of each number, so that a server notices when its reader pauses. */
const DIGITS = 100

/** Makes a server that does not listen yet, and calls `onOpen` for each connection that is ready for records. */
export type ServeFeed = (onOpen: (send: Send) => void) => Server

/** Servers of sources that connect, one for each place. Numbers wait while no source is connected. */
export class Feeds extends Senders<FeedPlace> {
  readonly #serve: ServeFeed
  readonly #feeds: Feed[] = []

  private constructor(serve: ServeFeed) {
    super()
    this.#serve = serve
  }

  /** The first place is for bad input. */
  static async start(serve: ServeFeed): Promise<Feeds> {
    const feeds = new Feeds(serve)
    await feeds.newPlace()
    return feeds
  }

  get port(): number {
    return this.#feeds[0]!.port
  }

  /** Sends a record that is no JSON. */
  async sendMalformed(place: FeedPlace): Promise<void> {
    this.of(place).send(MALFORMED, MALFORMED + 1)
  }

  async newPlace(): Promise<FeedPlace> {
    const feed = new Feed(this.#serve, await freePort())
    this.#feeds.push(feed)
    await feed.listen()
    return this.add({ port: feed.port }, feed.deliver, () => feed.close())
  }

  override async crash(): Promise<void> {
    await Promise.all(this.#feeds.map((feed) => feed.close()))
  }

  override async restart(): Promise<void> {
    await Promise.all(this.#feeds.map((feed) => feed.listen()))
  }
}

class Feed {
  readonly port: number
  readonly #serve: ServeFeed
  #server: Server | undefined
  #sockets = new Set<Socket>()
  #send: Send | undefined

  constructor(serve: ServeFeed, port: number) {
    this.#serve = serve
    this.port = port
  }

  readonly deliver = async (numbers: readonly number[]): Promise<void> => {
    if (!this.#send) throw new Error('No source is connected.')
    for (const n of numbers) this.#send(n === MALFORMED ? '{' : String(n).padStart(DIGITS, '0'))
  }

  async listen(): Promise<void> {
    const server = this.#serve((send) => {
      this.#send = send
    })
    this.#server = server
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        // A source has one connection at a time.
        if (this.#sockets.size === 0) this.#send = undefined
      })
    })
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
  }

  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (!server) return
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}
