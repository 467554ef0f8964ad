import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Page, PageSubject } from '../engine/streaming/page.js'
import type { CheckedUiOptions } from '../engine/streaming/ui-options.js'

/** A page whose code is loaded when the streams start: contexts without a page, and worker threads, never load it. */
export class LazyPage implements Page {
  readonly #subject: PageSubject
  readonly #options: CheckedUiOptions
  #page: Page | undefined

  constructor(subject: PageSubject, options: CheckedUiOptions) {
    this.#subject = subject
    this.#options = options
  }

  get url(): string | undefined {
    return this.#page?.url
  }

  readonly handler = (request: IncomingMessage, response: ServerResponse): void => {
    if (this.#page) this.#page.handler(request, response)
    else response.writeHead(503, { 'Content-Type': 'text/plain' }).end('The page is served from start() to stop().\n')
  }

  async open(): Promise<void> {
    const { LivePage } = await import('./live-page.js')
    this.#page = new LivePage(this.#subject, this.#options)
    await this.#page.open()
  }

  async close(): Promise<void> {
    const page = this.#page
    this.#page = undefined
    await page?.close()
  }
}
