import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { ArgumentError } from '#build/errors.js'
import type { Delay } from '#build/ops/wait.js'
import { type SocketTextOptions, socketTextSource } from '#build/sources/socket-text.js'
import { freePort } from '../services/ports.js'
import fc from '../support/fast-check.js'
import { FakeSink, recordedDelay } from './fake-sink.js'
import { closing, cut, roundTrips, serve, writeAll } from './loopback.js'

function receive(port: number, sink: FakeSink, options: SocketTextOptions = {}, delay?: Delay) {
  const receiver = socketTextSource('127.0.0.1', port, options, delay).create()
  closing(() => receiver.stop())
  return { receiver, started: receiver.start(sink) }
}

test('any cutting of a stream into packets and reads gives the same lines', async () => {
  let pieces: Uint8Array[] = []
  const port = await serve(async (socket) => {
    await writeAll(socket, pieces)
    socket.end()
  })
  const line = fc.string({ unit: fc.constantFrom('a', 'é', '語', '😀', '\r', ' '), maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      fc.integer({ min: 1, max: 40 }),
      async (lines, places, memory) => {
        pieces = cut(Buffer.from(`${lines.join('\n')}\n`), places)
        const sink = new FakeSink(memory)
        const receiver = socketTextSource('127.0.0.1', port, { reconnectDelay: { min: 60_000 } }).create()
        await receiver.start(sink)
        await sink.until(() => sink.reports.length > 0)
        await receiver.stop()
        expect(sink.lines).toEqual(lines)
        expect(sink.ends).toBe(1)
        expect(sink.fullAsked).toBe(sink.advances)
      },
    ),
    { numRuns: 60 },
  )
})

test('an unfinished last line of a connection is a line', async () => {
  const port = await serve((socket) => socket.end('one\ntw'))
  const sink = new FakeSink()
  await receive(port, sink, { reconnectDelay: { min: 60_000 } }).started
  await sink.until(() => sink.ends > 0)
  expect(sink.lines).toEqual(['one', 'tw'])
})

test('a server that is not there is reported and tried again; a working connection sets the delay back', async () => {
  const port = await freePort()
  const sink = new FakeSink()
  const { waits, delay } = recordedDelay(async (count) => {
    if (count === 4) await serve((socket) => socket.end('x\n'), port)
  })
  await receive(port, sink, { reconnectDelay: { min: '100ms', max: 350 } }, delay).started
  expect(sink.lines).toEqual([])
  await sink.until(() => sink.lines.length === 2)
  expect(waits.slice(0, 5)).toEqual([100, 200, 350, 350, 100])
  expect(sink.reports[0]!.message).toContain('ECONNREFUSED')
  expect(sink.reports[0]!.message).toContain('in 100 ms')
  expect(sink.reports[0]!.cause).toMatchObject({ code: 'ECONNREFUSED' })
  expect(sink.reports[4]!.message).toContain('closed by the server')
})

test('a connection that brings nothing does not set the delay back', async () => {
  const port = await serve((socket) => socket.end())
  const sink = new FakeSink()
  const { waits, delay } = recordedDelay()
  await receive(port, sink, {}, delay).started
  await sink.until(() => sink.reports.length === 8)
  expect(waits.slice(0, 7)).toEqual([100, 200, 400, 800, 1600, 3200, 5000])
  expect(sink.ends).toBe(0)
})

test('a full sink pauses the socket', async () => {
  const size = 20 * 1024 * 1024
  const port = await serve((socket) => socket.end(Buffer.alloc(size, 'abcdefg\n')))
  const sink = new FakeSink(65_536)
  sink.block()
  await receive(port, sink, { reconnectDelay: { min: 60_000 } }).started
  await sink.until(() => sink.advances === 1)
  await roundTrips()
  expect(sink.advances).toBe(1)
  sink.release()
  await sink.until(() => sink.ends > 0)
  expect(sink.byteCount).toBe(size)
})

test('stop ends a wait and a paused connection, and nothing reaches the sink afterwards', async () => {
  const nobody = new FakeSink()
  const waiting = receive(await freePort(), nobody, { reconnectDelay: { min: 60_000, max: 60_000 } })
  await waiting.started
  await nobody.until(() => nobody.reports.length === 1)
  await waiting.receiver.stop()

  let peer: Socket | undefined
  const port = await serve((socket) => {
    peer = socket
    socket.write('a\nb')
  })
  const sink = new FakeSink(2)
  sink.block()
  const { receiver, started } = receive(port, sink)
  await started
  await sink.until(() => sink.advances === 1)
  const closed = new Promise((resolve) => peer!.once('close', resolve))
  await receiver.stop()
  await closed
  const { advances, ends, reports } = sink
  sink.release()
  await roundTrips(3)
  expect([sink.advances, sink.ends, sink.reports]).toEqual([advances, ends, reports])
  expect(reports).toEqual([])
  await receiver.stop()
})

