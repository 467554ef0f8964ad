import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import type { HttpTextOptions, StreamingContext } from 'millrace'
import { type HttpSinkOptions, httpSink } from 'millrace/http'
import { freePort } from '../../../services/ports.js'
import { untilMatches } from '../example.js'
import { type FeedPlace, Feeds } from '../feeds.js'
import { httpFeed } from '../http-feed.js'
import { type ConnectorRow, notApplicable, SECRET, type SinkRow, type SourceRow, type TestServer } from '../row.js'

interface Place {
  readonly url: string
}

/** Notes the lines that each path receives. */
class NumberServer implements TestServer {
  readonly #lines = new Map<string, string[]>()
  readonly #port: number
  #server: Server
  #places = 0

  private constructor(port: number) {
    this.#port = port
    this.#server = this.#create()
  }

  static async start(): Promise<NumberServer> {
    const server = new NumberServer(await freePort())
    await server.restart()
    return server
  }

  newPlace(): Place {
    return { url: `http://127.0.0.1:${this.#port}/place-${++this.#places}` }
  }

  linesAt({ url }: Place): string[] {
    return this.#lines.get(new URL(url).pathname) ?? []
  }

  async crash(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async restart(): Promise<void> {
    this.#server = this.#create()
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash()
  }

  #create(): Server {
    return createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const path = request.url!
      if (path === '/nowhere') response.writeHead(404)
      else if (path === '/private') response.writeHead(401)
      else this.#lines.set(path, [...(this.#lines.get(path) ?? []), ...body.trim().split('\n')])
      response.end(`no: ${request.headers.authorization ?? ''}`)
    })
  }
}

/** The servers that the sink sends to, and those that the source asks. */
class HttpServers implements TestServer {
  readonly numbers: NumberServer
  readonly feeds: Feeds

  private constructor(numbers: NumberServer, feeds: Feeds) {
    this.numbers = numbers
    this.feeds = feeds
  }

  static async start(): Promise<HttpServers> {
    const lines = httpFeed('text/plain', (text) => `${text}\n`)
    return new HttpServers(await NumberServer.start(), await Feeds.start(lines))
  }

  async crash(): Promise<void> {
    await Promise.all([this.numbers.crash(), this.feeds.crash()])
  }

  async restart(): Promise<void> {
    await Promise.all([this.numbers.restart(), this.feeds.restart()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.numbers[Symbol.asyncDispose]()
    await this.feeds[Symbol.asyncDispose]()
  }
}

const sinkOf = ({ url }: Place, options: Partial<HttpSinkOptions> = {}) =>
  httpSink({ url, batchSize: 7, application: 'suite', retries: 8, ...options })
const elsewhere = { url: `http://127.0.0.1:1/events?token=${SECRET}` }
const secret = { headers: { authorization: `Bearer ${SECRET}` } }

const sink: SinkRow<HttpServers, Place> = {
  name: 'httpSink',
  guarantee: { threads: 'at-least-once', process: 'at-least-once' },
  create: async (server) => server.numbers.newPlace(),
  open: (place) => sinkOf(place),
  record: (n) => n,
  read: async (server, place) => server.numbers.linesAt(place).map(Number),
  malformed: notApplicable('all data can be written as JSON'),
  bad: {
    'unreachable host': {
      open: () => sinkOf(elsewhere, { ...secret, retries: 0 }),
      code: 'ERR_MILLRACE_SAVE',
      says: ['POST http://127.0.0.1:1/events cannot be reached'],
    },
    'wrong place': {
      open: (server) => sinkOf({ url: new URL('/nowhere', server.numbers.newPlace().url).href }, secret),
      code: 'ERR_MILLRACE_SAVE',
      says: ['/nowhere answered 404: no: ***'],
    },
    'refused credentials': {
      open: (server) => sinkOf({ url: new URL('/private', server.numbers.newPlace().url).href }, secret),
      code: 'ERR_MILLRACE_SAVE',
      says: ['/private answered 401: no: ***'],
    },
    'wrong option': {
      open: () => sinkOf(elsewhere, { token: SECRET } as object),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["there is no option 'token'"],
    },
    'missing client': notApplicable('it needs no package'),
  },
}

const lines = (ssc: StreamingContext, url: string, more: HttpTextOptions = {}) =>
  ssc.httpTextStream(url, { reconnectDelay: { min: 20, max: 100 }, ...more })
const feed = ({ port }: FeedPlace) => `http://127.0.0.1:${port}/feed`

const source: SourceRow<HttpServers, FeedPlace> = {
  name: 'httpTextStream',
  guarantee: { threads: 'exactly-once', process: 'at-most-once' },
  create: ({ feeds }) => feeds.newPlace(),
  send: async ({ feeds }, place, from, to) => feeds.of(place).send(from, to),
  open: (ssc, place) => lines(ssc, feed(place)),
  slow: { most: 2000, options: { receiverBufferBytes: 1024 }, open: (ssc, place) => lines(ssc, feed(place)) },
  malformed: {
    send: async ({ feeds }, place) => feeds.of(place).send(0, 1),
    open: (ssc, place) => lines(ssc, feed(place), { maxLineBytes: 10 }),
    says: ['a line of 100 bytes was dropped', 'maxLineBytes is 10'],
  },
  resume: notApplicable('HTTP keeps nothing for a process that died'),
  bad: {
    'unreachable host': {
      open: (ssc) => lines(ssc, elsewhere.url, { ...secret, reconnect: false }),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['http http://127.0.0.1:1/events', 'ECONNREFUSED'],
    },
    'wrong place': {
      open: (ssc, { feeds }) => lines(ssc, `http://127.0.0.1:${feeds.port}/nowhere?token=${SECRET}`, secret),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['404', 'check the URL'],
    },
    'refused credentials': {
      open: (ssc, { feeds }) => lines(ssc, `http://127.0.0.1:${feeds.port}/private`, secret),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['401', 'the credentials'],
    },
    'wrong option': {
      open: (ssc) => lines(ssc, elsewhere.url, { password: SECRET } as object),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["httpTextStream: unknown option 'password'", 'idleTimeout'],
    },
    'missing client': notApplicable('it needs no package'),
  },
}

export const row: ConnectorRow<HttpServers> = {
  name: 'http',
  start: () => HttpServers.start(),
  sources: [source],
  sinks: [sink],
  programs: {
    0: async ({ numbers }, run) => {
      const place = numbers.newPlace()
      const prepare = (folder: string) => mkdirSync(join(folder, 'incoming'))
      await run({ replace: { 'https://example.org/counts': place.url }, prepare }, ({ put }) =>
        untilMatches(() => {
          put('incoming', 'to be\n')
          return numbers.linesAt(place)
        }, /"word":"be"/),
      )
    },
    1: (_, run) => run({}, ({ printed }) => untilMatches(printed, /^3$/m)),
  },
}
