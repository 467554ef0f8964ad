import { ArgumentError, Context, customPartitioner, StateSpec, StreamingContext, withEnv } from 'millrace'
import { runBatches } from 'millrace/testing'
import { afterAll, describe, expect, test } from 'vitest'

/** As from JavaScript, where types prevent nothing. No job runs: every call is refused beforehand. */
// biome-ignore lint/suspicious/noExplicitAny: calls that the types forbid are what is tested
type Untyped = any

const withPlace = (place: unknown): Untyped => withEnv({ place }, () => place)

describe('datasets', () => {
  const ctx: Untyped = new Context({ threads: 1 })
  const theirs: Untyped = new Context({ threads: 1 }).parallelize([['a', 1]])
  const mine = ctx.parallelize([['a', 1]])
  const SEVERAL = [
    'union',
    'zip',
    'cartesian',
    'intersection',
    'subtract',
    'subtractByKey',
    'cogroup',
    'groupWith',
  ].concat(['join', 'leftOuterJoin', 'rightOuterJoin', 'fullOuterJoin'])

  test.each(SEVERAL)('%s takes a dataset of the same context', (name) => {
    for (const other of [undefined, 5, [1]]) expect(() => mine[name](other)).toThrow(`${name} needs another dataset`)
    expect(() => mine[name](theirs)).toThrow('belong to different contexts')
  })

  test.each(['reduce', 'fold', 'aggregate', 'treeReduce', 'treeAggregate', 'foreachPartition', 'reduceByKeyLocally'])(
    '%s needs a function',
    async (name) => {
      await expect(async () => mine[name]()).rejects.toThrow(`${name} needs a function, got undefined.`)
    },
  )

  test.each([5, true, 'a text'])('options that are %o are refused, not read as if they were none', async (options) => {
    const says = 'it takes an object of options'
    expect(() => mine.pipe('cat', options)).toThrow(says)
    await expect(mine.saveAsTextFile('/absent/path', options)).rejects.toThrow(says)
    await expect(mine.saveAsObjectFile('/absent/path', options)).rejects.toThrow(says)
    const streams: Untyped = StreamingContext
    await expect(streams.getOrCreate('/absent/path', () => undefined, options)).rejects.toThrow(says)
    await expect(streams.fromPipeline('file:///absent.mjs', options)).rejects.toThrow(/object of options/)
  })

  test('union of a context takes an array of its datasets', () => {
    for (const given of [undefined, mine, 5]) expect(() => ctx.union(given)).toThrow('union got')
    expect(() => ctx.union([mine, 5])).toThrow('union needs another dataset')
    expect(() => ctx.union([theirs])).toThrow('belong to different contexts')
  })

  test.each([-1, 2, 1.5, Number.NaN, '1', undefined])(
    'lookup where a partitioner places the key in %s',
    async (place) => {
      const pairs = ctx.parallelize([['a', 1]]).partitionBy(customPartitioner(2, withPlace(place)))
      await expect(pairs.lookup('a')).rejects.toThrow(ArgumentError)
      await expect(pairs.lookup('a')).rejects.toThrow('a whole number from 0 to 1')
    },
  )

  test('a partitioner is one, and weights are numbers', () => {
    expect(() => mine.reduceByKey((a: number) => a, {})).toThrow('hashPartitioner(n)')
    expect(() => mine.randomSplit()).toThrow('array of weights')
    expect(() => ctx.parallelize(5)).toThrow('parallelize got 5')
    expect(() => mine.zipPartitions(mine)).toThrow('zipPartitions needs a function')
  })
})

test('a number given as text is shown as text', () => {
  expect(() => new Context({ threads: '4' } as unknown as object)).toThrow('threads is "4"; it must be a whole number')
})

test.each(['spare', 'codegen'])('an option that is neither true nor false: %s', (name) => {
  expect(() => new Context({ [name]: 'no' })).toThrow(`${name} is "no"; it must be true or false.`)
})

