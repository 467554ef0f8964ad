import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, type RDD, StreamingContext, withEnv } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { gather, manual, run } from '../engine/support.js'
import { CASES, expectSame } from './kinds.js'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const dir = mkdtempSync(join(tmpdir(), 'values-'))
let directories = 0

type Records = RDD<{ value: unknown }>

/** What each of these gives for a dataset of records that hold the value. */
const ACTIONS: readonly [string, (records: Records, ctx: Context) => Promise<unknown[]>][] = [
  ['collect', (records) => records.collect()],
  ['first', async (records) => [await records.first()]],
  ['take', (records) => records.take(2)],
  ['reduce', async (records) => [await records.reduce((a, _) => a)]],
  [
    'fold',
    async (records) => [
      await records.aggregate(
        null as unknown,
        (_, x) => x,
        (a, b) => a ?? b,
      ),
    ],
  ],
  [
    'toLocalIterator',
    async (records) => {
      const all: unknown[] = []
      for await (const record of records.toLocalIterator()) all.push(record)
      return all
    },
  ],
  [
    'cache',
    async (records) => {
      const cached = records.cache()
      await cached.count()
      return cached.collect()
    },
  ],
  [
    "persist('disk')",
    async (records) => {
      const persisted = records.persist('disk')
      await persisted.count()
      return persisted.collect()
    },
  ],
  [
    'a checkpoint',
    async (records, ctx) => {
      ctx.setCheckpointDir(join(dir, 'checkpoints'))
      const written = records.checkpoint()
      await written.count()
      expect(written.isCheckpointed()).toBe(true)
      return written.collect()
    },
  ],
  [
    'a shuffle',
    (records) =>
      records
        .map((x) => [1, x] as [number, typeof x])
        .groupByKey(2)
        .flatMap(([, all]) => all)
        .collect(),
  ],
  [
    'a shuffle of texts as keys',
    (records) =>
      records
        .map((x) => ['k', x] as [string, typeof x])
        .partitionBy(2)
        .values()
        .collect(),
  ],
  ['repartition', (records) => records.repartition(2).collect()],
  ['distinct', (records) => records.distinct().collect()],
  ['countByValue', async (records) => [...(await records.countByValue()).keys()]],
  [
    'reduceByKey with it as the key',
    (records) =>
      records
        .map((x) => [x, 1] as [typeof x, number])
        .reduceByKey((a, b) => a + b)
        .keys()
        .collect(),
  ],
  [
    'a join by it',
    (records) => {
      const pairs = records.map((x) => [x, 1] as [typeof x, number])
      return pairs.join(pairs).keys().collect()
    },
  ],
  [
    'an object file',
    async (records, ctx) => {
      const path = join(dir, `objects-${directories++}`)
      await records.saveAsObjectFile(path)
      return ctx.objectFile<{ value: unknown }>(path).collect()
    },
  ],
]

