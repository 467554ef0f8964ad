import type { AddressInfo } from 'node:net'
import { StreamingContext } from 'millrace'
import { type WebSocketOptions, webSocketSource } from 'millrace/websocket'
import { afterEach, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { freePort } from '../services/ports.js'
import { eventually } from '../support/eventually.js'
import { recordsOf } from '../support/streams.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

type Serve = (socket: WebSocket, connection: number) => void

async function serve(onConnection: Serve, options: object = {}, port = 0): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port, ...options })
  let connections = 0
  server.on('connection', (socket) => onConnection(socket, ++connections))
  await new Promise((resolve) => server.once('listening', resolve))
  cleanups.push(() => {
    for (const socket of server.clients) socket.terminate()
    return new Promise((resolve) => server.close(resolve))
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/feed`
}

async function read(options: Omit<WebSocketOptions, 'url'> & { url: string }, receiverBufferBytes?: number) {
  const ssc = new StreamingContext({ batchInterval: 20, threads: 1, spare: false, receiverBufferBytes })
  cleanups.push(() => ssc.stop())
  const received = recordsOf<unknown>(ssc, webSocketSource({ reconnectDelay: { min: 1 }, ...options }))
  await ssc.start()
  return { ssc, ...received }
}

const until = (check: () => void) => eventually(check)

test('texts, JSON and bytes; what is not JSON is skipped and reported', async () => {
  const url = await serve((socket) => {
    socket.send('{"n":1}')
    socket.send('{n')
    socket.send(Buffer.from('{"n":2}'))
  })
  const json = await read({ url, value: 'json' })
  const texts = await read({ url })
  const bytes = await read({ url, value: 'bytes' })
  await until(() => expect(json.records).toEqual([{ n: 1 }, { n: 2 }]))
  await until(() => expect(texts.records).toEqual(['{"n":1}', '{n', '{"n":2}']))
  await until(() => expect(bytes.records).toHaveLength(3))
  expect(Buffer.from(bytes.records[2] as Uint8Array).toString()).toBe('{"n":2}')
  expect(json.reports[0]).toContain('a message is not JSON and was skipped')
})

test('subscriptions are sent after each connection; each gap is reported', async () => {
  const subscribed: string[] = []
  const url = await serve((socket, connection) => {
    socket.on('message', (data) => {
      subscribed.push(`${connection} ${data}`)
      if (subscribed.length % 2 === 1) return
      socket.send(`from ${connection}`)
      if (connection === 1) socket.close(1012, 'restart')
      if (connection === 2) setTimeout(() => socket.terminate(), 20)
    })
  })
  const { records, reports } = await read({ url, send: ['subscribe a', 'subscribe b'] })
  await until(() => expect(records).toEqual(['from 1', 'from 2', 'from 3']))
  expect(subscribed.slice(0, 4)).toEqual(['1 subscribe a', '1 subscribe b', '2 subscribe a', '2 subscribe b'])
  expect(reports[0]).toMatch(
    /^websocket ws:\/\/127\.0\.0\.1:\d+\/feed: closed by the server with code 1012 \(restart\)\. Connecting again in 1 ms\. Messages that the server sends until then are lost\.$/,
  )
  expect(reports[1]).toContain('code 1006')
})

test('a server that is not there yet is tried again with growing pauses', async () => {
  const port = await freePort()
  const { records, reports } = await read({
    url: `ws://127.0.0.1:${port}/?token=secret`,
    reconnectDelay: { min: 10, max: '25ms' },
  })
  await until(() => expect(reports.length).toBeGreaterThanOrEqual(3))
  await serve((socket) => socket.send('here'), {}, port)
  await until(() => expect(records).toEqual(['here']))
  for (const [i, wait] of [10, 20, 25].entries())
    expect(reports[i]).toMatch(new RegExp(`ECONNREFUSED.*Connecting again in ${wait} ms`))
  expect(reports.join()).not.toContain('secret')
})

