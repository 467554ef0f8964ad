import { Agent, createServer, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { StreamingContext } from 'millrace'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Delay } from '#build/ops/wait.js'
import { type HttpTextOptions, httpTextSource } from '#build/sources/http-text.js'
import { socketTextSource } from '#build/sources/socket-text.js'
import { freePort } from '../services/ports.js'
import { FakeSink, recordedDelay } from './fake-sink.js'
import { closing, listen, roundTrips, serve } from './loopback.js'

const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

function receive(
  url: string,
  options: HttpTextOptions = {},
  { waits, delay }: { waits: number[]; delay: Delay } = recordedDelay(),
) {
  const receiver = httpTextSource(url, options, { delay }).create()
  closing(() => receiver.stop())
  const sink = new FakeSink()
  return { sink, waits, receiver, started: receiver.start(sink) }
}

/** A server whose n-th connection gets the n-th answer, byte for byte; the last one stands for all that follow. */
async function raw(...answers: readonly ((socket: Socket) => void)[]) {
  let connections = 0
  const port = await serve((socket) => {
    const answer = answers[Math.min(connections++, answers.length - 1)]!
    socket.once('data', () => answer(socket))
  })
  return { url: `http://127.0.0.1:${port}/`, connections: () => connections }
}

const lines = (socket: Socket) => socket.write(`${HEAD}3\r\nok\n\r\n`)

/** Timers fire when the test says so; sockets are real. */
function heldTimers() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
}

