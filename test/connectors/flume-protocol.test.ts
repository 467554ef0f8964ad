import { createServer } from 'node:net'
import { inspect } from 'node:util'
import { ManualClock, StreamingContext } from 'millrace'
import { type FlumeOptions, flumeSource } from 'millrace/flume'
import { expect, test } from 'vitest'
import { AvroWriter } from '#build/connectors/flume/avro/writer.js'
import { PROTOCOL } from '#build/connectors/flume/protocol.js'
import { freePort } from '../services/ports.js'
import { cert } from '../sources/tls-pair.js'
import { batch, event, framed, greeting, RawClient } from './flume-client.js'
import { listen, open, range } from './flume-support.js'

const int = (...values: number[]) => {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [i, value] of values.entries()) bytes.writeInt32BE(value, i * 4)
  return bytes
}
const OTHER = PROTOCOL.replace('"values":"string"', '"values":"bytes"')

test.each<[string, Buffer, string]>([
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'bytes (maxFrameBytes)'],
  ['a frame of a negative number of buffers', int(1, -1), 'a frame has -1 buffers'],
  ['a buffer of a negative length', int(1, 1, -5), 'a buffer has -5 bytes'],
  ['a frame above the limit', int(1, 1, 65_537), 'more than 65536 bytes (maxFrameBytes)'],
  [
    'many small buffers above the limit',
    Buffer.concat([int(1, 9), ...Array.from({ length: 9 }, () => Buffer.concat([int(8192), Buffer.alloc(8192)]))]),
    'bytes (maxFrameBytes)',
  ],
  ['an empty frame', int(1, 0), 'has 0'],
  ['another protocol', framed(greeting(OTHER)), 'another protocol'],
  ['a protocol that is not JSON', framed(greeting('{')), 'cannot be read'],
  ['a hash that is not that of the text', framed(greeting(PROTOCOL, Buffer.alloc(16))), 'hash'],
  ['an unknown message', framed(greeting().empty().string('drop')), "no message 'drop'"],
  [
    'a batch with fewer events than it says',
    framed(
      greeting()
        .empty()
        .string('appendBatch')
        .long(2 ** 40),
    ),
    'elements have 0 bytes',
  ],
  [
    'a body that is longer than the call',
    framed(greeting().empty().string('append').empty().long(99)),
    'a value of 99 bytes',
  ],
  ['bytes behind a call', framed(event(greeting().empty().string('append'), 'a').long(7)), '1 bytes follow'],
  ['broken compression', Buffer.from([0x78, 0x9c, 1, 2, 3, 4, 5, 6, 7, 8]), 'because'],
])('disconnects a client that sends %s, says why, and serves others', async (_, bytes, why) => {
  const { port, records, reports, tick } = await listen({ maxFrameBytes: 65_536 })
  const hostile = new RawClient(port)
  hostile.socket.write(bytes)
  await hostile.ended
  expect(reports).toEqual([expect.stringContaining(why)])
  const client = new RawClient(port)
  client.socket.write(framed(batch(greeting(), ['a', 'b'])))
  await client.answered(1)
  await tick()
  client.socket.destroy()
  expect(records).toEqual(['a', 'b'])
})

test('any cutting into packets gives the same events, and answers come in order', async () => {
  const { port, records, tick } = await listen()
  const calls = range(0, 6).map((n) =>
    framed(batch(n === 0 ? greeting() : new AvroWriter(), [`a${n}`, `b${n}`]), n + 1),
  )
  const bytes = Buffer.concat(calls)
  for (const size of [1, 3, 7, 64]) {
    const client = new RawClient(port)
    client.socket.setNoDelay(true)
    for (let at = 0; at < bytes.length; at += size)
      await new Promise((resolve) => client.socket.write(bytes.subarray(at, at + size), resolve))
    await client.answered(6)
    expect(client.answers).toEqual([1, 2, 3, 4, 5, 6])
    client.socket.destroy()
  }
  await tick()
  expect(records).toEqual(range(0, 4).flatMap(() => range(0, 6).flatMap((n) => [`a${n}`, `b${n}`])))
})

