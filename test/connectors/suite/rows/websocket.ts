import { createServer } from 'node:http'
import { type WebSocketOptions, webSocketSource } from 'millrace/websocket'
import { WebSocketServer } from 'ws'
import { untilMatches } from '../example.js'
import { type FeedPlace, Feeds, type Send } from '../feeds.js'
import { type ConnectorRow, notApplicable, SECRET, type SourceRow } from '../row.js'

function serve(onOpen: (send: Send) => void) {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(404).end()
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    const status = { '/nowhere': '404 Not Found', '/private': '401 Unauthorized' }[request.url!.split('?')[0]!]
    if (status) socket.end(`HTTP/1.1 ${status}\r\n\r\n`)
    else sockets.handleUpgrade(request, socket, head, (client) => onOpen((text) => client.send(text)))
  })
  return server
}

const open = (url: string, more: Partial<WebSocketOptions> = {}) =>
  webSocketSource({ url, reconnectDelay: { min: 20, max: 100 }, ...more })
const ELSEWHERE = `ws://127.0.0.1:1/feed?token=${SECRET}`
const secret = { headers: { authorization: `Bearer ${SECRET}` } }
const NO_MEMORY = notApplicable('WebSocket has no positions: a process that died has lost its messages')

const source: SourceRow<Feeds, FeedPlace> = {
  name: 'webSocketSource',
  guarantee: { threads: 'exactly-once', process: 'at-most-once' },
  create: (server) => server.newPlace(),
  send: async (server, place, from, to) => server.of(place).send(from, to),
  open: (ssc, { port }) => ssc.input(open(`ws://127.0.0.1:${port}/feed`)),
  slow: {
    most: 2000,
    options: { receiverBufferBytes: 1024 },
    open: (ssc, { port }) => ssc.input(open(`ws://127.0.0.1:${port}/feed`)),
  },
  malformed: {
    send: (server, place) => server.sendMalformed(place),
    open: (ssc, { port }) => ssc.input(open(`ws://127.0.0.1:${port}/feed`, { value: 'json' })),
    says: ['a message is not JSON and was skipped'],
  },
  resume: NO_MEMORY,
  bad: {
    'unreachable host': {
      open: (ssc) => ssc.input(open(ELSEWHERE, { ...secret, reconnect: false })),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['websocket ws://127.0.0.1:1/feed', 'ECONNREFUSED'],
    },
    'wrong place': {
      open: (ssc, { port }) => ssc.input(open(`ws://127.0.0.1:${port}/nowhere?token=${SECRET}`, secret)),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['404', 'check the URL'],
    },
    'refused credentials': {
      open: (ssc, { port }) => ssc.input(open(`ws://127.0.0.1:${port}/private`, secret)),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['401', 'the credentials'],
    },
    'wrong option': {
      open: (ssc) => ssc.input(open(ELSEWHERE, { password: SECRET } as object)),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["webSocketSource: there is no option 'password'"],
    },
    'missing client': { open: (ssc) => ssc.input(open(ELSEWHERE)), client: 'ws', says: ['version 8'] },
  },
}

export const row: ConnectorRow<Feeds> = {
  name: 'websocket',
  start: () => Feeds.start(serve),
  sources: [source],
  sinks: [],
  programs: {
    0: async (_, run) => {
      const trade = JSON.stringify({ symbol: 'ABC', price: 5 })
      await using trades = await Feeds.start((onOpen) => serve((send) => onOpen(() => send(trade))))
      const place = await trades.newPlace()
      trades.of(place).send(0, 1)
      const replace = { 'wss://127.0.0.1:8443': `ws://127.0.0.1:${place.port}` }
      await run({ replace }, ({ printed }) => untilMatches(printed, /ABC\W+5/))
    },
  },
}
