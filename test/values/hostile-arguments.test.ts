import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, ManualClock, MillraceError, StateSpec, StreamingContext, withEnv } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { HOSTILE, SECRET } from './hostile.js'

type Args = readonly unknown[]
type Methods = Record<string, (...args: Args) => unknown>

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const dir = mkdtempSync(join(tmpdir(), 'hostile-'))
const batch = { threads: 1, spare: false, logger: quiet, maxFailures: 1 }
const f = (a: unknown) => a
const add = (a: never, b: never) => (a as number) + b
const compare = (a: never, b: never) => (a as number) - b
const onRecordError = { onRecordError: 'skip' }

/** The arguments of every operation, valid. Each of them, and each field of an object of options, is replaced in turn. */
const RDD: Readonly<Record<string, Args>> = {
  map: [f, onRecordError],
  filter: [f, onRecordError],
  flatMap: [() => [], onRecordError],
  keyBy: [f, onRecordError],
  mapPartitions: [() => []],
  mapPartitionsWithIndex: [() => []],
  mapAsync: [f, { concurrency: 2, ordered: true, timeout: '1s', ...onRecordError }],
  mapPartitionsAsync: [() => [], { timeout: '1s' }],
  mapValues: [f, onRecordError],
  flatMapValues: [() => [], onRecordError],
  filterByRange: ['a', 'z', compare],
  union: [],
  zipPartitions: [],
  coalesce: [1, { shuffle: true }],
  sample: [false, 0.5, 1],
  randomSplit: [[0.5, 0.5], 1],
  sampleByKey: [false, { k: 0.5 }, 1],
  sampleByKeyExact: [false, { k: 0.5 }, 1],
  pipe: ['cat', { inheritEnv: true }],
  reduceByKey: [add, 2],
  foldByKey: [0, add, 2],
  combineByKey: [f, add, add, 2],
  aggregateByKey: [0, add, add, 2],
  countApproxDistinctByKey: [{ relativeDeviation: 0.1, partitions: 2 }],
  groupByKey: [2],
  groupBy: [f, 2],
  partitionBy: [2],
  repartitionAndSortWithinPartitions: [2, { ascending: true, compare }],
  distinct: [2],
  repartition: [2],
  sortBy: [f, { ascending: true, partitions: 2, compare }],
  sortByKey: [{ ascending: true, partitions: 2, compare }],
  persist: ['memory'],
  setName: ['name'],
  take: [1],
  top: [1, compare],
  takeOrdered: [1, compare],
  max: [compare],
  min: [compare],
  takeSample: [false, 1, 1],
  reduce: [(a: unknown) => a],
  fold: [0, (a: unknown) => a],
  aggregate: [0, (a: unknown) => a, (a: unknown) => a],
  treeReduce: [(a: unknown) => a, 2],
  treeAggregate: [0, (a: unknown) => a, (a: unknown) => a, 2],
  lookup: ['k'],
  reduceByKeyLocally: [add],
  histogram: [2],
  countApprox: ['1s', 0.9],
  countByValueApprox: ['1s', 0.9],
  countByKeyApprox: ['1s', 0.9],
  sumApprox: ['1s', 0.9],
  meanApprox: ['1s', 0.9],
  countApproxDistinct: [0.1],
  foreach: [() => undefined],
  foreachPartition: [() => undefined],
}
const WITH_RDD = ['union', 'zip', 'cartesian', 'intersection', 'subtract', 'groupWith']
const WITH_PAIRS = ['cogroup', 'join', 'leftOuterJoin', 'rightOuterJoin', 'fullOuterJoin', 'subtractByKey']

const CONTEXT: Readonly<Record<string, Args>> = {
  parallelize: [[1], 1],
  textFile: ['/absent', 1],
  objectFile: ['/absent'],
  range: [0, 3, 1, 1],
  broadcast: [1],
  accumulator: [0, add],
  setCheckpointDir: [dir],
  union: [[]],
}

const STREAM: Readonly<Record<string, Args>> = {
  map: RDD.map!,
  filter: RDD.filter!,
  flatMap: RDD.flatMap!,
  mapPartitions: RDD.mapPartitions!,
  mapAsync: RDD.mapAsync!,
  mapPartitionsAsync: RDD.mapPartitionsAsync!,
  mapValues: RDD.mapValues!,
  flatMapValues: RDD.flatMapValues!,
  transform: [f],
  reduceByKey: RDD.reduceByKey!,
  combineByKey: RDD.combineByKey!,
  countByValue: [2],
  reduce: [add],
  groupByKey: [2],
  repartition: [2],
  top: [1, compare],
  takeOrdered: [1, compare],
  window: ['2s', '1s'],
  groupByKeyAndWindow: ['2s', '1s', 2],
  reduceByKeyAndWindow: [add, '2s', '1s', { inverse: add, filter: f, partitions: 2 }],
  countByValueAndWindow: ['2s', '1s', 2],
  countByWindow: ['2s', '1s'],
  reduceByWindow: [add, '2s', '1s', add],
  updateStateByKey: [f, { partitions: 2, form: 'time', initialState: undefined }],
  mapWithState: [StateSpec.function(f as never)],
  withTimestamps: [() => 1, { maxOutOfOrder: '1s', idleAfter: '1s' }],
  checkpoint: ['1s'],
  persist: ['memory'],
  slice: [0, 1],
  print: [1],
  output: ['name'],
  foreachRDD: [() => undefined],
  saveAsTextFiles: [join(dir, 'x'), 'txt'],
  saveAsObjectFiles: [join(dir, 'x'), 'bin'],
}

