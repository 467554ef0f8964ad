import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StreamingContext } from 'millrace'
import { type SseOptions, sseSource } from 'millrace/sse'
import { afterEach, expect, test } from 'vitest'
import { SseParser } from '#build/connectors/sse/parser.js'
import { eventually } from '../support/eventually.js'
import fc from '../support/fast-check.js'
import { recordsOf } from '../support/streams.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`
}

const stream = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' })

async function read(options: Omit<SseOptions, 'url'> & { url: string }, more: { receiverBufferBytes?: number } = {}) {
  const ssc = new StreamingContext({ batchInterval: 20, threads: 1, spare: false, ...more })
  cleanups.push(() => ssc.stop())
  const received = recordsOf<unknown>(ssc, sseSource({ reconnectDelay: { min: 1 }, ...options }))
  await ssc.start()
  return { ssc, ...received }
}

const until = (check: () => void) => eventually(check)

test('events of any cutting are those of the standard', () => {
  const text =
    '\ufeff: comment\n\ndata: one\n\nid: 1\nevent: add\ndata:two\ndata: 2\r\n\r\ndata\rdata: é語😀\r\rid\0: 9\nretry: 12x\nid: a\0b\ndata: x\n\ndata: unfinished'
  const bytes = Buffer.from(text)
  const expected = [
    { id: '', event: 'message', data: 'one' },
    { id: '1', event: 'add', data: 'two\n2' },
    { id: '1', event: 'message', data: '\né語😀' },
    { id: '1', event: 'message', data: 'x' },
  ]
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (places) => {
      const parser = new SseParser(1000, '', { retry: () => expect.fail(), tooLarge: () => expect.fail() })
      const cuts = [0, ...places.sort((a, b) => a - b), bytes.length]
      const events = cuts.slice(1).flatMap((end, i) => parser.push(bytes.subarray(cuts[i], end)))
      expect(events).toEqual(expected)
      expect(parser.isInside).toBe(true)
      expect(parser.lastId).toBe('1')
    }),
  )
})

test('an event that is too large is dropped and reported, however it arrives, and takes no memory', () => {
  const large: number[] = []
  const parser = new SseParser(100, '', { retry: () => {}, tooLarge: (chars) => large.push(chars) })
  const events = []
  events.push(...parser.push(Buffer.from('data: ')))
  for (let i = 0; i < 50; i++) events.push(...parser.push(Buffer.from('x'.repeat(50))))
  events.push(...parser.push(Buffer.from('\n\ndata: small\n\n')))
  for (let i = 0; i < 50; i++) events.push(...parser.push(Buffer.from(`data: ${'y'.repeat(50)}\n`)))
  events.push(...parser.push(Buffer.from('\ndata: last\n\n')))
  expect(events.map(({ data }) => data)).toEqual(['small', 'last'])
  expect(large).toHaveLength(2)
})

test('a lost connection continues after the last event, by its id', async () => {
  const asked: (string | undefined)[] = []
  const url = await serve((request, response) => {
    const last = request.headers['last-event-id'] as string | undefined
    asked.push(last)
    stream(response)
    if (asked.length === 4) response.write('data: the end\n\n')
    else {
      const from = Number(last ?? 0)
      for (let i = from + 1; i <= from + 3; i++) response.write(`id: ${i}\ndata: ${i}\n\n`)
      response.write('data: unfin')
      setTimeout(() => response.destroy(), 20)
    }
  })
  const { records, reports } = await read({ url })
  await until(() => expect(records).toContain('the end'))
  expect(asked).toEqual([undefined, '3', '6', '9'])
  expect(records).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', 'the end'])
  expect(reports[0]).toMatch(/an unfinished event was dropped.*It continues after event 3\./)
})