test('a client that gives up before its call is stored may send it again: it is stored once', async () => {
  const { ssc, port, records, tick } = await listen({}, { receiverBufferBytes: 2048 })
  const paused = new Promise((resolve) => ssc.on('receiverPaused', resolve))
  const first = new RawClient(port)
  first.socket.write(framed(batch(greeting(), ['x'.repeat(4000)])))
  await first.answered(1)
  first.socket.write(framed(batch(new AvroWriter(), ['again']), 2))
  await paused
  first.socket.end()
  await first.ended
  const second = new RawClient(port)
  second.socket.write(framed(batch(greeting(), ['again'])))
  while (second.answers.length === 0) await tick()
  await tick()
  expect(records.map((body) => body.slice(0, 5))).toEqual(['xxxxx', 'again'])
  second.socket.destroy()
})

test('a port in use is reported, and taken once it is free', async () => {
  const blocker = createServer()
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
  const { port } = blocker.address() as { port: number }
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, clock: new ManualClock() })
  open.push(ssc)
  ssc.input(flumeSource({ port })).count().print()
  const reported = new Promise<string>((resolve) =>
    ssc.on('receiverError', ({ cause }) => resolve(String((cause as Error).message))),
  )
  const started = new Promise((resolve) => ssc.on('receiverStarted', resolve))
  await ssc.start()
  expect(await reported).toMatch(/flume 127.0.0.1:\d+ cannot listen: .*EADDRINUSE.*Choose a free port/)
  await new Promise((resolve) => blocker.close(resolve))
  await started
})

test.each<[string, object, string]>([
  ['no port', {}, 'port is undefined; it must be a whole number from 1 to 65535'],
  ['a port as text', { port: '4141' }, 'port is "4141"'],
  ['an unknown format', { port: 1, value: 'json' }, "value is \"json\"; it must be 'text' or 'bytes'"],
  ['an unknown option', { port: 1, ssl: true }, "there is no option 'ssl'. Options: port"],
  ['a limit of 0', { port: 1, maxFrameBytes: 0 }, 'maxFrameBytes is 0'],
  ['a key as text', { port: 1, tls: 'secret-key' }, 'tls is'],
])('a source with %s is refused', (_, options, text) => {
  expect(() => flumeSource(options as FlumeOptions)).toThrow(text)
})

test('no name and no error shows the private key', async () => {
  const tls = { key: 'secret-key', cert }
  const source = flumeSource({ port: await freePort(), tls })
  const error: Error = await source
    .create()
    .start({} as never)
    .then(
      () => new Error('started'),
      (cause: Error) => cause,
    )
  expect(`${source.name} ${inspect(error, { depth: 9 })}`).not.toContain('secret-key')
})

test.each(['stored', 'processed'] as const)('a call is answered once its events are %s', async (ackAfter) => {
  const { port, records, tick } = await listen({ ackAfter })
  const client = new RawClient(port)
  client.socket.write(framed(batch(greeting(), ['a'])))
  client.socket.write(framed(new AvroWriter().empty().string(''), 2))
  if (ackAfter === 'processed') {
    // The answer to the second call overtakes that of the first, which waits for its batch.
    await client.answered(1)
    expect(client.answers).toEqual([2])
    await tick()
  }
  await client.answered(2)
  expect(client.answers.sort()).toEqual([1, 2])
  if (ackAfter === 'stored') await tick()
  expect(records).toEqual(['a'])
  client.socket.destroy()
})

test('a graceful stop answers what its last batch has; a call that came later is not stored and not answered', async () => {
  const { ssc, port, records } = await listen({ ackAfter: 'processed' })
  const client = new RawClient(port)
  client.socket.write(framed(batch(greeting(), ['last'])))
  client.socket.write(framed(new AvroWriter().empty().string(''), 2))
  await client.answered(1)
  await ssc.stop({ graceful: true })
  await client.ended
  expect(records).toEqual(['last'])
  expect(client.answers).toEqual([2, 1])
  expect(client.statuses.get(1)).toBe('ok')
})

test('a stop that is not graceful refuses what no batch has processed', async () => {
  const { ssc, port, records } = await listen({ ackAfter: 'processed' })
  const client = new RawClient(port)
  client.socket.write(framed(batch(greeting(), ['lost'])))
  client.socket.write(framed(new AvroWriter().empty().string(''), 2))
  await client.answered(1)
  await ssc.stop()
  await client.ended
  expect(records).toEqual([])
  expect(client.statuses.get(1)).toBe('failed')
})
