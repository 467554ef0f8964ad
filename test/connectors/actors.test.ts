import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { type ActorOptions, actorSource, connectActor } from 'millrace/actors'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { lengthFrame } from '#build/connectors/actors/frames.js'
import { encode } from '#build/connectors/actors/wire.js'
import { sendByPekko } from '../services/pekko.js'
import { freePort } from '../services/ports.js'
import { Program } from '../services/program.js'
import { hasService } from '../services/service.js'
import { type Message, range, receive } from './actors-support.js'
import { breaking } from './breaking-proxy.js'

const programs: Program[] = []
afterEach(async () => {
  for (const program of programs.splice(0)) await program.stop()
  // A gate that is open would let one test fail all later ones.
  Reflect.deleteProperty(Object.prototype, 'hit')
})

function start(program: Program): Program {
  programs.push(program)
  return program
}
const actorProcess = (...args: (string | number)[]) =>
  start(
    new Program(process.execPath, [
      new URL('../fixtures/actor-process.mjs', import.meta.url).pathname,
      ...args.map(String),
    ]),
  )

describe('actors in threads', () => {
  test('send values that arrive once, each thread’s in order; send resolves when they are stored', async () => {
    const source = actorSource()
    const { messages, tick } = await receive(source)
    const threads = range(0, 3).map((i) => {
      const port = source.port()
      const workerData = { port, from: i * 10_000, to: (i + 1) * 10_000 }
      return new Worker(new URL('../fixtures/actor-thread.mjs', import.meta.url), { workerData, transferList: [port] })
    })
    const answered = threads.map((thread) => new Promise((resolve) => thread.once('message', resolve)))
    expect(await Promise.all(answered)).toEqual([10_000, 10_000, 10_000])
    await tick()
    for (const i of range(0, 3)) {
      const mine = messages.filter(({ from }) => from === i * 10_000)
      expect(mine.map(({ n }) => n)).toEqual(range(i * 10_000, (i + 1) * 10_000))
    }
    expect(messages.length).toBe(30_000)
  })

  test('wait for room', async () => {
    const source = actorSource()
    const { messages, ticksUntil } = await receive(source, { receiverBufferBytes: 16_384 })
    const actor = connectActor<{ n: number; text: string }>(source.port())
    let answered = 0
    // Equal texts would be packed into a few bytes, for which the buffer has room.
    const sends = range(0, 2000).map((n) => actor.send({ n, text: `${n} `.repeat(20) }).then(() => answered++))
    await sends[0]
    expect(answered).toBeLessThan(2000)
    await ticksUntil(Promise.all(sends))
    expect(messages.map(({ n }) => n)).toEqual(range(0, 2000))
  })

  test('wait for their batch with processed', async () => {
    const source = actorSource({ ackAfter: 'processed' })
    const { messages, ticksUntil } = await receive(source)
    const actor = connectActor(source.port())
    let processedAt = -1
    await ticksUntil(actor.send({ n: 1 }).then(() => void (processedAt = messages.length)))
    expect(processedAt).toBe(1)
  })

  test('may send before the stream starts', async () => {
    const source = actorSource()
    const actor = connectActor(source.port())
    const sent = actor.send({ n: 7 })
    const { messages, tick } = await receive(source)
    await sent
    await tick()
    expect(messages).toEqual([{ n: 7 }])
  })

  test('learn that the stream has stopped', async () => {
    const source = actorSource()
    const { ssc } = await receive(source)
    const actor = connectActor(source.port())
    await ssc.stop()
    await expect(actor.send(1)).rejects.toThrow('send them again over a new one')
  })

  test('a value that cannot be cloned rejects alone', async () => {
    const source = actorSource()
    const { messages, tick } = await receive(source)
    const actor = connectActor(source.port())
    const [good, bad, last] = [actor.send({ n: 1 }), actor.send(() => 1), actor.send({ n: 2 })]
    await expect(bad).rejects.toThrow('could not be cloned')
    await Promise.all([good, last])
    await tick()
    expect(messages.map(({ n }) => n)).toEqual([1, 2])
  })
})

