import { Redis } from 'ioredis'
import type { InputSource, MillraceError, StreamingContext } from 'millrace'
import { type RedisSinkOptions, type RedisSourceOptions, redisSink, redisSource } from 'millrace/redis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startRedis } from '../services/redis.js'
import { hasService } from '../services/service.js'
import type { SmallServer } from '../services/small-server.js'
import { batchesOf, manualStreams, range } from '../support/streams.js'

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})

describe.runIf(hasService('redis'))('Redis', () => {
  let server: SmallServer
  let client: Redis
  let keys = 0

  beforeAll(async () => {
    server = await startRedis()
    client = new Redis({ port: server.port })
  })
  afterAll(async () => {
    client?.disconnect()
    await server?.[Symbol.asyncDispose]()
  })
  const connection = () => `redis://127.0.0.1:${server.port}`
  const add = async (key: string, from: number, to: number) => {
    for (const n of range(from, to)) await client.xadd(key, `${n + 1}-0`, 'n', n)
  }

  function newContext() {
    const streams = manualStreams()
    open.push(streams.ssc)
    return streams
  }

  function read<T = string>(streams: string, options: Partial<RedisSourceOptions> = {}) {
    const context = newContext()
    const source = redisSource({ connection: connection(), streams, start: 'earliest', field: 'n', ...options })
    return { ...context, ...batchesOf<T>(context.ssc, source as InputSource<T>) }
  }
  const newKey = () => `key-${++keys}`

  test('records are objects of all fields, values of one field, or both with their ids', async () => {
    const key = newKey()
    await client.xadd(key, '5-1', 'customer', 'ada', '__proto__', '3')
    const all = read(key, { field: undefined })
    const one = read(key, { field: 'customer', ids: true })
    for (const { ssc, tick } of [all, one]) {
      await ssc.start()
      await tick()
    }
    expect(Object.entries(all.batches[0]![0]!)).toEqual([
      ['customer', 'ada'],
      ['__proto__', '3'],
    ])
    expect(one.batches).toEqual([[{ stream: key, id: '5-1', value: 'ada' }]])
  })

  test('the status has the entries of each stream that no complete batch has read', async () => {
    const key = newKey()
    await add(key, 0, 10)
    const { ssc, tick } = read(key, { maxRatePerPartition: 4 })
    await ssc.start()
    const lag = async () => (await ssc.status()).inputs[0]!.lag
    await tick()
    const parts = [{ name: key, lag: 6, read: '4-0', end: '10-0' }]
    expect(await lag()).toEqual({ unit: 'records', total: 6, parts, partsOmitted: 0 })
    await tick(2)
    expect(await lag()).toMatchObject({ total: 0, parts: [{ read: '10-0' }] })
  })

  test.each<[string, RedisSourceOptions['start'], number[]]>([
    ['latest', 'latest', []],
    ['a time', { timestamp: 3 }, [2, 3, 4]],
  ])('reading starts at %s', async (_, start, expected) => {
    const key = newKey()
    await add(key, 0, 5)
    const { ssc, batches, tick } = read(key, { start })
    await ssc.start()
    await tick()
    await add(key, 5, 6)
    await tick()
    expect(batches.flat().map(Number)).toEqual([...expected, 5])
  })

  test('reading starts at an id, and at the first entry of a stream that appears later', async () => {
    const [key, late] = [newKey(), newKey()]
    await add(key, 0, 5)
    const { ssc, batches, warnings, tick } = read('', { streams: [key, late], start: { ids: { [key]: '4-0' } } })
    await ssc.start()
    await tick()
    expect(warnings.join()).toContain(`there is no stream '${late}' yet`)
    await add(late, 7, 8)
    await tick()
    expect(batches.flat().map(Number)).toEqual([3, 4, 7])
  })

  describe('entries that were removed before they were read', () => {
    async function trimmed(options: Partial<RedisSourceOptions>) {
      const key = newKey()
      await add(key, 0, 10)
      const reading = read(key, { maxRatePerPartition: 4, ...options })
      await reading.ssc.start()
      await reading.tick()
      return { ...reading, key }
    }

    test('are an error that counts them', async () => {
      const { ssc, clock, key } = await trimmed({})
      await client.xtrim(key, 'MAXLEN', 3)
      await clock.advance(1000)
      const error = (await ssc.awaitTermination().catch((cause: MillraceError) => cause)) as MillraceError
      expect(error.message).toContain(`3 entries of Redis stream '${key}' after 4-0 are gone`)
    })

    test('are skipped and counted on request', async () => {
      const { batches, warnings, tick, key } = await trimmed({ onGap: 'skip' })
      await client.xtrim(key, 'MAXLEN', 3)
      await tick()
      expect(batches.flat().map(Number)).toEqual([0, 1, 2, 3, 7, 8, 9])
      expect(warnings.join()).toContain('3 entries')
    })

    test('are noticed in the middle of a stream, and not among those that were read', async () => {
      const { ssc, clock, tick, batches, key } = await trimmed({})
      await client.xdel(key, '1-0', '2-0')
      await tick()
      expect(batches.flat()).toHaveLength(8)
      await client.xdel(key, '9-0')
      await clock.advance(1000)
      const error = (await ssc.awaitTermination().catch((cause: MillraceError) => cause)) as MillraceError
      expect(error.message).toContain(`1 entries of Redis stream '${key}' after 8-0 are gone`)
    })
  })

  test('a stream that was deleted and created again is an error', async () => {
    const key = newKey()
    await add(key, 5, 10)
    const { ssc, clock, tick } = read(key)
    await ssc.start()
    await tick()
    await client.del(key)
    await add(key, 0, 2)
    await clock.advance(1000)
    await expect(ssc.awaitTermination()).rejects.toThrow('was deleted and created again')
  })

  const targets: [
    string,
    (key: string) => Partial<RedisSinkOptions>,
    unknown[],
    (key: string) => Promise<unknown>,
    unknown,
  ][] = [
    [
      'fields of a hash',
      (hash) => ({ hash }),
      [
        ['a', 1],
        ['b', { n: 2 }],
      ],
      (key) => client.hgetall(key),
      { a: '1', b: '{"n":2}' },
    ],
    [
      'keys',
      (key) => ({ keyPrefix: `${key}:`, expire: '1h' }),
      [['a', 'x']],
      async (key) => [await client.get(`${key}:a`), (await client.pttl(`${key}:a`)) > 0],
      ['x', true],
    ],
    ['a trimmed stream', (stream) => ({ stream, maxLength: 1 }), [{ n: 1n }], (key) => client.xlen(key), 1],
    [
      'commands',
      () => ({ commands: true }),
      [['APPEND', 'by-command', new Uint8Array([121, 122])]],
      () => client.get('by-command'),
      'yz',
    ],
  ]
  test.each(targets)('a sink writes %s', async (_, target, records, find, expected) => {
    const key = newKey()
    const { ssc, tick } = newContext()
    const sink = redisSink({ connection: connection(), application: key, ...target(key) })
    ssc.queueStream([records] as object[][]).writeTo(sink)
    await ssc.start()
    await tick()
    expect(await find(key)).toEqual(expected)
  })

  test('a transaction in which a command fails fails its batch, however often it is tried', async () => {
    const key = newKey()
    await client.set(key, 'a text')
    const { ssc, clock } = newContext()
    const sink = redisSink({ connection: connection(), application: key, commands: true })
    ssc.queueStream([[['INCR', key]]] as object[][]).writeTo(sink)
    await ssc.start()
    await clock.advance(1000)
    await expect(ssc.awaitTermination()).rejects.toThrow('Redis refused a command of a transaction')
  })
})

