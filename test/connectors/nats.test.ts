import { headers } from '@nats-io/transport-node'
import type { InputSource, MillraceError, StreamingContext } from 'millrace'
import { type NatsSinkOptions, type NatsSourceOptions, natsSink, natsSource } from 'millrace/nats'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { batchesOf, manualStreams } from '../support/streams.js'
import { NatsServer } from './suite/rows/nats.js'

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})

describe.runIf(hasService('nats'))('NATS JetStream', () => {
  let server: NatsServer
  beforeAll(async () => {
    server = await NatsServer.start()
  })
  afterAll(async () => await server?.[Symbol.asyncDispose]())

  function newContext() {
    const streams = manualStreams()
    open.push(streams.ssc)
    return streams
  }

  function read<T = string>(stream: string, options: Partial<NatsSourceOptions> = {}) {
    const context = newContext()
    const source = natsSource({ servers: server.servers, stream, start: 'earliest', ...options })
    return { ...context, ...batchesOf<T>(context.ssc, source as InputSource<T>) }
  }

  test('only the subjects asked for are read, and ranges without any are empty', async () => {
    await server.manager.streams.add({ name: 'mixed', subjects: ['mixed.>'] })
    for (let i = 0; i < 30; i++) await server.publish(`mixed.${i === 12 || i === 13 ? 'rare' : 'often'}`, [i])
    const { ssc, batches, tick } = read('mixed', { subjects: 'mixed.rare', partitionRecords: 5 })
    await ssc.start()
    await tick()
    await server.publish('mixed.often', [30])
    await server.publish('mixed.rare', [31])
    await server.publish('mixed.often', [32])
    await tick()
    expect(batches).toEqual([['12', '13'], ['31']])
  })

  test('the status has the messages that no complete batch has read', async () => {
    const { stream } = await server.newStream()
    for (let i = 0; i < 10; i++) await server.publish(stream, [i])
    const { ssc, tick } = read(stream, { maxRate: 4 })
    await ssc.start()
    const lag = async () => (await ssc.status()).inputs[0]!.lag
    await tick()
    const parts = [{ name: stream, lag: 6, read: 5, end: 11 }]
    expect(await lag()).toEqual({ unit: 'records', total: 6, parts, partsOmitted: 0 })
    await tick(2)
    expect(await lag()).toMatchObject({ total: 0, parts: [{ read: 11, end: 11 }] })
  })

  test('records with metadata say where they come from', async () => {
    const { stream } = await server.newStream()
    const sent = headers()
    sent.append('trace', 'x')
    await server.jetstream.publish(stream, '{"n":7}', { headers: sent })
    const { ssc, batches, tick } = read(stream, { value: 'json', metadata: true })
    await ssc.start()
    await tick()
    const record = {
      subject: stream,
      sequence: 1,
      timestamp: expect.any(Number),
      value: { n: 7 },
      headers: [['trace', 'x']],
    }
    expect(batches[0]).toEqual([record])
  })

  test.each<[string, (times: readonly number[]) => NatsSourceOptions['start'], string[]]>([
    ['latest', () => 'latest', []],
    ['a sequence number', () => ({ sequence: 3 }), ['2', '3', '4']],
    ['a time', (times) => ({ timestamp: times[3]! }), ['3', '4']],
  ])('reading starts at %s', async (_, start, expected) => {
    const { stream } = await server.newStream()
    const times: number[] = []
    for (let i = 0; i < 5; i++) {
      await server.publish(stream, [i])
      const { time } = (await server.manager.streams.getMessage(stream, { seq: i + 1 }))!
      times.push(Math.ceil(time.getTime()))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const { ssc, batches, tick } = read(stream, { start: start(times) })
    await ssc.start()
    await tick()
    await server.publish(stream, [5])
    await tick()
    expect(batches.flat()).toEqual([...expected, '5'])
  })

  describe('messages that were removed before they were read', () => {
    async function purged(onGap?: 'skip') {
      const { stream } = await server.newStream()
      await server.publish(stream, [0, 1, 2, 3, 4, 5])
      const reading = read(stream, { maxRate: 2, onGap })
      await reading.ssc.start()
      await reading.tick()
      await server.manager.streams.purge(stream, { seq: 5 })
      return reading
    }

    test('are an error that names them', async () => {
      const { ssc, clock } = await purged()
      await clock.advance(1000)
      const error = (await ssc.awaitTermination().catch((cause: MillraceError) => cause)) as MillraceError
      expect(error.message).toContain('Messages 3 to 4 of NATS stream')
    })

    test('are skipped and counted on request', async () => {
      const { batches, warnings, tick } = await purged('skip')
      await tick()
      expect(batches.flat()).toEqual(['0', '1', '4', '5'])
      expect(warnings.join()).toContain('messages 3 to 4')
    })
  })

  test('a stream that was deleted and created again is an error', async () => {
    const { stream } = await server.newStream()
    await server.publish(stream, [1, 2, 3])
    const { ssc, clock, tick } = read(stream)
    await ssc.start()
    await tick()
    await server.manager.streams.delete(stream)
    await server.manager.streams.add({ name: stream, subjects: [stream] })
    await clock.advance(1000)
    await expect(ssc.awaitTermination()).rejects.toThrow('was deleted and created again')
  })

  test('records may name their subject and have headers', async () => {
    await server.manager.streams.add({ name: 'out', subjects: ['out.>'] })
    const { ssc, tick } = newContext()
    const sink = natsSink({ servers: server.servers, application: 'a', subject: 'out.default' })
    const messages = [{ subject: 'out.own', value: new Uint8Array([255]), headers: { trace: 'x' } }]
    ssc.queueStream<(typeof messages)[number] | string>([messages, ['text']]).writeTo(sink)
    await ssc.start()
    await tick(2)
    const first = await server.manager.streams.getMessage('out', { seq: 1 })
    const second = await server.manager.streams.getMessage('out', { seq: 2 })
    expect([first!.subject, [...first!.data], first!.header.get('trace')]).toEqual(['out.own', [255], 'x'])
    expect([second!.subject, second!.string()]).toEqual(['out.default', 'text'])
  })
})

test.each<[string, object, string]>([
  ['no stream', { servers: 'a:1' }, 'stream'],
  ['a subject with a blank', { servers: 'a:1', stream: 's', subjects: 'a b' }, 'subjects'],
  ['a start that is none', { servers: 'a:1', stream: 's', start: { sequence: 0 } }, 'start.sequence'],
  ['a password that is no text', { servers: 'a:1', stream: 's', password: 7 }, 'password'],
])('a source with %s is refused', (_, options, text) => {
  expect(() => natsSource(options as NatsSourceOptions)).toThrow(text)
})

test('a sink without an application is refused', () => {
  expect(() => natsSink({ servers: 'a:1' } as NatsSinkOptions)).toThrow('application')
})
