import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { OutputRetryOptions, StreamingContext } from 'millrace'
import { type HttpSinkOptions, httpSink } from 'millrace/http'
import { afterEach, describe, expect, test } from 'vitest'
import { killThread } from '../support/kill.js'
import { manualStreams, range, runBatches } from '../support/streams.js'

const open: StreamingContext[] = []
const servers: Server[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

interface Received {
  readonly key: string
  readonly body: string
  readonly request: IncomingMessage
}

/** A server that notes requests and answers by `answer`. */
async function serve(
  answer: (response: ServerResponse, received: Received, n: number) => void = (response) => response.end(),
) {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const one = { key: String(request.headers['idempotency-key']), body, request }
    received.push(one)
    answer(response, one, received.length)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events?token=hunter2` }
}

async function write(
  batches: readonly (readonly unknown[])[],
  options: HttpSinkOptions,
  each?: (ssc: StreamingContext, i: number) => unknown,
  outputRetries?: OutputRetryOptions,
) {
  const streams = manualStreams({ outputRetries })
  open.push(streams.ssc)
  streams.ssc.queueStream([...batches] as number[][]).writeTo(httpSink(options))
  await runBatches(streams, batches.length, each)
}

const numbersIn = (bodies: readonly string[]) =>
  bodies.flatMap((body) => body.trim().split('\n').map(Number)).sort((a, b) => a - b)

test.each<[NonNullable<HttpSinkOptions['format']>, string, string]>([
  ['json-lines', 'application/x-ndjson', '{"n":1}\n'],
  ['json', 'application/json', '[{"n":1}]'],
  ['text', 'text/plain; charset=utf-8', '{"n":1}\n'],
])('records are sent as %s', async (format, type, body) => {
  const { url, received } = await serve()
  await write([[{ n: 1 }]], { url, format, method: 'PUT', headers: { Authorization: 'Bearer x' } })
  expect(received.map(({ body: sent }) => sent)).toEqual([body])
  const { method, headers } = received[0]!.request
  expect({ method, type: headers['content-type'], auth: headers.authorization }).toEqual({
    method: 'PUT',
    type,
    auth: 'Bearer x',
  })
})

test('requests have batchSize records and keys of their own; a batch that runs again repeats the keys', async () => {
  const { url, received } = await serve()
  await write([range(0, 50)], { url, batchSize: 10 })
  const first = received.splice(0)
  expect(numbersIn(first.map(({ body }) => body))).toEqual(range(0, 50))
  const sizes = first.map(({ body }) => body.trim().split('\n').length)
  expect(sizes.sort((a, b) => b - a)).toEqual([10, 10, 10, 10, 5, 5])
  expect(new Set(first.map(({ key }) => key)).size).toBe(first.length)
  await write([range(0, 50)], { url, batchSize: 10 })
  const sorted = (all: readonly Received[]) => all.map(({ key, body }) => `${key} ${body}`).sort()
  expect(sorted(received)).toEqual(sorted(first))
})

test('a server that drops repeated keys has each record once when threads die', async () => {
  const { url, received } = await serve()
  await write(
    range(0, 8).map((i) => range(i * 100, (i + 1) * 100)),
    { url, batchSize: 7 },
    (ssc, i) => killThread(ssc, i % 2),
  )
  const once = new Map(received.map(({ key, body }) => [key, body]))
  expect(numbersIn([...once.values()])).toEqual(range(0, 800))
})

describe('faults that may pass', () => {
  test.each([408, 429, 500, 503])('a response %i is retried with the same key', async (status) => {
    const { url, received } = await serve((response, _, n) => {
      response.statusCode = n === 1 ? status : 200
      response.end()
    })
    await write([[1]], { url })
    expect(received).toHaveLength(2)
    expect(received[1]!.key).toBe(received[0]!.key)
  })

  test('a connection that breaks is retried', async () => {
    const { url, received } = await serve((response, _, n) => {
      if (n === 1) response.destroy()
      else response.end()
    })
    await write([[1]], { url })
    expect(received).toHaveLength(2)
  })

  test('a response that never comes ends by the timeout', async () => {
    const { url } = await serve(() => {})
    await expect(write([[1]], { url, timeout: 100, retries: 0 })).rejects.toThrow('cannot be reached')
  })

  test('a Retry-After is waited for', async () => {
    const times: number[] = []
    const { url } = await serve((response, _, n) => {
      times.push(performance.now())
      if (n === 1) response.writeHead(429, { 'retry-after': '1' })
      response.end()
    })
    await write([[1]], { url })
    expect(times[1]! - times[0]!).toBeGreaterThan(950)
  })

  test('a Retry-After beyond the limit fails the batch at once', async () => {
    const { url } = await serve((response) => response.writeHead(503, { 'retry-after': '3600' }).end())
    await expect(write([[1]], { url })).rejects.toThrow('asks to wait for 3600 s, and maxRetryAfter is 60 s')
  })
})

test('a refusal fails the batch at once, with the answer and without secrets', async () => {
  const { url, received } = await serve((response, { request }) => {
    response.statusCode = 401
    response.end(`no user with ${request.headers.authorization}`)
  })
  const error = (await write([[1]], { url, headers: { authorization: 'Bearer hunter2' } }).catch(
    (cause: unknown) => cause,
  )) as Error
  expect(error.message).toMatch(/POST http:\/\/127.0.0.1:\d+\/events answered 401: no user with \*\*\*/)
  expect(`${error.message} ${error.stack}`).not.toContain('hunter2')
  expect(received).toHaveLength(1)
})

test.each([400, 401, 403, 404, 413, 422])(
  'an answer %i is final: neither the task nor the output is repeated',
  async (status) => {
    const { url, received } = await serve((response) => response.writeHead(status).end())
    await expect(write([[1]], { url }, undefined, { attempts: 3, delay: 1 })).rejects.toThrow(
      new RegExp(`failed in partition \\d+ of batch 1000 ms, and a repetition cannot succeed: .* answered ${status}`),
    )
    expect(received).toHaveLength(1)
  },
)

test('a redirect within the origin is followed, with method, headers and records', async () => {
  const { url, received } = await serve((response, { request }) => {
    if (request.url!.startsWith('/events')) response.writeHead(307, { location: '/other' })
    response.end()
  })
  await write([[1]], { url, headers: { authorization: 'x' } })
  expect(
    received.map(({ request, body }) => [request.url!.split('?')[0], request.headers.authorization, body]),
  ).toEqual([
    ['/events', 'x', '1\n'],
    ['/other', 'x', '1\n'],
  ])
})

test('a redirect to another origin gets neither headers nor records', async () => {
  const other = await serve()
  const { url } = await serve((response) => response.writeHead(308, { location: other.url }).end())
  await expect(write([[1]], { url, headers: { authorization: 'x' } })).rejects.toThrow('redirects to another origin')
  expect(other.received).toEqual([])
})

test('redirects that never end are an error', async () => {
  const { url } = await serve((response) => response.writeHead(307, { location: '/events' }).end())
  await expect(write([[1]], { url })).rejects.toThrow('redirects more than 5 times')
})

test('a server that is not there is an error that names it', async () => {
  await expect(write([[1]], { url: 'http://127.0.0.1:1/x', retries: 1 })).rejects.toThrow(
    'POST http://127.0.0.1:1/x cannot be reached after 1 retry',
  )
})

test.each<[string, object, string]>([
  ['no URL', {}, 'url must be a URL'],
  ['a URL of another scheme', { url: 'ftp://x' }, 'url must be a URL'],
  ['a password in the URL', { url: 'http://u:hunter2@x' }, 'use the header authorization'],
  ['a method without a body', { url: 'http://x', method: 'GET' }, 'method'],
  ['a header with a line break', { url: 'http://x', headers: { a: 'hunter2\r\nb: c' } }, "the header 'a'"],
  ['requests of no records', { url: 'http://x', batchSize: 0 }, 'batchSize'],
  ['an unknown option', { url: 'http://x', body: '' }, "no option 'body'"],
])('a sink with %s is refused', (_, options, text) => {
  const refused = () => httpSink(options as HttpSinkOptions)
  expect(refused).toThrow(text)
  expect(refused).not.toThrow('hunter2')
})
