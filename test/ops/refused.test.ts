import { ArgumentError, Context, StateSpec, StreamingContext } from 'millrace'
import { runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'

/** As from JavaScript, where no type stops anybody. Nothing runs: all of it is refused beforehand. */
// biome-ignore lint/suspicious/noExplicitAny: calls that the types forbid are what is tested
type Untyped = any

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

  test('a partitioner is one, and weights are numbers', () => {
    expect(() => mine.reduceByKey((a: number) => a, {})).toThrow('hashPartitioner(n)')
    expect(() => mine.randomSplit()).toThrow('array of weights')
    expect(() => ctx.parallelize(5)).toThrow('parallelize got the number 5')
    expect(() => mine.zipPartitions(mine)).toThrow('zipPartitions needs a function')
  })
})

describe('streams', () => {
  const ssc: Untyped = new StreamingContext({ batchInterval: '1s', threads: 1 })
  const pairs = ssc.queueStream([[['a', 1]]])
  const events = pairs.withTimestamps(([, time]: [string, number]) => time)

  test.each<[string, () => unknown, string]>([
    ['union', () => pairs.union(), 'union needs streams'],
    ['join', () => pairs.join(5), 'needs streams, got the number 5'],
    ['ssc.union', () => ssc.union(), 'union needs an array of streams'],
    ['transform', () => pairs.transform(), 'transform needs a function'],
    ['transformWith', () => pairs.transformWith(pairs), 'transformWith needs a function'],
    ['ssc.transform', () => ssc.transform([pairs]), 'transform needs a function'],
    ['groupByKey', () => pairs.groupByKey(-1), 'number of partitions is -1'],
    ['repartition', () => pairs.repartition(0), 'number of partitions is 0'],
    ['print', () => pairs.print(-1), 'print(-1)'],
    ['mapWithState', () => pairs.mapWithState(() => 1), 'it takes StateSpec.function'],
    ['StateSpec', () => (StateSpec as Untyped).function(), 'StateSpec.function needs a function'],
    ['numPartitions', () => StateSpec.function(() => 1).numPartitions(0), 'number of partitions is 0'],
    ['initialState', () => (StateSpec.function(() => 1) as Untyped).initialState(5), 'initialState got the number 5'],
    [
      'reduceByKeyAndWindow',
      () => pairs.reduceByKeyAndWindow((a: number) => a, '2s', '1s', { inv: 1 }),
      "option 'inv'",
    ],
    ['updateStateByKey', () => pairs.updateStateByKey(() => 1, { initial: 1 }), "option 'initial'"],
    ['filter of event time', () => events.filter(), 'filter needs a function'],
    ['mapValues of event time', () => events.mapValues(5), 'mapValues needs a function'],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(ArgumentError)
    expect(call).toThrow(message)
  })

  test('a function of transform that answers with something else fails its batch', async () => {
    const run = runBatches((_, s) => s.transform((() => 5) as Untyped), [[[1]]])
    await expect(run).rejects.toThrow('its function answered with the number 5; it must answer with a dataset')
  })
})