test('without ids a gap is reported; retry says how long to wait; types and JSON are chosen', async () => {
  let connections = 0
  const url = await serve((_request, response) => {
    stream(response)
    connections++
    response.end(`retry: 30\nevent: add\ndata: {"n":${connections}}\n\nevent: add\ndata: {n\n\ndata: {"n":0}\n\n`)
  })
  const { records, reports } = await read({ url, value: 'json', events: ['add'] })
  await until(() => expect(records.length).toBeGreaterThanOrEqual(2))
  expect(records.slice(0, 2)).toEqual([{ n: 1 }, { n: 2 }])
  expect(reports.join('\n')).toContain('an event is not JSON and was skipped')
  expect(reports.join('\n')).toContain(
    'Connecting again in 30 ms. Events that the server sends until then are lost, because they have no ids',
  )
})

test('before the first event, a report does not speak of ids', async () => {
  let connections = 0
  const url = await serve((_request, response) => {
    stream(response)
    connections++
    response.end(connections < 3 ? ': nothing yet\n\n' : 'data: 1\n\n')
  })
  const { reports } = await read({ url })
  await until(() => expect(reports.length).toBeGreaterThanOrEqual(3))
  expect(reports.slice(0, 3).map((report) => report.includes('have no ids'))).toEqual([false, false, true])
})

test('an answer 204 ends the input', async () => {
  let connections = 0
  const url = await serve((_request, response) => {
    if (++connections > 1) return response.writeHead(204).end()
    stream(response)
    response.end('data: 1\n\n')
  })
  const { ssc, records } = await read({ url })
  const stopped = new Promise((resolve) => ssc.on('receiverStopped', resolve))
  await stopped
  await until(() => expect(records).toEqual(['1']))
  expect(connections).toBe(2)
})

test.each([
  [401, 'text/plain', /was answered 401.*final/],
  [200, 'text/html', /is of type text\/html; server-sent events are text\/event-stream/],
])('an answer %i of type %s is final', async (status, type, message) => {
  const url = await serve((_request, response) => response.writeHead(status, { 'content-type': type }).end('no'))
  await expect(read({ url: `${url}?token=secret` })).rejects.toThrow(message)
  await expect(read({ url: `${url}?token=secret` })).rejects.not.toThrow('secret')
})

test('a slow pipeline: the server feels it, and memory is bounded', async () => {
  const event = `data: ${'x'.repeat(10_000)}\n\n`
  let written = 0
  const url = await serve(async (_request, response) => {
    stream(response)
    while (!response.destroyed && written < 3000) {
      written++
      if (!response.write(event)) await new Promise((resolve) => response.once('drain', resolve))
    }
    response.write('data: end\n\n')
  })
  const ssc = new StreamingContext({ batchInterval: 20, threads: 1, spare: false, receiverBufferBytes: 400_000 })
  cleanups.push(() => ssc.stop())
  let taken = 0
  let most = 0
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  ssc.on('batchCompleted', ({ inputs }) => {
    most = Math.max(most, inputs[0]!.bytes)
  })
  ssc.input<string>(sseSource({ url })).foreachRDD(async (rdd) => {
    const records = await rdd.collect()
    taken += records.length
    if (records.includes('end')) end()
    expect(written - taken).toBeLessThan(2500)
  })
  await ssc.start()
  await ended
  expect(taken).toBe(3001)
  expect(most).toBeLessThan(700_000)
})

test.each<[string, object, string]>([
  ['no URL', { url: 'events' }, 'url is "events"; it must be an absolute http or https URL'],
  ['an unknown option', { url: 'http://a/', foo: 1 }, "there is no option 'foo'"],
  [
    'reconnectDelay as a number',
    { url: 'http://a/', reconnectDelay: 100 },
    'reconnectDelay got 100; it takes an object',
  ],
  ['a wrong value', { url: 'http://a/', value: 'xml' }, "value is \"xml\"; it must be 'text' or 'json' or 'event'"],
])('%s is refused', (_, options, message) => {
  expect(() => sseSource(options as SseOptions)).toThrow(message)
})