test.each([5, '', 'yarn:1', 'k8s://', 'local', 'local[0]', 'spark://host', 'spark://:7077', null])(
  'a master %j',
  (master) => {
    expect(() => new Context({ master } as unknown as object)).toThrow(
      /master is .*; it must be the URL of a Spark master/,
    )
  },
)

test.each([
  [{ spark: { home: '/opt/spark' } }, 'there is no master'],
  [{ master: 'local[2]', spark: { heap: '1g' } }, 'heap'],
  [{ master: 'local[2]', spark: 5 }, 'spark'],
  [{ master: 'local[2]', spark: { home: '' } }, 'spark.home is ""'],
  [{ master: 'local[2]', spark: { conf: { cores: '2' } } }, "names begin with 'spark.'"],
  [{ master: 'local[2]', spark: { conf: { 'spark.cores.max': 2 } } }, 'object of texts'],
])('options of Spark %j', (options, says) => {
  expect(() => new Context(options as object)).toThrow(ArgumentError)
  expect(() => new Context(options as object)).toThrow(says)
})

test("warmUp is true, false or 'all'", () => {
  expect(() => new Context({ warmUp: 'some' } as unknown as object)).toThrow(
    'warmUp is "some"; it must be true, false or \'all\'.',
  )
})

describe('records that are no pairs', () => {
  const ctx: Untyped = new Context({ threads: 1, spare: false, maxFailures: 1 })
  afterAll(() => ctx.stop())
  const GIVEN: [string, unknown, string][] = [
    ['a number', 5, '5'],
    ['a text', 'ab', '"ab"'],
    ['undefined', undefined, 'undefined'],
    ['an object', { key: 1, value: 2 }, 'an object'],
    ['three', [1, 2, 3], 'an array of length 3'],
  ]
  const sum = (a: number, b: number) => a + b
  const rest: Untyped = ctx.parallelize([['a', 1]])
  const OPERATIONS: Record<string, (rdd: Untyped) => Untyped> = {
    collectAsMap: (rdd) => rdd.collectAsMap(),
    lookup: (rdd) => rdd.lookup('a'),
    countByKey: (rdd) => rdd.countByKey(),
    countByKeyApprox: (rdd) => rdd.countByKeyApprox('1m'),
    reduceByKeyLocally: (rdd) => rdd.reduceByKeyLocally(sum),
    keys: (rdd) => rdd.keys().collect(),
    values: (rdd) => rdd.values().collect(),
    mapValues: (rdd) => rdd.mapValues((x: unknown) => x).collect(),
    flatMapValues: (rdd) => rdd.flatMapValues((x: unknown) => [x]).collect(),
    filterByRange: (rdd) => rdd.filterByRange('a', 'b').collect(),
    reduceByKey: (rdd) => rdd.reduceByKey(sum).collect(),
    foldByKey: (rdd) => rdd.foldByKey(0, sum).collect(),
    aggregateByKey: (rdd) => rdd.aggregateByKey(0, sum, sum).collect(),
    combineByKey: (rdd) => rdd.combineByKey((x: number) => x, sum, sum).collect(),
    groupByKey: (rdd) => rdd.groupByKey().collect(),
    countApproxDistinctByKey: (rdd) => rdd.countApproxDistinctByKey().collect(),
    partitionBy: (rdd) => rdd.partitionBy(1).collect(),
    sortByKey: (rdd) => rdd.sortByKey().collect(),
    repartitionAndSortWithinPartitions: (rdd) => rdd.repartitionAndSortWithinPartitions(2).collect(),
    sampleByKey: (rdd) => rdd.sampleByKey(false, { a: 1 }).collect(),
    sampleByKeyExact: (rdd) => rdd.sampleByKeyExact(false, { a: 1 }).collect(),
    join: (rdd) => rdd.join(rest).collect(),
    'join, on the right': (rdd) => rest.join(rdd).collect(),
    cogroup: (rdd) => rest.cogroup(rdd).collect(),
    subtractByKey: (rdd) => rdd.subtractByKey(rest).collect(),
  }

  test.each(Object.keys(OPERATIONS))('%s', async (name) => {
    for (const [, record, said] of GIVEN) {
      const failed = await OPERATIONS[name]!(ctx.parallelize([record], 1)).catch((error: unknown) => error)
      // In the driver it is the error itself; from a task it is the cause.
      const error = failed instanceof ArgumentError ? failed : failed.cause
      expect(error).toBeInstanceOf(ArgumentError)
      expect(error.code).toBe('ERR_MILLRACE_ARGUMENT')
      expect(error.message).toBe(
        `A record is ${said}, not a pair. Operations by key need records of the form [key, value]: map the records to pairs first.`,
      )
    }
  })

  test('the operation is named, also on the map side', async () => {
    const odd = ctx.parallelize([5])
    await expect(odd.reduceByKey(sum).collect()).rejects.toThrow(/^reduceByKey failed in partition 0/)
    await expect(
      odd
        .map((x: unknown) => x)
        .reduceByKey(sum)
        .collect(),
    ).rejects.toThrow(/^reduceByKey failed/)
    await expect(odd.mapValues((x: unknown) => x).collect()).rejects.toThrow(/^mapValues failed/)
  })

  test('without generated code it is the same', async () => {
    await using composed: Untyped = new Context({ threads: 1, spare: false, maxFailures: 1, codegen: false })
    for (const name of ['mapValues', 'flatMapValues', 'reduceByKey']) {
      await expect(OPERATIONS[name]!(composed.parallelize([5]))).rejects.toThrow('5, not a pair')
    }
  })

  test('onRecordError gives them up', async () => {
    const odd = ctx.parallelize([['a', 1], 5, ['b']])
    expect(await odd.mapValues((x: number) => x + 1, { onRecordError: 'skip' }).collect()).toEqual([['a', 2]])
    expect(await odd.flatMapValues((x: number) => [x, x], { onRecordError: 'skip' }).count()).toBe(2)
  })

  test.each<[string, (pairs: Untyped) => Untyped]>([
    ['reduceByKey', (pairs) => pairs.reduceByKey(sum)],
    ['updateStateByKey', (pairs) => pairs.updateStateByKey(() => 1)],
    ['mapWithState', (pairs) => pairs.mapWithState(StateSpec.function(() => 1))],
    [
      'windows of event time',
      (pairs) =>
        pairs
          .withTimestamps(() => 0)
          .tumbling('1s')
          .countByKey(),
    ],
  ])('in streams: %s', async (_, of) => {
    await expect(runBatches((__, pairs) => of(pairs), [[[5]]], { maxFailures: 1 })).rejects.toThrow(
      'A record is 5, not a pair.',
    )
  })
})