test.each<[string, object, string]>([
  ['no stream', { connection: 'redis://a' }, 'streams'],
  ['a stream twice', { connection: 'redis://a', streams: ['s', 's'] }, 'each stream once'],
  ['another protocol', { connection: 'http://u:secret@a', streams: 's' }, "a URL such as 'redis://localhost"],
  ['an unknown field', { connection: { hots: 'a', password: 'secret' }, streams: 's' }, 'host, port, username'],
  ['an id that is none', { connection: 'redis://a', streams: 's', start: { ids: { s: '5' } } }, 'start.ids.s'],
  ['a rate of 0', { connection: 'redis://a', streams: 's', maxRatePerPartition: 0 }, 'maxRatePerPartition'],
])('a source with %s is refused', (_, options, text) => {
  expect(() => redisSource(options as RedisSourceOptions)).toThrow(text)
  expect(() => redisSource(options as RedisSourceOptions)).not.toThrow('secret')
})

test.each<[string, object, string]>([
  ['no application', { connection: 'redis://a', stream: 's' }, 'application'],
  [
    'two targets',
    { connection: 'redis://a', application: 'a', stream: 's', hash: 'h' },
    'the options have 2 targets, stream and hash; they must have exactly one of stream, hash, keyPrefix, commands',
  ],
  [
    'no target',
    { connection: 'redis://a', application: 'a' },
    'the options have no target; they must have exactly one of stream, hash, keyPrefix, commands',
  ],
  ['a length for a hash', { connection: 'redis://a', application: 'a', hash: 'h', maxLength: 3 }, 'maxLength'],
])('a sink with %s is refused', (_, options, text) => {
  expect(() => redisSink(options as RedisSinkOptions)).toThrow(text)
})