describe('a start settles, and lines come after it, whatever the answer before was', () => {
  test.each<[string, (socket: Socket) => unknown]>([
    ['101', (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')],
    ['101 without its headers', (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')],
    [
      'interim answers and an end',
      (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n'),
    ],
    ['an end', (socket) => socket.end()],
    ['a reset', (socket) => socket.resetAndDestroy()],
    ['half a head', (socket) => socket.end('HTTP/1.1 200 OK\r\nA: b')],
    ['no HTTP', (socket) => socket.end('SSH-2.0\r\n\r\n')],
    ['headers without end', (socket) => socket.end(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(5000)}`)],
    ['204', (socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n')],
    ['304', (socket) => socket.end('HTTP/1.1 304 Not Modified\r\n\r\n')],
    ['a redirect to nowhere', (socket) => socket.end('HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n')],
    ['trailers without end', (socket) => socket.end(`${HEAD}0\r\n${'a: b\r\n'.repeat(5000)}`)],
    ['a chunk that is no chunk', (socket) => socket.end(`${HEAD}zz\r\n`)],
  ])('%s', async (_, answer) => {
    const { url } = await raw(answer, lines)
    const { sink, started, waits } = receive(url)
    await started
    await sink.until(() => sink.lines.includes('ok'))
    expect(waits).toHaveLength(1)
    expect(waits[0]).toBeGreaterThanOrEqual(250)
  })

  test('interim answers before a good one are skipped', async () => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n'
    const { url } = await raw((socket) => socket.write(`${interim}${HEAD}3\r\nok\n\r\n`))
    const { sink, started, waits } = receive(url)
    await started
    await sink.until(() => sink.lines.length === 1)
    expect(waits).toEqual([])
  })

  test.each([
    ['101', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', /101 Switching Protocols/],
    [
      '101 that names a protocol',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
      /switches away from HTTP/,
    ],
    ['an end before the answer', '', /closed|hang up/],
  ])('without reconnect, %s is an error', async (_, text, message) => {
    const { url } = await raw((socket) => void socket.end(text))
    await expect(receive(url, { reconnect: false }).started).rejects.toThrow(message)
  })
})

describe('silence has an end', () => {
  test.each<[string, string]>([
    ['an answer that never starts', ''],
    ['a head that never ends', 'HTTP/1.1 200 OK\r\nA:'],
    ['interim answers only', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['an error whose text never comes', 'HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\n'],
  ])('%s, also where the body may be silent for ever', async (_, text) => {
    heldTimers()
    for (const idleTimeout of [20_000, 0]) {
      const { url, connections } = await raw((socket) => void socket.write(text), lines)
      const { sink, started, waits } = receive(url, { idleTimeout })
      await vi.waitUntil(() => connections() === 1, { timeout: 600_000 })
      await roundTrips(3)
      await vi.advanceTimersByTimeAsync(19_000)
      expect(waits).toEqual([])
      await vi.advanceTimersByTimeAsync(2000)
      await started
      await sink.until(() => sink.lines.includes('ok'))
    }
  })

  test('a body may be silent for ever with idleTimeout 0', async () => {
    heldTimers()
    const { url } = await raw(lines)
    const { sink, started, waits } = receive(url, { idleTimeout: 0 })
    await started
    await sink.until(() => sink.lines.length === 1)
    await vi.advanceTimersByTimeAsync(10_000_000)
    expect(waits).toEqual([])
  })
})

describe('stop() ends', () => {
  test('a request that waits for a socket of its agent', async () => {
    const agent = new Agent({ maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    const { url } = await raw(() => {})
    const first = receive(url, { agent })
    const second = receive(url, { agent })
    await roundTrips(3)
    await second.receiver.stop()
    await second.started
    await first.receiver.stop()
    await first.started
  })

  test.each<[string, (port: number) => ReturnType<typeof httpTextSource>]>([
    ['a name that is looked up', () => httpTextSource('http://no-such-host.invalid/')],
    ['a TLS handshake with a server that speaks none', (port) => httpTextSource(`https://127.0.0.1:${port}/`)],
    ['a socket that is connecting', () => socketTextSource('no-such-host.invalid', 80)],
  ])('%s', async (_, source) => {
    const receiver = source(await serve(() => {})).create()
    const started = receiver.start(new FakeSink())
    await receiver.stop()
    await started
  })

  test('a running context whose server switches protocols', async () => {
    const { url, connections } = await raw((socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
    const ssc = new StreamingContext({
      batchInterval: '1h',
      threads: 1,
      spare: false,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    })
    ssc.httpTextStream(url).output('lines')
    await ssc.start()
    await ssc.stop()
    expect(connections()).toBeGreaterThan(0)
  })
})

test('faults of the network settle start() and are reported: names, refused connections, TLS, IPv6', async () => {
  const port = await freePort()
  const plain = await serve((socket) => void socket.end('no TLS\n'))
  for (const url of [
    'http://no-such-host.invalid/',
    `http://127.0.0.1:${port}/`,
    `https://127.0.0.1:${plain}/`,
    `http://[::1]:${port}/`,
  ]) {
    const untilStopped: Delay = (_ms, signal) => new Promise((resolve) => signal.addEventListener('abort', resolve))
    const { sink, started, receiver } = receive(url, {}, { waits: [], delay: untilStopped })
    await started
    expect(sink.reports[0]!.message).toMatch(/Requesting again in 250 ms/)
    await receiver.stop()
  }
})

test('headers that cannot be sent are final', async () => {
  const { url } = await raw(lines)
  await expect(receive(url, { headers: { 'a b': 'c' } }).started).rejects.toMatchObject({
    code: 'ERR_MILLRACE_SOURCE',
    message: expect.stringContaining('Check the URL, headers and agent'),
  })
})

describe('redirects', () => {
  async function pair(code: number, location?: (other: string) => string) {
    const seen: { method: string; headers: IncomingMessage['headers']; body: string }[] = []
    const port = await listen(
      createServer(async (request, response) => {
        let body = ''
        for await (const piece of request) body += piece
        seen.push({ method: request.method!, headers: request.headers, body })
        response.write('ok\n')
      }),
    )
    const other = `http://127.0.0.1:${port}/?token=secret`
    const first = await raw((socket) =>
      socket.end(
        `HTTP/1.1 ${code} Moved\r\nLocation: ${location?.(other) ?? other}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      ),
    )
    return { url: first.url, seen }
  }
  const headers = { 'X-Api-Key': 'key', Authorization: 'Bearer t', Cookie: 'c=1', 'Proxy-Authorization': 'p' }

  test.each([301, 302, 303, 307, 308])('%i to another origin takes none of the given headers along', async (code) => {
    const { url, seen } = await pair(code)
    const { sink, started } = receive(url, { headers })
    await started
    await sink.until(() => sink.lines.length === 1)
    for (const name of Object.keys(headers)) expect(seen[0]!.headers).not.toHaveProperty(name.toLowerCase())
  })

  test.each([307, 308])('%i to another origin does not send the body there: that is final', async (code) => {
    const { url, seen } = await pair(code)
    const error = await receive(url, { headers, body: 'private' }).started.catch((reason: Error) => reason)
    expect(error).toMatchObject({ code: 'ERR_MILLRACE_SOURCE', details: { final: true } })
    expect(seen).toEqual([])
    expect((error as Error).message).not.toContain('secret')
  })

  test.each([301, 302, 303])('%i after a POST continues with a GET, without the body', async (code) => {
    const { url, seen } = await pair(code)
    const { sink, started } = receive(url, { headers, body: 'private' })
    await started
    await sink.until(() => sink.lines.length === 1)
    expect(seen).toMatchObject([{ method: 'GET', body: '' }])
  })

  test('messages keep queries and user names of a location to themselves', async () => {
    const { url } = await pair(302, () => 'ftp://user:secret@host/path?token=secret')
    const error = await receive(url).started.catch((reason: Error) => reason)
    expect((error as Error).message).toContain('ftp://host/path')
    expect(JSON.stringify((error as { details: unknown }).details) + (error as Error).message).not.toContain('secret')
  })
})

test('a server that ends or breaks each answer after some bytes is asked at the least pause', async () => {
  for (const break_ of [
    (socket: Socket) => void socket.end(`${HEAD}3\r\nok\n\r\n0\r\n\r\n`),
    (socket: Socket) => void socket.write(`${HEAD}3\r\nok\n\r\n`, () => socket.resetAndDestroy()),
  ]) {
    const { url } = await raw(break_)
    const { waits, started, receiver } = receive(url)
    await started
    await vi.waitUntil(() => waits.length >= 20, { timeout: 600_000 })
    await receiver.stop()
    expect(Math.min(...waits)).toBe(250)
  }
})

test('a host that does not answer a connection is given up', async () => {
  heldTimers()
  // The address of a documentation network: no host has it.
  const receiver = socketTextSource('192.0.2.1', 9, { reconnect: false }).create()
  const started = receiver.start(new FakeSink()).catch((error: Error) => error.message)
  await vi.advanceTimersByTimeAsync(20_001)
  expect(await started).toMatch(/socket 192.0.2.1:9/)
})
