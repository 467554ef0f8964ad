import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Agent, createServer as createTlsServer } from 'node:https'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ArgumentError, SourceError } from '#build/errors.js'
import { type HttpTextOptions, httpTextSource } from '#build/sources/http-text.js'
import { freePort } from '../services/ports.js'
import fc from '../support/fast-check.js'
import { FakeSink, recordedDelay } from './fake-sink.js'
import { closing, cut, listen, roundTrips, writeAll } from './loopback.js'
import { cert, key } from './tls-pair.js'

type Answer = (response: ServerResponse, request: IncomingMessage) => unknown

/** Answers the n-th request by the n-th answer; the last one stands for all that follow. */
async function script(...answers: readonly Answer[]) {
  const requests: IncomingMessage[] = []
  const port = await listen(
    createServer((request, response) => {
      requests.push(request)
      answers[Math.min(requests.length, answers.length) - 1]!(response, request)
    }),
  )
  return { url: `http://127.0.0.1:${port}/stream`, port, requests }
}

const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (response) =>
    response.writeHead(code, headers).end(body)
/** A stream that stays open. */
const lines =
  (text: string): Answer =>
  (response) =>
    response.write(text)
const drop: Answer = (response) => response.destroy()

const untilStopped = (_ms: number, signal: AbortSignal) =>
  new Promise((resolve) => signal.addEventListener('abort', resolve))

function receive(url: string, options: HttpTextOptions = {}, sink = new FakeSink(), now = Date.now) {
  const { waits, delay } = recordedDelay()
  const receiver = httpTextSource(url, options, { delay, now }).create()
  closing(() => receiver.stop())
  return { sink, waits, receiver, started: receiver.start(sink) }
}

test('any cutting of the body gives the same lines, without the keep-alives', async () => {
  const unit = fc.constantFrom('a', '{', 'é', '語', '😀', '\r\n', '\r\n', '\n', '\r')
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit, maxLength: 50 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      async (text, places) => {
        const pieces = cut(Buffer.from(`first\n${text}\n`), places)
        const { url } = await script(async (response) => {
          await writeAll(response, pieces)
          response.end()
        })
        const sink = new FakeSink()
        const receiver = httpTextSource(url, {}, { delay: untilStopped }).create()
        await receiver.start(sink)
        await sink.until(() => sink.reports.length > 0)
        const wanted = `first\n${text}\n`.split('\n').filter((line) => line !== '' && line !== '\r')
        expect(sink.lines).toEqual(wanted)
        expect(sink.fullAsked).toBeGreaterThan(0)
        // The delay above never ends: this source is left behind, its server is closed after the test.
      },
    ),
    { numRuns: 40 },
  )
})

test('after a working connection drops it asks again after the least wait; the half line is dropped', async () => {
  const { url } = await script(
    (response) => response.write('one\r\ntwo\r\nthr', () => response.destroy()),
    lines('four\r\n'),
  )
  const { sink, waits, started } = receive(url)
  await started
  await sink.until(() => sink.lines.length === 3)
  expect(sink.lines).toEqual(['one\r', 'two\r', 'four\r'])
  expect(waits).toEqual([250])
  expect(sink.reports[0]!.message).toMatch(/an unfinished line of 3 bytes was dropped. Requesting again in 250 ms/)
})

test('the unfinished last line of a complete answer is a line', async () => {
  const { url } = await script(status(200, {}, 'one\ntwo'), lines(''))
  const { sink, started } = receive(url)
  await started
  await sink.until(() => sink.ends === 1)
  expect(sink.lines).toEqual(['one', 'two'])
})

test('network errors wait linearly, and what worked sets that back', async () => {
  const { url } = await script(
    drop,
    drop,
    drop,
    (response) => response.write('a\n', () => response.destroy()),
    drop,
    lines('b\n'),
  )
  const { sink, waits, started } = receive(url)
  await started
  await sink.until(() => sink.lines.length === 2)
  expect(waits).toEqual([250, 500, 750, 250, 250])
})

test('a server that is not there does not reject start', async () => {
  const { sink, started } = receive(`http://127.0.0.1:${await freePort()}/`)
  await started
  await sink.until(() => sink.reports.length === 70)
  expect(sink.reports[0]!.message).toMatch(/ECONNREFUSED.*in 250 ms/)
  expect(sink.reports[69]!.message).toMatch(/in 16000 ms/)
})

test('an answer without a byte is no working connection', async () => {
  const { url } = await script(status(200), status(200), lines('a\n'))
  const { sink, waits, started } = receive(url)
  await started
  await sink.until(() => sink.lines.length === 1)
  expect(waits).toEqual([250, 500])
})