test('stop before start is harmless; two starts are not; the signal of the sink stops', async () => {
  const port = await serve((socket) => socket.write('a\n'))
  const receiver = socketTextSource('127.0.0.1', port).create()
  await receiver.stop()
  const sink = new FakeSink()
  await receiver.start(sink)
  await expect(receiver.start(sink)).rejects.toThrow(/already running/)
  await sink.until(() => sink.lines.length === 1)
  sink.abort()
  await receiver.stop()
  const again = new FakeSink()
  await receiver.start(again)
  await again.until(() => again.lines.length === 1)
  await receiver.stop()
})

/** Throws at the first call of one method. */
class BrokenSink extends FakeSink {
  readonly fault = new Error('out of memory')
  #method: 'space' | 'advance' | undefined

  constructor(method: 'space' | 'advance') {
    super()
    this.#method = method
  }

  override space(): Buffer {
    this.#break('space')
    return super.space()
  }

  override advance(bytes: number): void {
    this.#break('advance')
    super.advance(bytes)
  }

  #break(method: 'space' | 'advance'): void {
    if (this.#method !== method) return
    this.#method = undefined
    throw this.fault
  }
}

test.each(['space', 'advance'] as const)(
  'a sink that throws in %s ends the connection, not the process',
  async (method) => {
    const port = await serve((socket) => socket.write('a\n'))
    const sink = new BrokenSink(method)
    const { delay } = recordedDelay()
    await receive(port, sink, {}, delay).started
    await sink.until(() => sink.lines.length === 1)
    expect(sink.reports.map((report) => report.cause)).toEqual([sink.fault])
  },
)

test('arguments are checked', () => {
  expect(() => socketTextSource('', 1)).toThrow(ArgumentError)
  expect(() => socketTextSource('h', 70_000)).toThrow('port is 70000; it must be a whole number from 1 to 65535.')
  expect(() => socketTextSource('h', 1, { reconect: false } as never)).toThrow(
    "socketTextStream: unknown option 'reconect'. Known: reconnect, reconnectDelay.",
  )
  expect(socketTextSource('h', 1).name).toBe('socket h:1')
})

test.each<[unknown, string]>([
  ['1s', 'reconnectDelay got "1s"; it takes an object of options: min, max.'],
  [1000, 'reconnectDelay got 1000; it takes an object of options: min, max.'],
  [null, 'reconnectDelay got null; it takes an object of options: min, max.'],
  [{ least: 1 }, "reconnectDelay: unknown option 'least'. Known: min, max."],
  [
    { min: 'soon' },
    'reconnectDelay.min is "soon"; it must be a whole number of milliseconds of at least 1, or text such as',
  ],
  [{ min: 10, max: 5 }, 'reconnectDelay.max is 5 ms; it must be from 10, its min, to 2147483647.'],
  [{ max: '30d' }, 'reconnectDelay.max is 2592000000 ms; it must be from 100, its min, to 2147483647.'],
])('reconnectDelay %j is refused', (reconnectDelay, message) => {
  expect(() => socketTextSource('h', 1, { reconnectDelay: reconnectDelay as never })).toThrow(message)
})

test('with reconnect: false the input ends with its connection', async () => {
  let connections = 0
  const port = await serve((socket) => {
    connections++
    socket.end('one\ntw')
  })
  const sink = new FakeSink()
  const { waits, delay } = recordedDelay()
  await receive(port, sink, { reconnect: false }, delay).started
  await sink.until(() => sink.ends > 0)
  await roundTrips()
  expect(sink.lines).toEqual(['one', 'tw'])
  expect(sink.reports).toEqual([])
  expect(waits).toEqual([])
  expect(connections).toBe(1)
})

test('with reconnect: false a refused connection rejects start, and a lost one is reported', async () => {
  const refused = receive(await freePort(), new FakeSink(), { reconnect: false })
  await expect(refused.started).rejects.toMatchObject({
    code: 'ERR_MILLRACE_SOURCE',
    message: /ECONNREFUSED/,
  })
  let server: Socket | undefined
  const port = await serve((socket) => {
    server = socket
    socket.write('one\n')
  })
  const sink = new FakeSink()
  await receive(port, sink, { reconnect: false }).started
  await sink.until(() => sink.lines.length > 0)
  server!.resetAndDestroy()
  await sink.until(() => sink.reports.length > 0)
  expect(sink.reports[0]!.message).toMatch(/has ended: .*ECONNRESET/)
  expect(() => socketTextSource('127.0.0.1', 9, { reconnect: 1 as never })).toThrow(ArgumentError)
})
