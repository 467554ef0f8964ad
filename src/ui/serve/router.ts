import type { IncomingMessage, ServerResponse } from 'node:http'
import { fault } from './answer.js'
import type { Api } from './api.js'
import type { Asset } from './assets.js'
import type { Guard } from './guard.js'
import type { LiveFeed } from './live-feed.js'
import type { Probes } from './probes.js'

export interface RouterOptions {
  readonly api: Api
  readonly feed: LiveFeed
  readonly guard: Guard
  readonly probes: Probes
  readonly assets: ReadonlyMap<string, Asset>
  readonly basePath: string
}

const API = '/api/v1/'

/** Nothing of the page comes from elsewhere, goes elsewhere, or is shown inside of another page. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}

/** Answers the requests of the page. */
export class Router {
  readonly #options: RouterOptions

  constructor(options: RouterOptions) {
    this.#options = options
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    // Bodies are never read.
    request.resume()
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    this.#answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else json(response, 500, fault('failed', error instanceof Error ? error.message : String(error)))
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { guard, assets, api, feed } = this.#options
    const { method } = request
    if (this.#redirect(request.url ?? '/', response)) return
    const [path, query] = this.#parts(request.url ?? '/')
    if (path === '/' && method === 'GET' && this.#signIn(query, response)) return
    const refusal = guard.refusal(request, path === `${API}sql`)
    if (this.#probe(method, path, refusal === undefined, response)) return
    if (refusal) {
      json(response, refusal.status, fault(refusal.code, refusal.message))
      return
    }
    if (method === 'POST' && path.startsWith(API)) {
      const { status, body } = await api.post(path.slice(API.length))
      json(response, status, body)
    } else if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD, POST')
      json(response, 405, fault('method', `${String(method).slice(0, 20)} is not allowed.`))
    } else if (path === `${API}events`) {
      if (!feed.add(response)) json(response, 503, fault('busy', 'Too many pages are open.'))
    } else if (path.startsWith(API)) {
      const { status, body } = await api.get(path.slice(API.length), new URLSearchParams(query))
      json(response, status, body)
    } else {
      const asset = assets.get(path)
      if (asset) response.writeHead(200, { 'Content-Type': asset.type }).end(asset.body)
      else json(response, 404, fault('not-found', 'There is no such page.'))
    }
  }

  /** The path below the base path, and the query. */
  #parts(url: string): [path: string, query: string] {
    const { basePath } = this.#options
    const at = url.indexOf('?')
    const path = at < 0 ? url : url.slice(0, at)
    const isBelow = basePath !== '' && (path === basePath || path.startsWith(`${basePath}/`))
    return [(isBelow ? path.slice(basePath.length) : path) || '/', at < 0 ? '' : url.slice(at + 1)]
  }

  /** The addresses of the page's files are relative to its folder. */
  #redirect(url: string, response: ServerResponse): boolean {
    const { basePath } = this.#options
    const [path, query] = url.split('?', 2)
    if (basePath === '' || path !== basePath) return false
    response.writeHead(308, { Location: `${basePath}/${query === undefined ? '' : `?${query}`}` }).end()
    return true
  }

  /** Answers a probe, also a refused one: an orchestrator has no token, and names the address of the process as its host. */
  #probe(method: string | undefined, path: string, hasAccess: boolean, response: ServerResponse): boolean {
    const answer = method === 'GET' || method === 'HEAD' ? this.#options.probes.answer(path, hasAccess) : undefined
    if (answer) json(response, answer.status, answer.body)
    return answer !== undefined
  }

  /** Exchanges a token of the address for a cookie, so that the address does not keep it. */
  #signIn(query: string, response: ServerResponse): boolean {
    const token = new URLSearchParams(query).get('token')
    const cookie = token === null ? undefined : this.#options.guard.cookieFor(token)
    if (cookie === undefined) return false
    response.writeHead(303, { 'Set-Cookie': cookie, Location: `${this.#options.basePath}/` }).end()
    return true
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
}