describe.each([1, 2])('%i threads', (threads) => {
  const ctx = new Context({ threads, spare: false, logger: quiet, maxFailures: 1 })
  afterAll(() => ctx.stop())

  const data = CASES.filter(({ kind, refused }) => refused === undefined && !/sparse|huge|long/.test(kind))
  const values = data.map(({ make }) => ({ value: make() }))

  test.each(ACTIONS)('%s gives every kind of data back as it is', async (_, act) => {
    // One dataset a kind would take minutes; a broadcast makes each value in a thread, without a shuffle.
    const all = ctx.broadcast(values)
    for (let i = 0; i < values.length; i += threads === 1 ? 3 : 7) {
      const records = ctx.parallelize([i], 1).map(withEnv({ all }, (at) => all.value[at]!)) as Records
      const got = await act(records, ctx)
      expect(got.length, data[i]!.kind).toBeGreaterThan(0)
      for (const one of got) expectSame(one, values[i])
    }
  })

  const made = {
    'a URL': () => ({ value: new URL('http://a/') as unknown }),
    'a WeakMap': () => ({ value: new WeakMap() as unknown }),
    'an instance of class Point': () => ({
      value: new (class Point {
        x = 1
      })() as unknown,
    }),
    'a function': () => ({ value: (() => 1) as unknown }),
  }
  describe.each(Object.entries(made))('%s', (says, make) => {
    test.each(ACTIONS)('%s refuses it', async (_, act) => {
      const records = ctx.parallelize([1], 1).map(make) as Records
      await expect(act(records, ctx)).rejects.toThrow(`is ${says}`)
    })
  })

  test('parallelize and broadcast refuse it at the call', () => {
    for (const { make, refused } of CASES) {
      if (refused === undefined) continue
      expect(() => ctx.parallelize([1, { a: make() }])).toThrow('parallelize takes none of these 2 records: [1].a')
      expect(() => ctx.broadcast([make()])).toThrow('broadcast cannot send this value to the threads: [0]')
    }
  })

  test('lookup finds a key of any kind', async () => {
    const keys = [
      Buffer.from('k'),
      new Set([1, 2]),
      /x/,
      new Map([['a', 1]]),
      -0,
      Number.NaN,
      [1, { b: 2 }],
      new Date(5),
    ]
    const pairs = ctx.parallelize(keys.map((key, i) => [key, i] as [unknown, number])).partitionBy(3)
    for (const [i, key] of keys.entries()) expect(await pairs.lookup(structuredClone(key))).toEqual([i])
  })

  test('an accumulator takes every kind', async () => {
    const all = ctx.broadcast(values)
    const seen = ctx.collectionAccumulator<unknown>()
    await ctx.parallelize([0], 1).foreach(withEnv({ all, seen }, () => all.value.forEach((value) => seen.add(value))))
    seen.value.forEach((value, i) => expectSame(value, values[i]))
    expect(seen.value.length).toBe(values.length)
  })
})

test('kept state and outputs give every kind back', async () => {
  const { ssc } = manual({ spare: false })
  const data = CASES.filter(({ kind, refused }) => refused === undefined && kind !== 'undefined' && kind !== 'null')
  const pairs = data.map(({ kind, make }) => [kind, make()] as [string, unknown])
  ssc
    .queueStream([pairs, []])
    .updateStateByKey((values: unknown[], state?: unknown) => (values.length > 0 ? values[0] : state))
    .output('state')
  const gathered = gather<[string, unknown]>(ssc, 'state')
  await ssc.start()
  await run(ssc, 2)
  await ssc.stop()
  for (const { records } of await gathered) {
    const states = new Map(records)
    expect(states.size).toBe(data.length)
    for (const { kind, make } of data) expectSame(states.get(kind), make())
  }
})

test('kept state refuses what is not data, in the batch that makes it', async () => {
  const { ssc } = manual({ spare: false, maxFailures: 1 })
  ssc
    .queueStream([[['k', 1]] as [string, number][]])
    .updateStateByKey((_: number[], state?: unknown) => state ?? { seen: new URL('http://a/') })
    .output('state')
  const ended = ssc.awaitTermination()
  ended.catch(() => undefined)
  await ssc.start()
  await run(ssc, 1).catch(() => undefined)
  await expect(ended).rejects.toThrow('State cannot be kept: state.seen is a URL')
})

test('queueStream skips what is not data and reports it', async () => {
  const { ssc } = manual({ spare: false })
  const errors: string[] = []
  ssc.on('receiverError', ({ message }) => void errors.push(message))
  ssc.queueStream<unknown>([[1, Symbol('x'), 2]]).output('all')
  const gathered = gather(ssc, 'all')
  await ssc.start()
  await run(ssc, 1)
  await ssc.stop()
  expect((await gathered).map(({ records }) => records)).toEqual([[1, 2]])
  expect(errors).toEqual([
    '1 of 3 records was skipped: A record cannot be encoded: [1] is a symbol. Use its description.',
  ])
})

test('params of a pipeline are data', async () => {
  const open = (params: object) => StreamingContext.fromPipeline('file:///none.mjs', { batchInterval: 1000, params })
  await expect(open({ db: { url: new URL('http://a/') } })).rejects.toThrow(
    'The parameters of a pipeline go to every thread: params.db.url is a URL. Use its href.',
  )
})
