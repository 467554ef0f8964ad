import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { ManualClock, StreamingContext, type StreamingOptions } from 'millrace'
import { type ZeromqSinkOptions, type ZeromqSourceOptions, zeromqSink, zeromqSource } from 'millrace/zeromq'
import { afterEach, describe, expect, test } from 'vitest'
import { curveKeyPair } from 'zeromq'
import { freePort } from '../services/ports.js'
import { Program } from '../services/program.js'
import { killThread } from '../support/kill.js'
import { range, runBatches } from '../support/streams.js'

const PEER = new URL('../services/zeromq-peer.mjs', import.meta.url).pathname
const open: StreamingContext[] = []
const programs: Program[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
  for (const program of programs.splice(0)) await program.stop()
})

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const newContext = (more: Partial<StreamingOptions> = {}) => {
  const clock = new ManualClock()
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, clock, logger: QUIET, ...more })
  open.push(ssc)
  const tick = async () => {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  return { ssc, clock, tick }
}

async function read<T = string>(options: ZeromqSourceOptions, more?: { receiverBufferBytes?: number }) {
  const { ssc, tick } = newContext(more)
  const records: T[] = []
  const reports: string[] = []
  ssc.on('receiverError', ({ message }) => reports.push(message))
  ssc.input<T>(zeromqSource(options)).foreachRDD(async (rdd) => void records.push(...(await rdd.collect())))
  await ssc.start()
  /** Runs batches until there are this many records. */
  const ticksUntil = async (count: number) => {
    while (records.length < count) {
      await tick()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { ssc, records, reports, tick, ticksUntil }
}

function peer(type: string, how: 'bind' | 'connect', address: string, options: object = {}): Program {
  const program = new Program(process.execPath, [PEER, type, how, address, JSON.stringify(options)])
  programs.push(program)
  return program
}

/** Resolves with the next thread of a socket that is ready. */
function nextSocketThread(): Promise<Worker> {
  return new Promise((resolve) => {
    const onWorker = (worker: Worker) => {
      worker.on('message', ({ kind }: { kind?: string }) => {
        if (kind !== 'ready') return
        process.off('worker', onWorker)
        resolve(worker)
      })
    }
    process.on('worker', onWorker)
  })
}

const addressOf = async (program: Program) => (await program.line(/^at /)).slice(3)
const anyPort = 'tcp://127.0.0.1:*'

describe('a ZeroMQ source', () => {
  test('takes each message that another process pushes, in order', async () => {
    const pusher = peer('push', 'bind', anyPort, { count: 20_000 })
    const { records, ticksUntil } = await read({ type: 'pull', connect: await addressOf(pusher) })
    await ticksUntil(20_000)
    expect(records.map(Number)).toEqual(range(0, 20_000))
    expect(await pusher.ended).toBe(0)
  })

  test('listens itself, and takes bytes', async () => {
    const bind = `tcp://127.0.0.1:${await freePort()}`
    const { records, ticksUntil } = await read<Uint8Array>({ type: 'pull', bind, value: 'bytes' })
    peer('push', 'connect', bind, { count: 3 })
    await ticksUntil(3)
    expect(records).toEqual(['0', '1', '2'].map((text) => new TextEncoder().encode(text)))
  })

  test('subscribes to topics, and takes all frames with multipart', async () => {
    const publisher = peer('xpub', 'bind', anyPort, { count: 9, topics: ['a', 'b', 'c'] })
    const connect = await addressOf(publisher)
    const { records, ticksUntil } = await read<string[]>({
      type: 'sub',
      connect,
      topics: ['a', 'b', 'x'],
      multipart: true,
    })
    await ticksUntil(6)
    expect(records).toEqual([0, 1, 3, 4, 6, 7].map((n) => [n % 3 === 0 ? 'a' : 'b', String(n)]))
  })

  test('takes the last frame without multipart', async () => {
    const publisher = peer('xpub', 'bind', anyPort, { count: 3, topics: ['a'] })
    const { records, ticksUntil } = await read({ type: 'sub', connect: await addressOf(publisher) })
    await ticksUntil(3)
    expect(records).toEqual(['0', '1', '2'])
  })

  test('holds a pusher back while the stream has no room, and loses nothing', async () => {
    const pusher = peer('push', 'bind', anyPort, { count: 6000, bytes: 10_000, highWaterMark: 10 })
    const more = { receiverBufferBytes: 256 * 1024 }
    const { ssc, records, ticksUntil } = await read(
      { type: 'pull', connect: await addressOf(pusher), receiveHighWaterMark: 10 },
      more,
    )
    await new Promise((resolve) => ssc.on('receiverPaused', resolve))
    expect(pusher.lines).not.toContain('sent 6000')
    await ticksUntil(6000)
    expect(records.map((text) => Number(text.split(' ')[0]))).toEqual(range(0, 6000))
  })

  test('says that a pusher is gone, and takes the messages of the next one', async () => {
    const address = `tcp://127.0.0.1:${await freePort()}`
    const first = peer('push', 'bind', address, { count: 10 })
    const { ssc, records, reports, ticksUntil } = await read({ type: 'pull', connect: address })
    await ticksUntil(10)
    const reported = new Promise((resolve) => ssc.on('receiverError', resolve))
    await first.stop()
    if (reports.length === 0) await reported
    expect(reports[0]).toMatch(/zeromq pull tcp:.*cannot be reached; ZeroMQ tries again until it can/)
    peer('push', 'bind', address, { count: 10 })
    await ticksUntil(20)
    expect(records.map(Number)).toEqual([...range(0, 10), ...range(0, 10)])
  })

  test('reports that its thread died, and takes later messages in another one', async () => {
    const address = `tcp://127.0.0.1:${await freePort()}`
    peer('push', 'bind', address, { count: 10 })
    const thread = nextSocketThread()
    const { ssc, records, ticksUntil } = await read({ type: 'pull', connect: address })
    await ticksUntil(10)
    const stopped = new Promise<{ message?: string }>((resolve) => ssc.on('receiverStopped', resolve))
    const next = nextSocketThread()
    // No message of the driver: the thread's code fails.
    ;(await thread).postMessage(null)
    expect((await stopped).message).toContain(`zeromq pull ${address}: its thread failed`)
    await next
    peer('push', 'bind', address, { count: 10 })
    await ticksUntil(20)
    expect(records.map(Number)).toEqual([...range(0, 10), ...range(0, 10)])
  })

  test('does not disturb the exit of a process that stops nothing', async () => {
    const code = `import { StreamingContext } from 'millrace'
      import { zeromqSource } from 'millrace/zeromq'
      const ssc = new StreamingContext({ batchInterval: 100, threads: 1 })
      ssc.input(zeromqSource({ type: 'pull', bind: '${`tcp://127.0.0.1:${await freePort()}`}' })).foreachRDD(() => {})
      await ssc.start()
      process.exit(3)`
    const program = new Program(process.execPath, ['--input-type=module', '--eval', code])
    programs.push(program)
    expect(await program.ended).toBe(3)
  })

  test('a graceful stop processes what the socket has buffered', async () => {
    const pusher = peer('push', 'bind', anyPort, { count: 5000 })
    const { ssc, records } = await read({ type: 'pull', connect: await addressOf(pusher) })
    await pusher.ended
    await ssc.stop({ graceful: true })
    expect(records.map(Number)).toEqual(range(0, 5000))
  })

  test('encrypts by CURVE; the keys are in no name and no report', async () => {
    const [server, client] = [curveKeyPair(), curveKeyPair()]
    const bind = `tcp://127.0.0.1:${await freePort()}`
    const curve = { publicKey: server.publicKey, secretKey: server.secretKey }
    const { records, reports, ticksUntil } = await read({ type: 'pull', bind, curve })
    const keys = { curvePublicKey: client.publicKey, curveSecretKey: client.secretKey }
    peer('push', 'connect', bind, { count: 3, curve: { ...keys, curveServerKey: server.publicKey } })
    await ticksUntil(3)
    expect(records).toEqual(['0', '1', '2'])
    const name = zeromqSource({ type: 'pull', bind, curve }).name
    expect(`${name} ${reports.join()}`).not.toContain(server.secretKey)
  })

  test('an address in use is an error that names it', async () => {
    const holder = peer('push', 'bind', anyPort)
    const bind = await addressOf(holder)
    const { reports } = await read({ type: 'pull', bind })
    expect(reports[0]).toContain('cannot start')
    const error: Error = await zeromqSource({ type: 'pull', bind })
      .create()
      .start({} as never)
      .then(
        () => new Error('started'),
        (cause: Error) => cause,
      )
    expect(error.message).toBe(
      `zeromq pull ${bind}: Address already in use. Check the addresses, and that the other side runs.`,
    )
  })
})

describe('a ZeroMQ sink', () => {
  async function write(
    batches: unknown[][],
    options: ZeromqSinkOptions,
    each?: (ssc: StreamingContext, i: number) => unknown,
  ) {
    const streams = newContext()
    streams.ssc.queueStream([...batches] as string[][]).writeTo(zeromqSink(options))
    await runBatches(streams, batches.length, each)
  }
  const messagesOf = (program: Program) => program.lines.slice(1).map((line) => JSON.parse(line) as string[])

  test('pushes each record once when threads die, with an id that receivers can use', async () => {
    const puller = peer('pull', 'bind', anyPort, { count: 1000 })
    const connect = await addressOf(puller)
    const batches = range(0, 10).map((i) => range(i * 100, (i + 1) * 100).map(String))
    await write(batches, { type: 'push', connect, ids: true }, (ssc, i) => killThread(ssc, i % 2))
    expect(await puller.ended).toBe(0)
    const messages = messagesOf(puller)
    expect(messages.map(([n]) => Number(n)).sort((a, b) => a - b)).toEqual(range(0, 1000))
    expect(new Set(messages.map(([, id]) => id)).size).toBe(1000)
    expect(messages[0]![1]).toMatch(/^[0-9a-f]{12}-\d+-\d+-\d+$/)
  })

  test('publishes under a topic to all subscribers; arrays are frames', async () => {
    const bind = `tcp://127.0.0.1:${await freePort()}`
    const subscribers = [1, 2].map(() => peer('sub', 'connect', bind, { count: 2, topics: ['news'] }))
    for (const subscriber of subscribers) await addressOf(subscriber)
    // Subscriptions reach a publisher some time after it listens: it repeats its message until both have it.
    const { ssc, clock } = newContext()
    const batches = range(0, 500).map(() => [['x', 'y']])
    ssc.queueStream(batches).writeTo(zeromqSink({ type: 'pub', bind, topic: 'news' }))
    await ssc.start()
    let ended = 0
    for (const { ended: end } of subscribers) void end.then(() => ended++)
    while (ended < 2) {
      await clock.advance(1000)
      await ssc.awaitIdle()
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (const subscriber of subscribers) expect(messagesOf(subscriber)[1]).toEqual(['news', 'x', 'y'])
  })

  test('opens another thread for the next attempt when its thread dies', async () => {
    const puller = peer('pull', 'bind', anyPort, { count: 3 })
    const connect = await addressOf(puller)
    const threads = [nextSocketThread()]
    const { ssc, clock } = newContext({ outputRetries: { attempts: 5, delay: 1 } })
    ssc.queueStream([['0'], ['1'], ['2']]).writeTo(zeromqSink({ type: 'push', connect }))
    await ssc.start()
    for (let i = 0; i < 3; i++) {
      await clock.advance(1000)
      await ssc.awaitIdle()
      if (i > 0) continue
      threads.push(nextSocketThread())
      const socket = await threads[0]!
      const exited = once(socket, 'exit')
      socket.postMessage(null)
      await exited
    }
    await threads[1]
    expect(await puller.ended).toBe(0)
    expect(messagesOf(puller).map(([text]) => text)).toEqual(['0', '1', '2'])
  })

  test('an address in use fails the batch with an error that names it', async () => {
    const bind = await addressOf(peer('push', 'bind', anyPort))
    await expect(write([['a']], { type: 'push', bind })).rejects.toThrow(`zeromq push ${bind}: Address already in use`)
  })

  test('fails the batch when no peer takes its messages in time', async () => {
    const connect = `tcp://127.0.0.1:${await freePort()}`
    const options: ZeromqSinkOptions = { type: 'push', connect, sendTimeout: 100, linger: 1 }
    await expect(write([['a']], options)).rejects.toThrow(`zeromq push ${connect}`)
  })

  test('a record that is no message fails its batch', async () => {
    const bind = `tcp://127.0.0.1:${await freePort()}`
    await expect(write([[{ a: 1 }]], { type: 'push', bind })).rejects.toThrow('map records to texts, bytes, or arrays')
  })
})

test.each<[string, object, string]>([
  ['no address', { type: 'pull' }, 'set exactly if bind is not'],
  ['both addresses', { type: 'pull', connect: 'tcp://a:1', bind: 'tcp://b:1' }, 'set exactly if bind is not'],
  [
    'a wrong address',
    { type: 'pull', connect: 'localhost:5555' },
    'connect is "localhost:5555"; it must be an address such as \'tcp:',
  ],
  ['an address in the process', { type: 'pull', bind: 'inproc://a' }, 'bind is "inproc://a"'],
  ['an unknown type', { type: 'req', bind: 'tcp://a:1' }, "type is \"req\"; it must be 'sub' or 'pull'"],
  ['topics for pull', { type: 'pull', bind: 'tcp://a:1', topics: 'a' }, "with type 'sub' only"],
  ['an unknown option', { type: 'pull', bind: 'tcp://a:1', hwm: 1 }, "no option 'hwm'"],
  [
    'a key that is short',
    { type: 'pull', bind: 'tcp://a:1', curve: { publicKey: 'p', secretKey: 's3cret' } },
    'a key of 40',
  ],
])('a source with %s is refused', (_, options, text) => {
  const create = () => zeromqSource(options as ZeromqSourceOptions)
  expect(create).toThrow(text)
  expect(create).not.toThrow('s3cret')
})