test('a slow pipeline: the server feels it, nothing is lost, and memory is bounded', async () => {
  const messages = 3000
  const text = 'x'.repeat(10_000)
  let peer!: WebSocket
  const url = await serve((socket) => {
    peer = socket
    for (let i = 0; i < messages; i++) socket.send(`${i} ${text}`)
  })
  const ssc = new StreamingContext({ batchInterval: 20, threads: 1, spare: false, receiverBufferBytes: 400_000 })
  cleanups.push(() => ssc.stop())
  const seen: number[] = []
  let most = 0
  let buffered = 0
  ssc.on('batchCompleted', ({ inputs }) => {
    most = Math.max(most, inputs[0]!.bytes)
  })
  ssc.input<string>(webSocketSource({ url, idleTimeout: 10_000 })).foreachRDD(async (rdd) => {
    buffered = Math.max(buffered, peer?.bufferedAmount ?? 0)
    for (const record of await rdd.collect()) seen.push(Number.parseInt(record, 10))
  })
  await ssc.start()
  await until(() => expect(seen).toHaveLength(messages))
  expect(seen).toEqual(Array.from({ length: messages }, (_, i) => i))
  expect(buffered).toBeGreaterThan(1_000_000)
  // The flush that fills the buffer, and the rest of what the socket had read when it paused: 64 KiB each, up to the end
  // of a message.
  expect(most).toBeLessThan(400_000 + 2 * (64 * 1024 + text.length + 100))
})

test('a connection that answers nothing is opened again', async () => {
  const url = await serve(
    (socket, connection) => {
      socket.send(`from ${connection}`)
    },
    { autoPong: false },
  )
  const { records, reports } = await read({ url, idleTimeout: 40 })
  await until(() => expect(records.length).toBeGreaterThanOrEqual(2))
  expect(reports.join()).toContain('nothing heard for 40 ms')
})

test('refused credentials are final; other answers are tried again', async () => {
  let status = 401
  const url = await serve((socket) => socket.send('in'), {
    verifyClient: (_info: unknown, done: (ok: boolean, code?: number) => void) => done(status === 200, status),
  })
  await expect(read({ url })).rejects.toMatchObject({
    code: 'ERR_MILLRACE_SOURCE',
    message: /the handshake was answered 401 .*This is final/,
  })
  status = 503
  const { records, reports } = await read({ url })
  await until(() => expect(reports[0]).toContain('the handshake was answered 503'))
  status = 200
  await until(() => expect(records).toEqual(['in']))
})

test('a message that is too large ends its connection, which is reported', async () => {
  const url = await serve((socket, connection) => socket.send(connection === 1 ? 'x'.repeat(2000) : 'small'))
  const { records, reports } = await read({ url, maxMessageBytes: 1000 })
  await until(() => expect(records).toEqual(['small']))
  expect(reports[0]).toMatch(/Max payload size exceeded/)
})

test('with reconnect: false the input ends with its connection', async () => {
  const url = await serve((socket) => {
    socket.send('one')
    socket.close()
  })
  const { ssc, records } = await read({ url, reconnect: false })
  await until(() => expect(records).toEqual(['one']))
  await ssc.stop({ graceful: true })
  const refused = await read({ url: `ws://127.0.0.1:${await freePort()}`, reconnect: false })
  expect(refused.reports[0]).toContain('cannot start, trying again')
})

test('a stop while the handshake is under way, and a graceful stop, end at once', async () => {
  type Answer = (isAccepted: boolean) => void
  let asked!: (answer: Answer) => void
  const question = new Promise<Answer>((resolve) => {
    asked = resolve
  })
  // With a second parameter the server waits for an answer.
  const url = await serve(() => {}, { verifyClient: (_info: unknown, answer: Answer) => asked(answer) })
  const ssc = new StreamingContext({ batchInterval: 20, threads: 1, spare: false })
  ssc.input(webSocketSource({ url })).foreachRDD(() => {})
  const started = ssc.start().catch((error: Error) => error)
  const answer = await question
  expect(await ssc.stop({ graceful: true })).toMatchObject({ complete: true })
  await started
  answer(false)
})

test.each<[string, object, string]>([
  ['no URL', { url: 'http://a/?key=secret' }, 'url is "http://a/"; it must be an absolute ws or wss URL'],
  ['an unknown option', { url: 'ws://a/', foo: 1 }, "there is no option 'foo'"],
  ['a wrong value', { url: 'ws://a/', value: 'xml' }, "value is \"xml\"; it must be 'text' or 'json' or 'bytes'"],
])('%s is refused', (_, options, message) => {
  expect(() => webSocketSource(options as WebSocketOptions)).toThrow(message)
})
