import {
  ArgumentError,
  Context,
  customPartitioner,
  definePipeline,
  ManualClock,
  StateSpec,
  StreamingContext,
  withEnv,
} from 'millrace'
import { runBatches } from 'millrace/testing'
import { afterAll, describe, expect, test } from 'vitest'

// biome-ignore lint/suspicious/noExplicitAny: calls that the types forbid are what is tested
type Untyped = any

const KINDS: Record<string, (...args: Untyped[]) => unknown> = {
  async: async (x) => x,
  'async generator': async function* (x) {
    yield x
  },
  generator: function* (x) {
    yield x
  },
}

const ctx = new Context({ threads: 2, spare: false, maxFailures: 1 })
afterAll(() => ctx.stop())
const numbers: Untyped = ctx.parallelize([3, 1, 2], 1)
const pairs: Untyped = ctx.parallelize(
  [
    ['a', 1],
    ['a', 2],
    ['a', 3],
  ],
  1,
)
const plain = (a: Untyped) => a

/** Operations that use the result of a function at once. */
const AT_ONCE: Record<string, (fn: Untyped) => Untyped> = {
  map: (fn) => numbers.map(fn).collect(),
  'map, counted': (fn) => numbers.map(fn).count(),
  'map, then map': (fn) => numbers.map(fn).map(plain).count(),
  filter: (fn) => numbers.filter(fn).collect(),
  keyBy: (fn) => numbers.keyBy(fn).countByKey(),
  groupBy: (fn) => numbers.groupBy(fn).collect(),
  sortBy: (fn) => numbers.sortBy(fn).collect(),
  'sortBy in two': (fn) => numbers.sortBy(fn, { partitions: 2 }).collect(),
  'compare of sortBy': (fn) => numbers.sortBy(plain, { compare: fn }).collect(),
  reduce: (fn) => numbers.reduce(fn),
  fold: (fn) => numbers.fold(0, fn),
  'seq of aggregate': (fn) => numbers.aggregate(0, fn, plain),
  'comb of aggregate': (fn) => numbers.aggregate(0, plain, fn),
  treeReduce: (fn) => numbers.treeReduce(fn),
  'comb of treeAggregate': (fn) => numbers.treeAggregate(0, plain, fn),
  mapValues: (fn) => pairs.mapValues(fn).collect(),
  reduceByKey: (fn) => pairs.reduceByKey(fn).collect(),
  reduceByKeyLocally: (fn) => pairs.reduceByKeyLocally(fn),
  foldByKey: (fn) => pairs.foldByKey(0, fn).collect(),
  aggregateByKey: (fn) => pairs.aggregateByKey(0, fn, plain).collect(),
  'create of combineByKey': (fn) => pairs.combineByKey(fn, plain, plain).collect(),
  'merge of combineByKey': (fn) => pairs.combineByKey(plain, fn, plain).collect(),
  customPartitioner: (fn) => pairs.partitionBy(customPartitioner(2, fn)).collect(),
  'map of a withEnv function': (fn) => numbers.map(withEnv({ z: 1 }, fn)).collect(),
  'compare of top': (fn) => numbers.top(2, fn),
}
/** Operations that iterate over the result of a function. */
const EACH: Record<string, (fn: Untyped) => Untyped> = {
  flatMap: (fn) => numbers.flatMap(fn).collect(),
  flatMapValues: (fn) => pairs.flatMapValues(fn).collect(),
  mapPartitions: (fn) => numbers.mapPartitions(fn).collect(),
  mapPartitionsWithIndex: (fn) => numbers.mapPartitionsWithIndex(fn).collect(),
  zipPartitions: (fn) => numbers.zipPartitions(numbers, fn).collect(),
}
const attempt = async (run: () => Untyped): Promise<Untyped> => {
  try {
    return await run()
  } catch (error) {
    return error
  }
}

describe.each(Object.keys(AT_ONCE))('%s', (name) => {
  const run = AT_ONCE[name]!

  test.each(Object.keys(KINDS))('refuses a function that is %s', async (kind) => {
    const error = await attempt(() => run(KINDS[kind]))
    expect(error).toBeInstanceOf(ArgumentError)
    expect(error.message).toContain('got a')
  })

  test('refuses a promise that a plain function returns', async () => {
    const error = await attempt(() => run((x: unknown) => Promise.resolve(x)))
    expect(String(error.message)).toMatch(/returned a promise/)
    expect(String(error.message)).toMatch(/mapAsync/)
  })

  test('refuses an object with a method named then', async () => {
    // biome-ignore lint/suspicious/noThenProperty: query builders have it
    expect(String((await attempt(() => run(() => ({ then() {} })))).message)).toMatch(/returned a promise/)
  })

  test('refuses an iterator', async () => {
    expect(String((await attempt(() => run(() => [1][Symbol.iterator]()))).message)).toMatch(/returned an iterator/)
  })
})

