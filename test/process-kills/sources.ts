import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { KafkaService } from '../services/kafka.js'
import { freePort } from '../services/ports.js'
import { linesOf } from './pipelines.js'
import type { SourcePlaces } from './reads.js'

/** A source of the lines, in the process of the test. */
export interface Source<Place> {
  start(): Promise<Feeder<Place>>
}

/** The side of a source that sends. */
export interface Feeder<Place> extends AsyncDisposable {
  readonly place: Place
  /** Sends the lines from `from` to `to` - 1, until the other side has them. */
  feed(from: number, to: number, signal: AbortSignal): Promise<void>
  /** Whether a line was sent more than once, because its acknowledgement did not come: the process may have it twice. */
  isRepeated?(serial: number): boolean
}

const files: Source<SourcePlaces['files']> = {
  async start() {
    const root = mkdtempSync(join(tmpdir(), 'millrace-kills-'))
    const directory = join(root, 'in')
    mkdirSync(directory)
    return {
      place: { directory },
      async feed(from, to) {
        const written = join(root, `${from}`)
        writeFileSync(written, `${linesOf(from, to).join('\n')}\n`)
        renameSync(written, join(directory, `${from}.txt`))
      },
      async [Symbol.asyncDispose]() {
        rmSync(root, { recursive: true, force: true })
      },
    }
  },
}

const PARTITIONS = 2

const kafka: Source<SourcePlaces['kafka']> = {
  async start() {
    const service = await KafkaService.start()
    const client = new Kafka({ brokers: [service.broker], logLevel: logLevel.NOTHING })
    const [admin, producer] = [client.admin(), client.producer()]
    await Promise.all([admin.connect(), producer.connect()])
    const topic = 'lines'
    await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true })
    return {
      place: { brokers: service.broker, topic },
      async feed(from, to) {
        const messages = linesOf(from, to).map((value, i) => ({ partition: i % PARTITIONS, value }))
        await producer.send({ topic, messages })
      },
      async [Symbol.asyncDispose]() {
        await Promise.allSettled([admin.disconnect(), producer.disconnect()])
        await service[Symbol.asyncDispose]()
      },
    }
  },
}

/**
 * A server in the process under test, which pushes what it is sent and answers when it is logged. A sender that gets no answer
 * sends again.
 */
const log: Source<SourcePlaces['log']> = {
  async start() {
    const port = await freePort()
    const repeated = new Set<number>()
    return {
      place: { port },
      async feed(from, to, signal) {
        while (!(await isLogged(port, from, to))) {
          signal.throwIfAborted()
          for (let serial = from; serial < to; serial++) repeated.add(serial)
          await wait(50)
        }
      },
      isRepeated: (serial) => repeated.has(serial),
      async [Symbol.asyncDispose]() {},
    }
  },
}

/** Sends a range of lines. Resolves with whether the other side answered; it may die at any time. */
function isLogged(port: number, from: number, to: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', () => {
      resolve(true)
      socket.destroy()
    })
    socket.once('error', () => {})
    socket.once('close', () => resolve(false))
    socket.write(`${from} ${to}\n`)
  })
}

export const SOURCES = { files, kafka, log } as const
