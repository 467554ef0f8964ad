import { type SseOptions, sseSource } from 'millrace/sse'
import { untilMatches } from '../example.js'
import { type FeedPlace, Feeds } from '../feeds.js'
import { httpFeed } from '../http-feed.js'
import { type ConnectorRow, notApplicable, SECRET, type SourceRow } from '../row.js'

const serve = httpFeed('text/event-stream', (text) => `id: ${text}\ndata: ${text}\n\n`)

const open = (url: string, more: Partial<SseOptions> = {}) =>
  sseSource({ url, reconnectDelay: { min: 20, max: 100 }, ...more })
const feed = ({ port }: FeedPlace) => `http://127.0.0.1:${port}/feed`
const ELSEWHERE = `http://127.0.0.1:1/feed?token=${SECRET}`
const secret = { headers: { authorization: `Bearer ${SECRET}` } }

const source: SourceRow<Feeds, FeedPlace> = {
  name: 'sseSource',
  guarantee: { threads: 'exactly-once', process: 'at-most-once' },
  create: (server) => server.newPlace(),
  send: async (server, place, from, to) => server.of(place).send(from, to),
  open: (ssc, place) => ssc.input(open(feed(place))),
  slow: { most: 2000, options: { receiverBufferBytes: 1024 }, open: (ssc, place) => ssc.input(open(feed(place))) },
  malformed: {
    send: (server, place) => server.sendMalformed(place),
    open: (ssc, place) => ssc.input(open(feed(place), { value: 'json' })),
    says: ['not JSON'],
  },
  resume: notApplicable('a new process names the last event itself, in lastEventId'),
  bad: {
    'unreachable host': {
      open: (ssc) => ssc.input(open(ELSEWHERE, secret)),
      says: ['sse http://127.0.0.1:1/feed', 'ECONNREFUSED', 'Connecting again in'],
    },
    'wrong place': {
      open: (ssc, { port }) => ssc.input(open(`http://127.0.0.1:${port}/nowhere?token=${SECRET}`, secret)),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['404', 'check the URL'],
    },
    'refused credentials': {
      open: (ssc, { port }) => ssc.input(open(`http://127.0.0.1:${port}/private`, secret)),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['401', 'the credentials'],
    },
    'wrong option': {
      open: (ssc) => ssc.input(open(ELSEWHERE, { password: SECRET } as object)),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["sseSource: there is no option 'password'"],
    },
    'missing client': notApplicable('it needs no package'),
  },
}

export const row: ConnectorRow<Feeds> = {
  name: 'sse',
  start: () => Feeds.start(serve),
  sources: [source],
  sinks: [],
  programs: {
    0: async (_, run) => {
      await using wiki = await Feeds.start(httpFeed('text/event-stream', () => 'data: {"wiki":"enwiki"}\n\n'))
      const place = await wiki.newPlace()
      wiki.of(place).send(0, 1)
      const replace = { 'https://stream.wikimedia.org/v2/stream/recentchange': feed(place) }
      await run({ replace }, ({ printed }) => untilMatches(printed, /enwiki\W+1/))
    },
  },
}
