import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Page, PageSubject } from '../engine/streaming/page.js'
import type { CheckedUiOptions } from '../engine/streaming/ui-options.js'
import { streamHealth } from '../metrics/health.js'
import { Collector } from './collect/collector.js'
import { StatusCache } from './collect/status-cache.js'
import { Api } from './serve/api.js'
import { readAssets } from './serve/assets.js'
import { Guard } from './serve/guard.js'
import { listen } from './serve/listen.js'
import { LiveFeed } from './serve/live-feed.js'
import { Probes } from './serve/probes.js'
import { Router } from './serve/router.js'

/** The page of running streams: collects their events, and serves them. */
export class LivePage implements Page {
  readonly #subject: PageSubject
  readonly #options: CheckedUiOptions
  readonly #collector: Collector
  readonly #feed: LiveFeed
  readonly #router: Router
  readonly #probes: Probes
  #server: Server | undefined
  #url: string | undefined

  constructor(subject: PageSubject, options: CheckedUiOptions) {
    this.#subject = subject
    this.#options = options
    this.#collector = new Collector(subject.streams)
    const status = new StatusCache(() => subject.streams.status())
    const api = new Api({ ...subject, collector: this.#collector, status, chaos: options.chaos })
    this.#feed = new LiveFeed(this.#collector, api)
    this.#probes = new Probes(streamHealth(subject.streams))
    this.#router = new Router({
      api,
      feed: this.#feed,
      guard: new Guard(options),
      probes: this.#probes,
      assets: readAssets(),
      basePath: options.basePath,
    })
  }

  get url(): string | undefined {
    return this.#url
  }

  readonly handler = (request: IncomingMessage, response: ServerResponse): void => {
    this.#router.handle(request, response)
  }

  async open(): Promise<void> {
    const { port, host, basePath } = this.#options
    const { logger, tables } = this.#subject
    await tables.keep().catch((error: unknown) => logger.warn('the page cannot show the batches of outputs', error))
    if (port === false) return
    try {
      const { server, url } = await listen(this.handler, port, host)
      this.#server = server
      this.#url = `${url}${basePath}/`
      logger.info(`the page of the streams is at ${this.#url}`)
    } catch (error) {
      logger.warn('the page of the streams cannot be served', error)
    }
  }

  async close(): Promise<void> {
    this.#collector.close()
    this.#feed.close()
    this.#probes.close()
    this.#url = undefined
    const server = this.#server
    this.#server = undefined
    if (!server) return
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }
}
