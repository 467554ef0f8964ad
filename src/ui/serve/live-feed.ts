import type { ServerResponse } from 'node:http'
import type { Collector } from '../collect/collector.js'
import type { Api } from './api.js'

/** Ms between two frames. An eye sees no more, and batches of 10 ms arrive together. */
const FRAME_MS = 250
/** Frames between two overviews. */
const OVERVIEW_EVERY = 4
/** Frames between two comments, which keep proxies from closing the connection. */
const COMMENT_EVERY = 60
const MOST_CLIENTS = 32
/** Bytes that wait for a slow client. Above, it misses frames, and catches up later. */
const MOST_WAITING = 1024 * 1024

interface Client {
  readonly response: ServerResponse
  /** The revision of the batches that it has. */
  revision: number
}

/** Sends changed batches and the overview to all open pages, as server-sent events. Without pages it does nothing. */
export class LiveFeed {
  readonly #collector: Collector
  readonly #api: Api
  readonly #clients = new Set<Client>()
  #timer: NodeJS.Timeout | undefined
  #frames = 0
  #isClosed = false

  constructor(collector: Collector, api: Api) {
    this.#collector = collector
    this.#api = api
  }

  /** Adds a page. Returns false if there are too many. */
  add(response: ServerResponse): boolean {
    if (this.#isClosed || this.#clients.size >= MOST_CLIENTS) return false
    const client = { response, revision: 0 }
    this.#clients.add(client)
    this.#collector.watched(true)
    response.on('close', () => this.#remove(client))
    response.on('error', () => this.#remove(client))
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' })
    response.write('retry: 2000\n\n')
    this.#timer ??= setInterval(() => void this.#frame(), FRAME_MS).unref()
    void this.#greet(client)
    return true
  }

  /** Reports to all pages that the streams have stopped. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const { response } of this.#clients) response.end(frame('stopped', {}))
    this.#clients.clear()
  }

  async #greet(client: Client): Promise<void> {
    const overview = await this.#overview()
    this.#send(client, overview)
  }

  async #frame(): Promise<void> {
    this.#frames++
    const overview = this.#frames % OVERVIEW_EVERY === 0 ? await this.#overview() : ''
    const comment = this.#frames % COMMENT_EVERY === 0 ? ': keep\n\n' : ''
    for (const client of this.#clients) this.#send(client, overview + comment)
  }

  #send(client: Client, text: string): void {
    if (client.response.writableLength > MOST_WAITING) return
    const { batches } = this.#collector
    const changed = batches.revision > client.revision ? frame('batches', batches.since(client.revision)) : ''
    client.revision = batches.revision
    if (text + changed !== '') client.response.write(text + changed)
  }

  async #overview(): Promise<string> {
    try {
      return frame('overview', await this.#api.overview())
    } catch {
      // A driver that stops, or its host that is blocked: the next frame tries again.
      return ''
    }
  }

  #remove(client: Client): void {
    this.#clients.delete(client)
    if (this.#clients.size > 0) return
    this.#collector.watched(false)
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

function frame(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
