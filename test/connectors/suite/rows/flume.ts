import { once } from 'node:events'
import { connect } from 'node:net'
import { type FlumeOptions, flumeSource } from 'millrace/flume'
import { AvroWriter } from '#build/connectors/flume/avro/writer.js'
import { freePort } from '../../../services/ports.js'
import { batch, framed, greeting, RawClient } from '../../flume-client.js'
import { untilMatches } from '../example.js'
import { Senders } from '../push-channel.js'
import { type ConnectorRow, notApplicable, SECRET, type SourceRow } from '../row.js'

interface Place {
  readonly port: number
}

const SERVER = 'the source is the server; Flume sends again until it answers'

/** Calls as an agent makes them: the next one after the answer, over a new connection where the last one broke. */
function agent(port: number) {
  let client: RawClient | undefined
  let serial = 0
  const deliver = async (numbers: readonly number[]) => {
    const isNew = !client || client.socket.destroyed
    if (isNew) client = new RawClient(port)
    const current = client!
    const mine = ++serial
    current.socket.write(framed(batch(isNew ? greeting() : new AvroWriter(), numbers.map(String)), mine))
    const broken = current.ended.then(() => 'broken')
    while (!current.statuses.has(mine)) {
      const next = current.answered(current.answers.length + 1)
      if ((await Promise.race([next, broken])) === 'broken') break
    }
    if (current.statuses.get(mine) !== 'ok') throw new Error('The call was not taken.')
  }
  return { deliver, release: () => client?.socket.destroy() }
}

const open = (port: number, more: Partial<FlumeOptions> = {}) =>
  flumeSource({ port, ackAfter: 'processed' as const, ...more })

const source: SourceRow<Senders<Place>, Place> = {
  name: 'flumeSource',
  guarantee: { threads: 'exactly-once', process: 'at-least-once' },
  create: async (server) => {
    const place = { port: await freePort() }
    const { deliver, release } = agent(place.port)
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
        const socket = connect(port, '127.0.0.1')
        socket.on('error', () => setTimeout(knock, 20))
        void once(socket, 'connect').then(
          () => socket.end('GET / HTTP/1.1\r\n\r\n'),
          () => undefined,
        )
      }
      knock()
    },
    open: (ssc, { port }) => ssc.input(open(port)),
    says: ['was disconnected, because a frame has more than'],
  },
  restart: notApplicable(SERVER),
  bad: {
    'unreachable host': {
      open: (ssc) => ssc.input(open(4141, { host: '203.0.113.1' })),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['flume 203.0.113.1:4141 cannot listen', 'EADDRNOTAVAIL'],
    },
    'wrong place': notApplicable(SERVER),
    'refused credentials': notApplicable('Flume sends no credentials but certificates'),
    'wrong option': {
      open: (ssc) => ssc.input(open(4141, { password: SECRET } as object)),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["flume: there is no option 'password'"],
    },
    'missing client': notApplicable('it needs no package'),
  },
}

export const row: ConnectorRow<Senders<Place>> = {
  name: 'flume',
  start: async () => new Senders(),
  sources: [source],
  sinks: [],
  programs: {
    0: async (server, run) => {
      const place = await source.create(server)
      server.of(place).send(7, 8)
      await run({ replace: { '4141': String(place.port) } }, ({ printed }) => untilMatches(printed, /7\W+1/))
    },
  },
}
