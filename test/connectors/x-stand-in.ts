import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { RULES_PATH, Rules } from '../../examples/support/x-rules.mjs'
import { listen } from '../sources/loopback.js'

export const TOKEN = 'hunter2-secret'

/** A connection to the stream, which the test writes to. */
export interface Stream {
  readonly response: ServerResponse
  readonly query: Readonly<Record<string, string>>
}

interface Scripted {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** The endpoints of X's filtered stream on loopback. Each connection to the stream is given to the test. */
export class XStandIn {
  readonly rules = new Rules()
  /** Requests, as method and path. */
  readonly asked: string[] = []
  /** Answers to the next requests for the stream. */
  readonly refusals: Scripted[] = []
  readonly #streams: Stream[] = []
  #wake = () => {}
  #live = 0
  url = ''

  static async start(): Promise<XStandIn> {
    const standIn = new XStandIn()
    const server: Server = createServer((request, response) => void standIn.#answer(request, response))
    standIn.url = `http://127.0.0.1:${await listen(server)}`
    return standIn
  }

  /** The next connection to the stream. */
  async next(): Promise<Stream> {
    while (this.#streams.length === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    return this.#streams.shift()!
  }

  addRules(...rules: { value: string; tag?: string }[]): void {
    this.rules.answer('POST', new URLSearchParams(), JSON.stringify({ add: rules }))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search, searchParams } = new URL(request.url!, 'http://x')
    this.asked.push(`${request.method} ${pathname}${search}`)
    const json = (status: number, body: object, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
    }
    // A careless service quotes the credentials.
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      return json(401, { title: 'Unauthorized', detail: request.headers.authorization })
    if (pathname === RULES_PATH) {
      let body = ''
      for await (const piece of request) body += piece
      const { status, body: answer } = this.rules.answer(request.method as 'GET' | 'POST', searchParams, body)
      return json(status, answer)
    }
    const refusal = this.refusals.shift()
    if (refusal) return void response.writeHead(refusal.status, refusal.headers).end(refusal.body)
    if (this.rules.list.length === 0) return json(409, { title: 'ConnectionException', detail: 'There are no rules' })
    if (this.#live > 0) return json(429, { title: 'ConnectionException', connection_issue: 'TooManyConnections' })
    this.#live++
    response.once('close', () => this.#live--)
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
    response.flushHeaders()
    this.#streams.push({ response, query: Object.fromEntries(searchParams) })
    this.#wake()
  }
}

/** A post as a line of the stream. */
export function line(n: number, more: object = {}): string {
  const data = { id: String(n), text: `post ${n} 🐎`, edit_history_tweet_ids: [String(n)], ...more }
  return `${JSON.stringify({ data, matching_rules: [{ id: '1', tag: 'all' }] })}\r\n`
}