describe('streams', () => {
  const ssc: Untyped = new StreamingContext({ batchInterval: '1s', threads: 1 })
  const pairs = ssc.queueStream([[['a', 1]]])
  const events = pairs.withTimestamps(([, time]: [string, number]) => time)

  test.each<[string, () => unknown, string]>([
    ['union', () => pairs.union(), 'union needs another stream'],
    ['join', () => pairs.join(5), 'needs another stream, got 5'],
    ['ssc.union', () => ssc.union(), 'union needs an array of streams'],
    ['transform', () => pairs.transform(), 'transform needs a function'],
    ['transformWith', () => pairs.transformWith(pairs), 'transformWith needs a function'],
    ['ssc.transform', () => ssc.transform([pairs]), 'transform needs a function'],
    ['groupByKey', () => pairs.groupByKey(-1), 'number of partitions is -1'],
    ['repartition', () => pairs.repartition(0), 'number of partitions is 0'],
    ['print', () => pairs.print(-1), 'print(-1)'],
    ['mapWithState', () => pairs.mapWithState(() => 1), 'it takes a StateSpec, such as'],
    ['StateSpec', () => (StateSpec as Untyped).function(), 'StateSpec.function needs a function'],
    ['numPartitions', () => StateSpec.function(() => 1).numPartitions(0), 'number of partitions is 0'],
    ['initialState', () => (StateSpec.function(() => 1) as Untyped).initialState(5), 'initialState got 5'],
    [
      'reduceByKeyAndWindow',
      () => pairs.reduceByKeyAndWindow((a: number) => a, '2s', '1s', { inv: 1 }),
      "option 'inv'",
    ],
    ['updateStateByKey', () => pairs.updateStateByKey(() => 1, { initial: 1 }), "option 'initial'"],
    ['input', () => ssc.input(), 'input() got undefined; it takes a source of your own'],
    ['input of nothing', () => ssc.input(null), 'input() got null'],
    ['input of another kind', () => ssc.input({ kind: 'file', name: 'x' }), 'a source whose kind is "file"'],
    ['input without a name', () => ssc.input({ kind: 'local', next() {} }), 'a source whose name is undefined'],
    [
      'input that gives nothing',
      () => ssc.input({ kind: 'local', name: 'x' }),
      'a local source whose next is undefined',
    ],
    [
      'input that cannot be opened',
      () => ssc.input({ kind: 'direct', name: 'x', create: 5 }),
      'a direct source whose create is 5',
    ],
    [
      'input of neither text nor records',
      () => ssc.input({ kind: 'receiver', name: 'x', create() {} }),
      'a receiver source whose codec is undefined',
    ],
    ['on', () => ssc.on('batchDone', () => {}), `on(): there is no event "batchDone". Events: contextStarted,`],
    ['on a name of objects', () => ssc.on('constructor', () => {}), 'there is no event'],
    ['on without a listener', () => ssc.on('batchCompleted'), "on('batchCompleted') needs a function, got undefined"],
    [
      'an option of map',
      () => pairs.map((x: unknown) => x, { onError: 1 }),
      "map: unknown option 'onError'. Known: onR",
    ],
    [
      'an option of mapAsync',
      () => pairs.mapAsync((x: unknown) => x, { parallel: 1 }),
      "mapAsync: unknown option 'parallel'. Known: concurrency, ordered, timeout, onRecordError.",
    ],
    [
      'an option of queueStream',
      () => ssc.queueStream([], { onceAtATime: true }),
      "queueStream: unknown option 'onceAtATime'. Known: oneAtATime, default, onRecordError.",
    ],
    [
      'an option of fromIterable',
      () => ssc.fromIterable([], { chunks: 1 }),
      "fromIterable: unknown option 'chunks'. Known: name, chunk, onRecordError, onAcknowledged, ackAfter.",
    ],
    [
      'an option of pushStream',
      () => ssc.pushStream('pushed', { full: 'drop' }),
      "pushStream: unknown option 'full'. Known: onFull.",
    ],
    [
      'an option of textFileStream',
      () => ssc.textFileStream('in', { minRemembr: 1 }),
      "textFileStream: unknown option 'minRemembr'. Known: newFilesOnly, filter, minRemember, splitBytes, onFileChanged.",
    ],
    ['options of textFileStream', () => ssc.textFileStream('in', () => true), 'textFileStream got a function'],
    [
      'an option of fileStream',
      () => ssc.fileStream('in', { format: 'csv', newFileOnly: false }),
      "fileStream: unknown option 'newFileOnly'. Known: header, columns, types, delimiter, quote, escape, comment, multiLine, newFilesOnly, filter, minRemember, splitBytes, onFileChanged, format, onRecordError.",
    ],
    [
      'an option of binaryRecordsStream',
      () => ssc.binaryRecordsStream('in', 4, { newFileOnly: false }),
      "binaryRecordsStream: unknown option 'newFileOnly'. Known: newFilesOnly,",
    ],
    ['filter of event time', () => events.filter(), 'filter needs a function'],
    ['mapValues of event time', () => events.mapValues(5), 'mapValues needs a function'],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(ArgumentError)
    expect(call).toThrow(message)
  })

  test('a function of transform that answers with something else fails its batch', async () => {
    const run = runBatches((_, s) => s.transform((() => 5) as Untyped), [[[1]]])
    await expect(run).rejects.toThrow('its function returned 5; it must return a dataset')
  })
})