describe('actors in other processes', () => {
  async function listening(options: Partial<ActorOptions> = {}, more = {}) {
    const port = await freePort()
    const source = actorSource({ websocket: { port, origins: ['https://allowed.example'] }, ...options })
    return { port, url: `ws://127.0.0.1:${port}`, ...(await receive(source, more)) }
  }

  test('send over a WebSocket: each value once, in order, of its type', async () => {
    const { url, messages, ticksUntil } = await listening()
    const program = actorProcess(url, 20_000)
    expect(await ticksUntil(program.ended), program.errors).toBe(0)
    expect(messages.map(({ n }) => n)).toEqual(range(0, 20_000))
    expect(messages[5]).toEqual({ n: 5, at: new Date(5), tags: new Map([[5, 'ä']]), text: '' })
  })

  test('wait for room over a WebSocket', async () => {
    const { url, messages, ticksUntil } = await listening({}, { receiverBufferBytes: 64 * 1024 })
    const program = actorProcess(url, 6000, 500)
    await program.line(/^answered 1000$/).catch(() => undefined)
    expect(program.lines).not.toContain('answered 6000')
    expect(await ticksUntil(program.ended), program.errors).toBe(0)
    expect(messages.map(({ n }) => n)).toEqual(range(0, 6000))
  })

  const call = (more: object) => encode({ id: '1-2-3-4', type: 'APPLY', path: ['store'], argumentList: [], ...more })
  test.each<[string, Uint8Array, string]>([
    [
      'sets a property of the prototype of all objects',
      call({ type: 'SET', path: ['__proto__', 'hit'], value: { type: 'RAW', value: 1 } }),
      'no call of send',
    ],
    [
      'calls the constructor of a function',
      call({ path: ['store', 'constructor'], argumentList: [{ type: 'RAW', value: 'return 1' }] }),
      'no call of send',
    ],
    ['reads a property', call({ type: 'GET' }), 'no call of send'],
    ['constructs', call({ type: 'CONSTRUCT' }), 'no call of send'],
    ['asks for another endpoint', call({ type: 'ENDPOINT' }), 'no call of send'],
    ['passes a proxy', call({ argumentList: [{ type: 'HANDLER', name: 'proxy', value: 1 }] }), 'no call of send'],
    ['passes no list', call({ argumentList: [{ type: 'RAW', value: { length: 1000 } }] }), 'no call of send'],
    ['sends nothing', new Uint8Array(0), 'disconnected'],
    ['sends garbage', new Uint8Array([0xdf, 0xff, 0xff, 0xff, 0xff]), 'disconnected'],
    ['sends a text', new TextEncoder().encode('{"id":"1"}'), 'disconnected'],
    ['sends too much', new Uint8Array(70_000), 'Max payload size exceeded'],
  ])('a client that %s is disconnected, and others are served', async (_, bytes, why) => {
    const { url, messages, reports, tick } = await listening({ maxMessageBytes: 65_536 })
    const hostile = new WebSocket(url)
    hostile.on('error', () => undefined)
    await new Promise((resolve) => hostile.once('open', resolve))
    const outcome = new Promise((resolve) => {
      hostile.once('message', () => resolve('answered'))
      hostile.once('close', () => resolve('disconnected'))
    })
    hostile.send(bytes)
    expect(await outcome).toBe('disconnected')
    expect(reports.join()).toContain(why)
    expect(({} as { hit?: number }).hit).toBeUndefined()
    const actor = connectActor(new WebSocket(url))
    await actor.send({ n: 1 })
    await tick()
    expect(messages).toEqual([{ n: 1 }])
    actor.close()
  })

  test.each([
    ['https://allowed.example', 'open'],
    ['https://evil.example', 'error'],
  ])('a page of %s gets %s', async (origin, expected) => {
    const { url } = await listening()
    const socket = new WebSocket(url, { origin })
    const outcome = await new Promise((resolve) => {
      socket.once('open', () => resolve('open'))
      socket.once('error', () => resolve('error'))
    })
    expect(outcome).toBe(expected)
    socket.terminate()
  })

  test('are refused above maxConnections, with the reason, until one leaves', async () => {
    const { url, messages, reports, tick } = await listening({ maxConnections: 2 })
    const [first, second] = [connectActor(new WebSocket(url)), connectActor(new WebSocket(url))]
    await Promise.all([first.send({ n: 1 }), second.send({ n: 2 })])
    for (const _ of range(0, 3)) {
      const refused = connectActor(new WebSocket(url)).send({ n: 0 })
      await expect(refused).rejects.toThrow('at most 2 senders at once (maxConnections)')
    }
    expect(reports).toEqual([expect.stringMatching(/was refused. The source serves at most 2 senders/)])
    first.close()
    // The source notices the leaving when its socket closes.
    const third = async (): Promise<void> => {
      const actor = connectActor(new WebSocket(url))
      await actor.send({ n: 3 }).catch(third)
    }
    await third()
    await second.send({ n: 4 })
    await tick()
    expect(messages.map(({ n }) => n).sort()).toEqual([1, 2, 3, 4])
  })

  test('the client loads in a browser: no module of Node is in its bundle', async () => {
    const entry = new URL('../../dist/connectors/actors/client.js', import.meta.url).pathname
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      platform: 'browser',
      format: 'esm',
      write: false,
      logLevel: 'silent',
    })
    expect(outputFiles[0]!.text).not.toMatch(/from ['"]node:|require\(['"]/)
  })
})