test('HTTP errors wait exponentially from a base; the body says why', async () => {
  const { url } = await script(status(503, {}, '{"title":\n"overloaded"}'), status(500), status(409), lines('a\n'))
  const { sink, waits, started } = receive(url, { httpErrorDelay: 5 })
  await started
  await sink.until(() => sink.lines.length === 1)
  expect(waits).toEqual([5, 10, 20])
  expect(sink.reports[0]!.message).toContain('GET was answered 503 Service Unavailable: {"title": "overloaded"}')
})

test('429 waits as long as the answer says', async () => {
  const now = () => 1_000_000
  const { url } = await script(
    status(429, { 'x-rate-limit-reset': '1042' }),
    status(429, { 'retry-after': '7' }),
    status(429),
    status(429),
    lines('a\n'),
  )
  const { sink, waits, started } = receive(url, {}, new FakeSink(), now)
  await started
  await sink.until(() => sink.lines.length === 1)
  expect(waits).toEqual([42_000, 7000, 60_000, 120_000])
})

test.each([400, 401, 403, 404])('%i is final: start rejects', async (code) => {
  const { url, requests } = await script(status(code, {}, 'no such token'))
  const { sink, started } = receive(url)
  const error = await started.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(SourceError)
  expect((error as SourceError).details).toEqual({ final: true, status: code })
  expect((error as SourceError).message).toContain('no such token')
  expect(requests).toHaveLength(1)
  expect(sink.reports).toEqual([])
})

test('a final answer later on is reported and ends the source', async () => {
  const { url, requests } = await script((response) => response.write('a\n', () => response.destroy()), status(401))
  const { sink, waits, receiver, started } = receive(url)
  await started
  await sink.until(() => sink.reports.length === 2)
  expect(sink.reports[1]!.message).toContain('has ended')
  expect(sink.reports[1]!.cause).toBeInstanceOf(SourceError)
  await receiver.stop()
  expect(waits).toEqual([250])
  expect(requests).toHaveLength(2)
})

test('it follows five redirects, not six', async () => {
  const hop = status(307, { location: 'next?x=1' })
  const five = await script(hop, hop, hop, hop, hop, lines('a\n'))
  const first = receive(five.url)
  await first.started
  await first.sink.until(() => first.sink.lines.length === 1)
  expect(five.requests.map((request) => request.url)).toEqual(['/stream', ...Array(5).fill('/next?x=1')])
  const six = await script(hop)
  await expect(receive(six.url).started).rejects.toThrow(/redirects more than 5 times/)
  expect(six.requests).toHaveLength(6)
  const odd = await script(status(302, { location: 'ftp://x/' }))
  await expect(receive(odd.url).started).rejects.toThrow(/not an http or https URL/)
})

test('a redirect to another origin gets none of the headers, a 303 becomes a GET', async () => {
  const other = await script(lines('a\n'))
  const bodies: string[] = []
  const { url, requests } = await script(async (response, request) => {
    for await (const piece of request) bodies.push(String(piece))
    response.writeHead(303, { location: other.url }).end()
  })
  const headers = { Authorization: 'Bearer t', 'Content-Type': 'text/plain', 'X-Mine': '1' }
  const { sink, started } = receive(url, { headers, body: 'hello' })
  await started
  await sink.until(() => sink.lines.length === 1)
  expect(bodies).toEqual(['hello'])
  expect(requests[0]).toMatchObject({ method: 'POST', headers: { authorization: 'Bearer t', 'x-mine': '1' } })
  expect(other.requests[0]).toMatchObject({ method: 'GET' })
  expect(other.requests[0]!.headers).not.toHaveProperty('x-mine')
  expect(other.requests[0]!.headers).not.toHaveProperty('authorization')
  expect(other.requests[0]!.headers).not.toHaveProperty('content-type')
})

test('silence ends a connection; keep-alives are bytes but no records', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  let beat = (): unknown => undefined
  const { url, requests } = await script((response) => {
    beat = () => response.write('\r\n')
    beat()
  }, lines('a\n'))
  const { sink, waits, started } = receive(url, { idleTimeout: 20 })
  await started
  await roundTrips()
  vi.advanceTimersByTime(19)
  beat()
  await roundTrips()
  vi.advanceTimersByTime(19)
  await roundTrips()
  expect(sink.reports).toEqual([])
  vi.advanceTimersByTime(1)
  await sink.until(() => sink.lines.length === 1)
  expect(sink.reports[0]!.message).toContain('nothing heard for 20 ms')
  expect(waits).toEqual([250])
  expect(requests).toHaveLength(2)
})

test('silence before the answer counts too', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  // The time runs out while the first request waits for its answer.
  const { url } = await script(() => vi.advanceTimersByTime(20), lines('a\n'))
  const { sink, waits, started } = receive(url, { idleTimeout: 20 })
  await started
  await sink.until(() => sink.lines.length === 1)
  expect(waits).toEqual([250])
})