/** One record in each partition: only the driver combines two. */
const apart: Untyped = ctx.parallelize([3, 1], 2)
const pairsApart: Untyped = apart.map((n: number) => ['a', n])
/** Operations that call a function in the driver, on the results of the partitions. */
const IN_THE_DRIVER: Record<string, (fn: Untyped) => Untyped> = {
  aggregate: (fn) => apart.aggregate(0, plain, fn),
  treeAggregate: (fn) => apart.treeAggregate(0, plain, fn),
  fold: (fn) => ctx.parallelize([], 2).fold(0 as Untyped, fn),
  reduce: (fn) => apart.reduce(fn),
  treeReduce: (fn) => apart.treeReduce(fn),
  reduceByKeyLocally: (fn) => pairsApart.reduceByKeyLocally(fn),
  sortBy: (fn) => apart.sortBy(plain, { compare: fn }).collect(),
  sortByKey: (fn) => pairsApart.sortByKey({ compare: fn }).collect(),
}
test.each(Object.keys(IN_THE_DRIVER))('%s names itself where the driver calls the function', async (name) => {
  const error = await attempt(() => IN_THE_DRIVER[name]!((x: unknown) => Promise.resolve(x)))
  expect(error.message).toContain(`The function of ${name} returned a promise`)
  expect(error).toMatchObject({ code: 'ERR_MILLRACE_ARGUMENT', details: { label: name } })
})

test.each(['map', 'mapValues', 'aggregate'])('%s refuses a promise in a pair or a field', async (name) => {
  const runs: Record<string, (fn: Untyped) => Untyped> = {
    map: (fn) => numbers.map(fn).count(),
    mapValues: (fn) => pairs.mapValues(fn).count(),
    aggregate: (fn) => numbers.aggregate(0, fn, plain),
  }
  for (const fn of [
    (x: unknown) => ['k', Promise.resolve(x)],
    (x: unknown) => [Promise.reject(x), 1],
    (x: unknown) => ({ x, rest: Promise.resolve(x) }),
  ]) {
    expect(String((await attempt(() => runs[name]!(fn))).message)).toMatch(/returned a promise as (item|field)/)
  }
})

describe.each(Object.keys(EACH))('%s', (name) => {
  const run = EACH[name]!

  test('iterates over what a generator function yields', async () => {
    const made = await run(function* () {
      yield 5
    })
    expect(made).toContainEqual(name === 'flatMapValues' ? ['a', 5] : 5)
  })

  test.each(['async', 'async generator'])('refuses a function that is %s', async (kind) => {
    expect(await attempt(() => run(KINDS[kind]))).toBeInstanceOf(ArgumentError)
  })

  test.each([
    ['a promise', () => Promise.resolve([1]), /returned a promise/],
    ['a stream', () => ReadableStream.from([1]), /returned an async iterator/],
    ['promises in an array', () => [Promise.resolve(1)], /returned a promise/],
    ['promises in a set', () => new Set([Promise.resolve(1)]), /returned a promise/],
    ['pairs with promises', () => [['a', Promise.resolve(1)]], /returned a promise/],
    ['a number', () => 5, /returned 5; it must return an iterable/],
    ['nothing', () => undefined, /returned undefined; it must return an iterable/],
  ])('refuses %s', async (_, fn, message) => {
    expect(String((await attempt(() => run(fn))).message)).toMatch(message)
  })
})

describe.each([
  ['foreach', async (x: unknown) => x],
  ['foreachPartition', async (x: Iterable<unknown>) => [...x].length],
])('%s', (name) => {
  test('awaits its promises, so that what they add counts', async () => {
    const done = ctx.longAccumulator()
    const late: Untyped = async () => {
      await new Promise((resolve) => setImmediate(resolve))
      done.add(1)
    }
    await (ctx.range(0, 10, 1, 2) as Untyped)[name](withEnv({ done }, late))
    expect(done.value).toBe(name === 'foreach' ? 10 : 2)
  })

  test.each([
    ['an async function', async () => Promise.reject(new Error('the database is down'))],
    ['a function that returns a promise', () => Promise.reject(new Error('the database is down'))],
  ])('fails when %s rejects', async (_, fn) => {
    await expect((numbers as Untyped)[name](fn)).rejects.toThrow(`${name} failed in partition 0`)
    await expect((numbers as Untyped)[name](fn)).rejects.toThrow('the database is down')
  })

  test.each(['generator', 'async generator'])('refuses a function that is a(n) %s', async (kind) => {
    await expect(async () => (numbers as Untyped)[name](KINDS[kind])).rejects.toThrow(ArgumentError)
  })
})

