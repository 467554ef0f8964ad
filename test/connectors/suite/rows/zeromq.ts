import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type ZeromqSinkOptions, type ZeromqSourceOptions, zeromqSink, zeromqSource } from 'millrace/zeromq'
import { Publisher, Pull, Push, Subscriber } from 'zeromq'
import { freePort } from '../../../services/ports.js'
import { untilMatches } from '../example.js'
import { Senders } from '../push-channel.js'
import { type ConnectorRow, notApplicable, SECRET, type SinkRow, type SourceRow } from '../row.js'

interface Place {
  readonly address: string
}

const PEERS = 'messages on their way to a peer that dies are lost'

class Peers extends Senders<Place> {
  readonly pulled = new Map<string, number[]>()

  readonly #pushing = new Map<string, Push>()

  async newPush(): Promise<Place> {
    const address = await this.#bind(`tcp://127.0.0.1:${await freePort()}`)
    const deliver = async (numbers: readonly number[]) => {
      const socket = this.#pushing.get(address)!
      for (const n of numbers) await socket.send(String(n))
    }
    return this.add({ address }, deliver, () => this.#pushing.get(address)!.close())
  }

  async #bind(address: string): Promise<string> {
    const socket = new Push({ linger: 0 })
    await socket.bind(address)
    this.#pushing.set(socket.lastEndpoint!, socket)
    return socket.lastEndpoint!
  }

  override async crash(): Promise<void> {
    for (const socket of this.#pushing.values()) socket.close()
  }

  override async restart(): Promise<void> {
    for (const address of this.#pushing.keys()) {
      // The system releases the port some time after the close.
      while ((await this.#bind(address).catch(() => undefined)) === undefined) await wait(20)
    }
  }

  async newPull(): Promise<Place> {
    const socket = new Pull()
    await socket.bind(`tcp://127.0.0.1:${await freePort()}`)
    const numbers: number[] = []
    this.pulled.set(socket.lastEndpoint!, numbers)
    const receive = async () => {
      for await (const [frame] of socket) numbers.push(Number(frame))
    }
    void receive().catch(() => undefined)
    return this.add(
      { address: socket.lastEndpoint! },
      async () => {},
      () => socket.close(),
    )
  }
}

const pull = (address: string, more: Partial<ZeromqSourceOptions> = {}) =>
  zeromqSource({ type: 'pull', connect: address, ...more })
const push = (address: string, more: Partial<ZeromqSinkOptions> = {}) =>
  zeromqSink({ type: 'push', connect: address, ...more })
const ELSEWHERE = 'tcp://127.0.0.1:1'
const curve = { publicKey: SECRET, secretKey: SECRET }

const source: SourceRow<Peers, Place> = {
  name: 'zeromqSource',
  guarantee: { threads: 'exactly-once', process: 'at-most-once' },
  create: (server) => server.newPush(),
  send: async (server, place, from, to) => server.of(place).send(from, to),
  open: (ssc, { address }) => ssc.input(pull(address)),
  slow: notApplicable('the buffer of the context bounds batches; that pushers wait is tested with the connector'),
  malformed: notApplicable('any bytes are a message'),
  resume: notApplicable('ZeroMQ keeps nothing for a process that died'),
  bad: {
    'unreachable host': notApplicable('ZeroMQ waits for peers; a report says so: tested with the connector'),
    'wrong place': {
      open: (ssc) => ssc.input(zeromqSource({ type: 'pull', bind: 'tcp://203.0.113.1:4141' })),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['zeromq pull tcp://203.0.113.1:4141', 'Check the addresses'],
    },
    'refused credentials': {
      open: (ssc) => ssc.input(pull(ELSEWHERE, { curve })),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ['curve.publicKey', 'a key of 40 characters'],
    },
    'wrong option': {
      open: (ssc) => ssc.input(pull(ELSEWHERE, { password: SECRET } as object)),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["zeromq: there is no option 'password'"],
    },
    'missing client': { open: (ssc) => ssc.input(pull(ELSEWHERE)), client: 'zeromq', says: ['version 6'] },
  },
}

const sink: SinkRow<Peers, Place> = {
  name: 'zeromqSink',
  guarantee: { threads: 'exactly-once', process: 'neither' },
  create: (server) => server.newPull(),
  open: ({ address }) => push(address),
  record: (n) => String(n),
  read: async (server, { address }, count) => {
    const numbers = server.pulled.get(address)!
    // Of a process that was killed some may never come: then it waits until none has come for a while.
    for (let idle = 0, seen = 0; numbers.length < count && idle < 250; idle++) {
      if (numbers.length > seen) idle = 0
      seen = numbers.length
      await wait(20)
    }
    return numbers
  },
  malformed: { record: { a: 1 }, says: ['A message for ZeroMQ is an object', 'map records to texts, bytes'] },
  restart: notApplicable(PEERS),
  bad: {
    'unreachable host': {
      open: () => push(ELSEWHERE, { sendTimeout: 50, linger: 1 }),
      code: 'ERR_MILLRACE_SOURCE',
      says: [`zeromq push ${ELSEWHERE}`, 'Check the addresses'],
    },
    'wrong place': {
      open: () => zeromqSink({ type: 'pub', bind: 'tcp://203.0.113.1:4141' }),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['zeromq pub tcp://203.0.113.1:4141'],
    },
    'refused credentials': {
      open: () => push(ELSEWHERE, { curve }),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ['curve.publicKey', 'a key of 40 characters'],
    },
    'wrong option': {
      open: () => push(ELSEWHERE, { password: SECRET } as object),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["zeromq: there is no option 'password'"],
    },
    'missing client': { open: () => push(ELSEWHERE), client: 'zeromq', says: ['version 6'] },
  },
}

export const row: ConnectorRow<Peers> = {
  name: 'zeromq',
  start: async () => new Peers(),
  sources: [source],
  sinks: [sink],
  programs: {
    0: async (_, run) => {
      const publisher = new Publisher({ linger: 0 })
      await publisher.bind('tcp://127.0.0.1:*')
      try {
        await run({ replace: { 'tcp://127.0.0.1:5556': publisher.lastEndpoint! } }, ({ printed }) =>
          untilMatches(async () => {
            // The program subscribes at some time.
            await publisher.send(['weather.bonn', '{"city":"Bonn"}'])
            return printed()
          }, /Bonn\W+1/),
        )
      } finally {
        publisher.close()
      }
    },
    1: async (_, run) => {
      const server = createServer((socket) => {
        socket.on('error', () => socket.destroy())
        const timer = setInterval(() => socket.write('to be\n'), 100)
        socket.on('close', () => clearInterval(timer))
      })
      const [from, to] = [await freePort(), await freePort()]
      await new Promise<void>((resolve) => server.listen(from, 'localhost', resolve))
      const subscriber = new Subscriber({ linger: 0 })
      subscriber.connect(`tcp://127.0.0.1:${to}`)
      subscriber.subscribe('counts')
      try {
        await run({ replace: { '9999': String(from), '5557': String(to) } }, async () => {
          await untilMatches(async () => (await subscriber.receive()).join(' '), /be \d+/)
        })
      } finally {
        subscriber.close()
        server.close()
      }
    },
  },
}