const SOURCES: Readonly<Record<string, Args>> = {
  socketTextStream: ['localhost', 4000, { reconnect: true, reconnectDelay: { min: 1, max: 2 } }],
  httpTextStream: [
    'http://localhost:1/',
    {
      headers: { a: 'b' },
      method: 'GET',
      body: 'x',
      reconnect: true,
      reconnectDelay: { min: 1, max: 2 },
      httpErrorDelay: 1,
      rateLimitDelay: 1,
      idleTimeout: 1,
      maxLineBytes: 1,
    },
  ],
  textFileStream: [
    dir,
    { newFilesOnly: true, filter: () => true, minRemember: 1000, splitBytes: 1, onFileChanged: 'skip' },
  ],
  queueStream: [[[1]], { oneAtATime: true, default: [1] }],
  fromIterable: [[1], { name: 'x', chunk: 1, onRecordError: 'skip' }],
  pushStream: [undefined, { onFull: 'wait' }],
  pushHandle: ['x'],
  remember: ['5s'],
  union: [[]],
  transform: [[], f],
  on: ['batchCompleted', () => undefined],
  output: ['name'],
  checkpoint: [dir],
}

const OPTIONS: Readonly<Record<string, unknown>> = {
  threads: 1,
  parallelism: 1,
  spare: false,
  warmUp: false,
  maxFailures: 1,
  taskTimeout: '60s',
  replicas: 1,
  replication: 'copy',
  speculation: { multiplier: 2, quantile: 0.5, minMs: 100 },
  memoryLimit: 2 ** 26,
  spillDirectory: dir,
  spillLimit: 1,
  stateMemory: 2 ** 20,
  deadLetterLimit: 1,
  stateSnapshotInterval: 1,
  resourceLimits: { maxOldGenerationSizeMb: 64 },
  codegen: true,
  logger: quiet,
}
const STREAMING: Readonly<Record<string, unknown>> = {
  ...OPTIONS,
  batchInterval: '1s',
  clock: new ManualClock(),
  onBatchError: 'skip',
  outputRetries: { attempts: 1, delay: '1s', maxDelay: '1s' },
  maxCatchUpBatches: 1,
  receiverBufferBytes: 4096,
  backpressure: { initialRate: 1, minRate: 1, maxRate: 1, proportional: 1, integral: 1, derivative: 1 },
  checkpointDir: join(dir, 'checkpoints'),
  checkpointInterval: '1s',
  params: {},
}
const EVENT_WINDOWS: Readonly<Record<string, Args>> = {
  tumbling: ['1s', { offset: 0, allowedLateness: '1s', partitions: 2 }],
  sliding: ['2s', '1s', { offset: 0, allowedLateness: '1s', partitions: 2 }],
  session: ['1s', { allowedLateness: '1s', partitions: 2 }],
  joinWithin: [undefined, { lower: '-1s', upper: '1s', allowedLateness: '1s', partitions: 2 }],
}

/** The arguments with each part replaced in turn, and what was replaced. */
function* replaced(args: Args, by: () => unknown): Generator<[string, Args]> {
  for (const [i, arg] of args.entries()) {
    for (const [where, value] of variants(arg, by)) {
      yield [`argument ${i}${where}`, args.map((other, at) => (at === i ? value : other))]
    }
  }
}

function* variants(arg: unknown, by: () => unknown): Generator<[string, unknown]> {
  yield ['', by()]
  if (typeof arg !== 'object' || arg === null || Object.getPrototypeOf(arg) !== Object.prototype) return
  yield [' with an unknown option', { ...arg, [`${SECRET.slice(0, 7)}${'x'.repeat(5000)}`]: by() }]
  for (const [name, field] of Object.entries(arg)) {
    for (const [where, value] of variants(field, by)) yield [`.${name}${where}`, { ...arg, [name]: value }]
  }
}

/** Calls with a hostile value in each place. Returns what went wrong: any error that is not Millrace's, or that is too long. */
async function faultsOf(
  name: string,
  call: (...args: Args) => unknown,
  args: Args,
  by: () => unknown,
): Promise<string[]> {
  const faults: string[] = []
  for (const [place, given] of replaced(args, by)) {
    try {
      const result = call(...given)
      if (result instanceof Promise) await result
    } catch (error) {
      const wrong = wrongIn(error)
      if (wrong) faults.push(`${name}, ${place}: ${wrong}`)
    }
  }
  return faults
}