describe('frames over TCP', () => {
  async function listening(options: Partial<ActorOptions> = {}, more = {}) {
    const port = await freePort()
    return { port, ...(await receive(actorSource({ tcp: { port }, ...options }), more)) }
  }
  const int = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return bytes
  }

  test.each<[string, Buffer, string]>([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'of at most 1048576 (maxMessageBytes)'],
    ['a frame above the limit', int(2 ** 20 + 1), 'a frame has 1048577 bytes'],
  ])('disconnect a sender of %s', async (_, bytes, why) => {
    const { port, reports } = await listening()
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(bytes)
    await new Promise((resolve) => socket.once('close', resolve))
    expect(reports).toEqual([expect.stringContaining(why)])
  })

  test('a message that is not JSON is left out, reported and counted', async () => {
    const { port, messages, reports, tick } = await listening()
    const socket = connect(port, '127.0.0.1')
    for (const text of ['{"n":1}', 'nonsense', '{"n":2}']) socket.write(lengthFrame(text))
    let answers = ''
    await new Promise<void>((resolve) =>
      socket.on('data', (data) => {
        answers += data
        if (answers.includes('"stored":3')) resolve()
      }),
    )
    await tick()
    socket.destroy()
    expect(messages.map(({ n }) => n)).toEqual([1, 2])
    expect(reports).toEqual([expect.stringContaining('a message that is not JSON')])
  })

  test('a connection above maxConnections is refused, with the reason', async () => {
    const { port, reports } = await listening({ maxConnections: 1 })
    const first = connect(port, '127.0.0.1')
    first.write(lengthFrame('{"n":1}'))
    await new Promise((resolve) => first.once('data', resolve))
    const second = connect(port, '127.0.0.1')
    second.write(lengthFrame('{"n":2}'))
    let answer = ''
    second.on('data', (data) => {
      answer += data
    })
    await new Promise((resolve) => second.once('close', resolve))
    expect(answer).toContain('{"refused":"The source serves at most 1 senders at once (maxConnections).')
    expect(reports).toEqual([expect.stringContaining('was refused')])
    first.destroy()
  })

  describe.runIf(hasService('pekko'))('from the actors of an actor system', () => {
    const numbersBy = (messages: readonly Message[]) => {
      const byPath = new Map<string, number[]>()
      for (const { path, seq } of messages) byPath.set(path, [...(byPath.get(path) ?? []), seq])
      return byPath
    }

    test('100,000 messages arrive once, those of each actor in order', async () => {
      const { port, messages, ticksUntil } = await listening()
      const program = start(sendByPekko(port, { actors: 4, total: 25_000 }))
      expect(await ticksUntil(program.ended), program.errors).toBe(0)
      expect(messages.length).toBe(100_000)
      const sequences = new Map<string, number>()
      for (const { path, seq } of messages) {
        expect(seq).toBe(sequences.get(path) ?? 0)
        sequences.set(path, seq + 1)
      }
      expect([...sequences.keys()].sort()).toEqual(range(0, 4).map((i) => `pekko://feeder/user/supervisor/sender-${i}`))
      expect(messages[0]!.text).toBe('wörd0')
    })

    test('an actor is held back while the stream has no room', async () => {
      const { ssc, port, messages, ticksUntil } = await listening({}, { receiverBufferBytes: 64 * 1024 })
      const paused = new Promise((resolve) => ssc.on('receiverPaused', resolve))
      const program = start(sendByPekko(port, { total: 20_000 }))
      await paused
      expect(program.lines).toEqual([])
      expect(await ticksUntil(program.ended), program.errors).toBe(0)
      expect(messages.map(({ seq }) => seq)).toEqual(range(0, 20_000))
    })

    test('an actor whose connection breaks sends what was not answered: nothing is lost', async () => {
      const { port, messages, ticksUntil } = await listening()
      const proxy = await breaking(port, 300_000)
      const program = start(sendByPekko(proxy.port, { total: 10_000, window: 500 }))
      expect(await ticksUntil(program.ended), program.errors).toBe(0)
      await proxy.close()
      const seqs = [...numbersBy(messages).values()][0]!
      expect([...new Set(seqs)].sort((a, b) => a - b)).toEqual(range(0, 10_000))
      const lost = program.lines.filter((line) => line.startsWith('lost')).length
      expect(lost).toBeGreaterThan(1)
      expect(seqs.length).toBeLessThanOrEqual(10_000 + lost * 500)
    })
  })
})

test.each<[string, object, string]>([
  ['an unknown option', { port: 1 }, "no option 'port'"],
  ['a port out of range', { tcp: { port: 0 } }, 'tcp.port is 0'],
  ['no room for a sender', { maxConnections: 0 }, 'actors: maxConnections is 0; it must be a whole number'],
  ['a port alone', { tcp: 9000 }, 'actors: tcp is 9000; it must be an object with port, host.'],
  [
    'an option of tcp',
    { tcp: { port: 9, origins: [] } },
    "actors: there is no option 'tcp.origins'. Options: port, host.",
  ],
  ['an unknown option of a part', { websocket: { port: 1, path: '/' } }, "no option 'websocket.path'"],
  ['an origin as text', { websocket: { port: 1, origins: 'https://a' } }, 'websocket.origins is'],
])('a source with %s is refused', (_, options, text) => {
  expect(() => actorSource(options as ActorOptions)).toThrow(text)
})