test('foreach makes its calls one after the other, in order', async () => {
  const seen = ctx.collectionAccumulator<number[]>()
  const fn: Untyped = withEnv({ seen }, (async (x: number) => {
    const shared = globalThis as unknown as { out?: number }
    shared.out = (shared.out ?? 0) + 1
    await new Promise((resolve) => setImmediate(resolve))
    seen.add([x, shared.out])
    shared.out--
  }) as Untyped)
  await ctx.range(0, 5, 1, 1).foreach(fn)
  expect(seen.value).toEqual([0, 1, 2, 3, 4].map((x) => [x, 1]))
})

test('mapAsync refuses a promise inside of what it awaited', async () => {
  const within = async () => ({ rest: Promise.resolve(1) })
  await expect(numbers.mapAsync(within).collect()).rejects.toThrow('returned a promise as field rest')
  await expect(numbers.mapPartitionsAsync(async () => 5).collect()).rejects.toThrow('it must return an iterable')
})

describe('streams', () => {
  const build = (attach: (stream: Untyped, ssc: StreamingContext) => unknown) => {
    const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock: new ManualClock(0) })
    const stream = ssc.queueStream([[['a', 1] as [string, number]]])
    return () => attach(stream, ssc)
  }
  const OPERATIONS: Record<string, (stream: Untyped, fn: Untyped, ssc: StreamingContext) => unknown> = {
    map: (stream, fn) => stream.map(fn),
    filter: (stream, fn) => stream.filter(fn),
    updateStateByKey: (stream, fn) => stream.updateStateByKey(fn),
    mapWithState: (stream, fn) => stream.mapWithState(StateSpec.function(fn)),
    withTimestamps: (stream, fn) => stream.withTimestamps(fn),
    reduceByKeyAndWindow: (stream, fn) => stream.reduceByKeyAndWindow(fn, 2000),
    transform: (stream, fn) => stream.transform(fn),
    'filter of textFileStream': (_, fn, ssc) => ssc.textFileStream('nowhere', { filter: fn }),
  }
  for (const [name, attach] of Object.entries(OPERATIONS)) {
    test.each(Object.keys(KINDS))(`${name} refuses a function that is %s`, (kind) => {
      expect(build((stream, ssc) => attach(stream, KINDS[kind], ssc))).toThrow(ArgumentError)
    })
  }

  test.each([
    ['a state', (stream: Untyped) => stream.updateStateByKey((came: unknown) => Promise.resolve(came))],
    ['a state field', (stream: Untyped) => stream.updateStateByKey(() => ({ came: Promise.resolve(1) }))],
    ['a mapped record', (stream: Untyped) => stream.mapWithState(StateSpec.function(() => Promise.resolve(1)))],
    [
      'an updated state',
      (stream: Untyped) =>
        stream.mapWithState(StateSpec.function((_k, _v, state: Untyped) => state.update(Promise.resolve(1)))),
    ],
    ['a timestamp', (stream: Untyped) => stream.withTimestamps(() => Promise.resolve(1)).count()],
  ])('refuse a promise as %s', async (_, attach) => {
    const run = runBatches((_ssc, stream: Untyped) => attach(stream), [[[['a', 1]]]], { maxFailures: 1 } as Untyped)
    await expect(run).rejects.toThrow(/promise/)
  })

  test('a listener that rejects is reported and ends nothing', async () => {
    const errors: unknown[] = []
    const logger = { debug() {}, info() {}, warn() {}, error: (_: string, error: unknown) => errors.push(error) }
    const clock = new ManualClock(0)
    const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock, logger } as Untyped)
    ssc.queueStream([[1]]).foreachRDD(() => {})
    ssc.on('batchCompleted', (async () => {
      throw new Error('listener')
    }) as Untyped)
    await ssc.start()
    await clock.advance(1000)
    await ssc.awaitIdle()
    await ssc.stop()
    expect(errors).toEqual([expect.objectContaining({ message: 'listener' })])
  })
})

describe('a pipeline function', () => {
  test('that is async is refused where it is defined', () => {
    expect(() => definePipeline((async () => {}) as Untyped)).toThrow('definePipeline got an async function')
  })

  test('that returns a promise is refused when the graph is built, and its rejection ends nothing', async () => {
    const module = `import { definePipeline } from ${JSON.stringify(import.meta.resolve('millrace'))}
      export default definePipeline(() => Promise.reject(new Error('late')))`
    const url = `data:text/javascript,${encodeURIComponent(module)}`
    await expect(StreamingContext.fromPipeline(url, { batchInterval: 1000 })).rejects.toThrow(
      'returned a promise. It must build the whole graph before it returns',
    )
  })
})