function wrongIn(error: unknown): string | undefined {
  if (!(error instanceof MillraceError)) return `threw ${(error as Error).stack?.split('\n').slice(0, 4).join(' ')}`
  if (!error.code) return 'has no code'
  if (error.message.length > 17_000) return `has a message of ${error.message.length} characters`
  return undefined
}

const on =
  (target: unknown, name: string) =>
  (...args: Args) =>
    (target as Methods)[name]!(...args)

const ctx = new Context(batch)
afterAll(() => ctx.stop())

describe.each(Object.entries(HOSTILE))('%s', (_, make) => {
  const open: StreamingContext[] = []
  const streaming = () => {
    const ssc = new StreamingContext({ ...batch, batchInterval: '1s', clock: new ManualClock() })
    open.push(ssc)
    return ssc
  }
  afterAll(() => Promise.all(open.map((context) => context.stop())))

  test('as an argument of a dataset', async () => {
    const pairs = ctx.parallelize([['k', 1]] as [string, number][], 1)
    const numbers = ctx.parallelize([1, 2], 1)
    const numeric = ['histogram', 'sumApprox', 'meanApprox']
    const faults: string[] = []
    for (const [name, args] of Object.entries(RDD)) {
      const of = numeric.includes(name) ? numbers : pairs
      faults.push(...(await faultsOf(name, on(of, name), args, make)))
    }
    for (const name of WITH_RDD) faults.push(...(await faultsOf(name, on(pairs, name), [pairs], make)))
    for (const name of WITH_PAIRS) faults.push(...(await faultsOf(name, on(pairs, name), [pairs, 2], make)))
    faults.push(...(await faultsOf('zipPartitions', on(pairs, 'zipPartitions'), [pairs, () => []], make)))
    faults.push(...(await faultsOf('saveAsTextFile', on(pairs, 'saveAsTextFile'), ['', { overwrite: true }], make)))
    faults.push(...(await faultsOf('saveAsObjectFile', on(pairs, 'saveAsObjectFile'), ['', { overwrite: true }], make)))
    faults.push(...(await faultsOf('runJob', on(ctx, 'runJob'), [pairs, () => 1, [0]], make)))
    expect(faults).toEqual([])
  })

  test('as an argument of a context', async () => {
    const faults: string[] = []
    for (const [name, args] of Object.entries(CONTEXT))
      faults.push(...(await faultsOf(name, on(ctx, name), args, make)))
    const within = (signal: unknown) => ctx.withSignal(signal as AbortSignal, () => undefined)
    faults.push(...(await faultsOf('withSignal', within, [new AbortController().signal], make)))
    faults.push(...(await faultsOf('withEnv', withEnv as never, [{ a: 1 }, () => 1], make)))
    expect(faults).toEqual([])
  })

  test('as an argument of a stream', async () => {
    const faults: string[] = []
    const ssc = streaming()
    const pairs = ssc.queueStream([[['k', 1]] as [string, number][]])
    const timed = pairs.withTimestamps(() => 1)
    for (const [name, args] of Object.entries(STREAM))
      faults.push(...(await faultsOf(name, on(pairs, name), args, make)))
    for (const name of ['union', ...WITH_PAIRS.slice(0, 5)])
      faults.push(...(await faultsOf(name, on(pairs, name), [pairs, 2], make)))
    faults.push(...(await faultsOf('transformWith', on(pairs, 'transformWith'), [pairs, f], make)))
    for (const [name, args] of Object.entries(EVENT_WINDOWS)) {
      const given = name === 'joinWithin' ? [timed, ...args.slice(1)] : args
      faults.push(...(await faultsOf(name, on(timed, name), given, make)))
    }
    expect(faults).toEqual([])
  })

  test('as an argument of a streaming context', async () => {
    const faults: string[] = []
    for (const [name, args] of Object.entries(SOURCES)) {
      const ssc = streaming()
      if (name === 'pushHandle') ssc.pushStream('x')
      faults.push(...(await faultsOf(name, on(ssc, name), args, make)))
    }
    const handle = streaming().pushStream('x')
    faults.push(...(await faultsOf('push', on(handle, 'push'), [1], make)))
    faults.push(...(await faultsOf('pushAll', on(handle, 'pushAll'), [[1]], make)))
    const stopped = streaming()
    const stop = [{ graceful: false, stopContext: true, timeout: '1s' }]
    faults.push(...(await faultsOf('stop', on(stopped, 'stop'), stop, make)))
    expect(faults).toEqual([])
  })

  test('as an option of a context', async () => {
    const batchContext = (options: unknown) => new Context(options as never).stop()
    const streams = (options: unknown) => new StreamingContext(options as never).stop()
    const { params: _params, ...options } = STREAMING
    const faults = await faultsOf('Context', batchContext as never, [OPTIONS], make)
    faults.push(...(await faultsOf('StreamingContext', streams as never, [options], make)))
    const open = (module: unknown, given: unknown) => StreamingContext.fromPipeline(module as never, given as never)
    faults.push(...(await faultsOf('fromPipeline', open as never, ['file:///none.mjs', STREAMING], make)))
    expect(faults).toEqual([])
  })
})
