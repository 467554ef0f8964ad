import { type XFilteredOptions, type XPost, xFilteredSource } from 'millrace/x'
import { line, type Stream, TOKEN, XStandIn } from '../../x-stand-in.js'
import { Senders } from '../push-channel.js'
import { type ConnectorRow, notApplicable, SECRET, type SourceRow } from '../row.js'

interface Place {
  readonly url: string
}

class Services extends Senders<Place> {
  readonly standIns = new Map<string, XStandIn>()

  async newService(): Promise<Place> {
    const standIn = await XStandIn.start()
    this.standIns.set(standIn.url, standIn)
    let stream: Stream | undefined
    const deliver = async (numbers: readonly number[]) => {
      stream ??= await standIn.next()
      const { response } = stream
      for (const n of numbers) response.write(line(n))
    }
    return this.add({ url: standIn.url }, deliver, () => undefined)
  }
}

const open = (url: string, more: Partial<XFilteredOptions> = {}) =>
  xFilteredSource({ url, bearerToken: TOKEN, rules: [{ value: 'cat' }], ...more })

const source: SourceRow<Services, Place> = {
  name: 'xFilteredSource',
  guarantee: { threads: 'exactly-once', process: 'at-most-once' },
  create: (server) => server.newService(),
  send: async (server, place, from, to) => server.of(place).send(from, to),
  open: (ssc, { url }) => ssc.input(open(url)),
  serial: (record) => Number((record as XPost).data.id),
  slow: notApplicable('X holds nothing back: it disconnects slow readers'),
  malformed: {
    send: async (server, { url }) => {
      void server.standIns
        .get(url)!
        .next()
        .then(({ response }) => response.write('nonsense\r\n'))
    },
    open: (ssc, { url }) => ssc.input(open(url)),
    says: ['a line of 8 characters is not JSON, and is left out'],
  },
  restart: notApplicable('posts of the time without a connection are lost; gaps are tested with the connector'),
  resume: notApplicable('X keeps nothing for a process that died, except for the minutes of a backfill'),
  bad: {
    'unreachable host': {
      open: (ssc) => ssc.input(open('http://127.0.0.1:1')),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['x filtered stream 127.0.0.1:1 cannot be reached', 'ECONNREFUSED'],
    },
    'wrong place': notApplicable('tested with the connector, against each status'),
    'refused credentials': notApplicable('tested with the connector, against each status'),
    'wrong option': {
      open: (ssc) => ssc.input(open('http://127.0.0.1:1', { password: SECRET } as object)),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["x: there is no option 'password'"],
    },
    'missing client': notApplicable('it needs no package'),
  },
}

export const row: ConnectorRow<Services> = {
  name: 'x',
  start: async () => new Services(),
  sources: [source],
  sinks: [],
}
