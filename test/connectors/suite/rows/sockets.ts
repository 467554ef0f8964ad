import { createServer } from 'node:net'
import type { SocketTextOptions, StreamingContext } from 'millrace'
import { untilMatches } from '../example.js'
import { type FeedPlace, Feeds } from '../feeds.js'
import { type ConnectorRow, notApplicable, SECRET, type SourceRow } from '../row.js'

const open = (ssc: StreamingContext, port: number, more: SocketTextOptions = {}) =>
  ssc.socketTextStream('127.0.0.1', port, { reconnectDelay: { min: 20, max: 100 }, ...more })

const source: SourceRow<Feeds, FeedPlace> = {
  name: 'socketTextStream',
  guarantee: { threads: 'exactly-once', process: 'at-most-once' },
  create: (server) => server.newPlace(),
  send: async (server, place, from, to) => server.of(place).send(from, to),
  open: (ssc, { port }) => open(ssc, port),
  slow: { most: 2000, options: { receiverBufferBytes: 1024 }, open: (ssc, { port }) => open(ssc, port) },
  malformed: notApplicable('all bytes are text'),
  resume: notApplicable('TCP keeps nothing for a process that died'),
  bad: {
    'unreachable host': {
      open: (ssc) => open(ssc, 1, { reconnect: false }),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['socket 127.0.0.1:1', 'ECONNREFUSED'],
    },
    'wrong place': notApplicable('an address is all that it has'),
    'refused credentials': notApplicable('TCP has no credentials'),
    'wrong option': {
      open: (ssc) => open(ssc, 1, { password: SECRET } as object),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["socketTextStream: unknown option 'password'", 'reconnectDelay'],
    },
    'missing client': notApplicable('it needs no package'),
  },
}

export const row: ConnectorRow<Feeds> = {
  name: 'sockets',
  start: () => Feeds.start((onOpen) => createServer((socket) => onOpen((text) => socket.write(`${text}\n`)))),
  sources: [source],
  sinks: [],
  programs: { 0: (_, run) => run({}, ({ printed }) => untilMatches(printed, /be\W+2/)) },
}
