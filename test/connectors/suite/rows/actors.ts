import { type Actor, type ActorOptions, actorSource, connectActor } from 'millrace/actors'
import { WebSocket } from 'ws'
import { freePort } from '../../../services/ports.js'
import { untilMatches } from '../example.js'
import { Senders } from '../push-channel.js'
import { type ConnectorRow, notApplicable, SECRET, type SourceRow } from '../row.js'

interface Place {
  readonly port: number
}

const SERVER = 'the source is the server; senders connect again'

function sender(port: number) {
  let actor: Actor<number> | undefined
  const deliver = async (numbers: readonly number[]) => {
    actor ??= connectActor<number>(new WebSocket(`ws://127.0.0.1:${port}`))
    const current = actor
    try {
      await Promise.all(numbers.map((n) => current.send(n)))
    } catch (error) {
      actor = undefined
      current.close()
      throw error
    }
  }
  return { deliver, release: () => actor?.close() }
}

const open = (port: number, more: Partial<ActorOptions> = {}) =>
  actorSource<number>({ websocket: { port }, ackAfter: 'processed', ...more })

const source: SourceRow<Senders<Place>, Place> = {
  name: 'actorSource',
  guarantee: { threads: 'exactly-once', process: 'at-least-once' },
  create: async (server) => {
    const place = { port: await freePort() }
    const { deliver, release } = sender(place.port)
    return server.add(place, deliver, release)
  },
  send: async (server, place, from, to) => server.of(place).send(from, to),
  open: (ssc, { port }) => ssc.input(open(port)),
  slow: {
    open: (ssc, { port }) => ssc.input(open(port)),
    most: 100,
    waiting: async (server, place) => server.of(place).waiting,
  },
  malformed: {
    send: async (_, { port }) => {
      // Once the source listens.
      const knock = () => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}`)
        socket.on('error', () => setTimeout(knock, 20))
        socket.on('open', () => socket.send('nonsense'))
      }
      knock()
    },
    open: (ssc, { port }) => ssc.input(open(port)),
    says: ['was disconnected, because'],
  },
  restart: notApplicable(SERVER),
  bad: {
    'unreachable host': {
      open: (ssc) => ssc.input(open(4141, { websocket: { port: 4141, host: '203.0.113.1' } })),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['WebSockets cannot be taken on 203.0.113.1:4141', 'EADDRNOTAVAIL'],
    },
    'wrong place': notApplicable(SERVER),
    'refused credentials': notApplicable('senders have no credentials'),
    'wrong option': {
      open: (ssc) => ssc.input(open(4141, { password: SECRET } as object)),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["actors: there is no option 'password'"],
    },
    'missing client': { open: (ssc) => ssc.input(open(4141)), client: 'ws', says: ['version 8'] },
  },
}

export const row: ConnectorRow<Senders<Place>> = {
  name: 'actors',
  start: async () => new Senders(),
  sources: [source],
  sinks: [],
  programs: { 0: (_, run) => run({}, ({ printed }) => untilMatches(printed, /ada\W+3/)) },
}
