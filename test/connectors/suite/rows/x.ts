import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type XFilteredOptions, type XPost, xFilteredSource } from 'millrace/x'
import { line, type Stream, TOKEN, XStandIn } from '../../x-stand-in.js'
import { untilMatches } from '../example.js'
import { Senders } from '../push-channel.js'
import { type ConnectorRow, notApplicable, SECRET, type SourceRow } from '../row.js'

interface Place {
  readonly url: string
}

class Services extends Senders<Place> {
  readonly standIns = new Map<string, XStandIn>()
  /** Has none of X's endpoints, and asks for the token. A careless service quotes it. */
  readonly #other = createServer(({ headers }, response) => {
    response.writeHead(headers.authorization === `Bearer ${TOKEN}` ? 404 : 401).end(`no: ${headers.authorization}`)
  })

  static async start(): Promise<Services> {
    const services = new Services()
    await new Promise<void>((resolve) => services.#other.listen(0, '127.0.0.1', resolve))
    return services
  }

  get elsewhere(): string {
    return `http://127.0.0.1:${(this.#other.address() as AddressInfo).port}`
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]()
    this.#other.close()
  }

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
    'wrong place': {
      open: (ssc, { elsewhere }) => ssc.input(open(elsewhere)),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['404', 'Check url'],
    },
    'refused credentials': {
      open: (ssc, { elsewhere }) => ssc.input(open(elsewhere, { bearerToken: `wrong-${SECRET}` })),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['401', 'Check bearerToken'],
    },
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
  start: () => Services.start(),
  sources: [source],
  sinks: [],
  programs: {
    0: async (_, run) => {
      const standIn = await XStandIn.start()
      const sent = standIn.next().then(({ response }) => response.write(line(1, { text: 'we use #nodejs' })))
      const replace = { 'bearerToken:': `url: '${standIn.url}', bearerToken:` }
      await run({ replace, env: { X_BEARER_TOKEN: TOKEN } }, ({ printed }) => untilMatches(printed, /#nodejs\W+1/))
      await sent
    },
  },
}