test('a full sink pauses the body, and that is not silence', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const size = 20 * 1024 * 1024
  const { url } = await script((response) => response.end(Buffer.alloc(size, 'abcdefg\n')), lines(''))
  const sink = new FakeSink()
  sink.block()
  const { started, waits } = receive(url, {}, sink)
  await started
  await sink.until(() => sink.byteCount > 0)
  const before = sink.byteCount
  vi.advanceTimersByTime(1_000_000)
  await roundTrips()
  expect(sink.byteCount).toBe(before)
  expect(waits).toEqual([])
  sink.release()
  await sink.until(() => sink.ends > 0)
  expect(sink.byteCount).toBe(size)
})

test('stop ends a request, a wait, a paused body; nothing reaches the sink afterwards', async () => {
  const silent = await script(lines('\n'))
  const first = receive(silent.url)
  await first.started
  await first.receiver.stop()
  expect(first.sink.reports).toEqual([])

  const { url } = await script(status(503))
  const sink = new FakeSink()
  const waiting = httpTextSource(url).create()
  await waiting.start(sink)
  await sink.until(() => sink.reports.length === 1)
  await waiting.stop()

  const endless = await script((response) => response.end('abc\n'.repeat(100_000)))
  const full = receive(endless.url)
  full.sink.block()
  await full.started
  await full.sink.until(() => full.sink.byteCount > 0)
  await full.receiver.stop()
  const { byteCount } = full.sink
  full.sink.release()
  await roundTrips(3)
  expect(full.sink.byteCount).toBe(byteCount)
  expect(full.sink.reports).toEqual([])
})

test('lines that are too long are dropped and reported', async () => {
  const { url } = await script(lines(`a\n${'x'.repeat(50)}\nb\n`))
  const { sink, started } = receive(url, { maxLineBytes: 10 })
  await started
  await sink.until(() => sink.lines.length === 2)
  expect(sink.lines).toEqual(['a', 'b'])
  expect(sink.reports[0]!.message).toContain('a line of 50 bytes was dropped because maxLineBytes is 10')
})

test('a compressed answer is refused', async () => {
  const { url } = await script(status(200, { 'content-encoding': 'gzip' }))
  await expect(receive(url).started).rejects.toThrow(/encoded as gzip/)
})

test('https', async () => {
  const port = await listen(createTlsServer({ key, cert }, (_request, response) => response.write('a\n')))
  const url = `https://127.0.0.1:${port}/`
  const { sink, started } = receive(url, { agent: new Agent({ ca: cert }) })
  await started
  await sink.until(() => sink.lines.length === 1)
  const untrusted = receive(url)
  await untrusted.started
  await untrusted.sink.until(() => untrusted.sink.reports.length > 0)
  expect(untrusted.sink.reports[0]!.message).toMatch(/self.signed/)
})

test('arguments are checked; names show no secrets', () => {
  expect(() => httpTextSource('/x')).toThrow(ArgumentError)
  expect(() => httpTextSource('ftp://x/')).toThrow(/absolute http or https URL/)
  expect(() => httpTextSource('http://x/', { idleTimeout: -1 })).toThrow(/idleTimeout/)
  expect(() => httpTextSource('http://x/', { maxLineBytes: 0 })).toThrow(/maxLineBytes/)
  expect(() => httpTextSource('http://x/', { header: {} } as never)).toThrow(
    "httpTextStream: unknown option 'header'. Known: headers, method, body, reconnect, reconnectDelay, httpErrorDelay, rateLimitDelay, idleTimeout, maxLineBytes, agent.",
  )
  expect(() => httpTextSource('http://x/', { reconnectDelay: 5 as never })).toThrow('reconnectDelay got 5')
  expect(httpTextSource('http://u:secret@x/path?token=secret').name).toBe('http http://x/path')
})

test('with reconnect: false the input ends with its answer', async () => {
  const { url, requests } = await script((response) => response.end('one\ntwo'))
  const { sink, waits, started } = receive(url, { reconnect: false })
  await started
  await sink.until(() => sink.ends > 0)
  await roundTrips()
  expect(sink.lines).toEqual(['one', 'two'])
  expect(sink.reports).toEqual([])
  expect(waits).toEqual([])
  expect(requests).toHaveLength(1)
})

test('with reconnect: false what would be tried again is an error', async () => {
  const busy = await script(status(503))
  await expect(receive(busy.url, { reconnect: false }).started).rejects.toThrow('503')
  const { url } = await script((response) => response.write('one\n', () => response.destroy()))
  const { sink, started } = receive(url, { reconnect: false })
  await started
  await sink.until(() => sink.reports.length > 0)
  expect(sink.lines).toEqual(['one'])
  expect(sink.reports[0]!.message).toContain('has ended: ')
  expect(() => httpTextSource('http://x/', { reconnect: 'no' as never })).toThrow(ArgumentError)
})
