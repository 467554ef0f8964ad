import { resolve } from 'node:path'
import { ArgumentError, Context, GraphError, StateError, StateSpec, type StreamingContext } from 'millrace'
import { expect, test } from 'vitest'
import { manual } from './support.js'

async function faultsOf(build: (ssc: StreamingContext) => void): Promise<readonly string[]> {
  const { ssc } = manual()
  await using _ = ssc
  build(ssc)
  const error = await ssc.start().then(
    () => undefined,
    (fault: unknown) => fault,
  )
  expect(error).toBeInstanceOf(GraphError)
  expect(ssc.state).toBe('STOPPED')
  expect((error as GraphError).details.faults).toEqual((error as GraphError).faults)
  return (error as GraphError).faults
}
const pairs = (ssc: StreamingContext) => ssc.queueStream<[string, number]>([])
const count = (values: number[], state: number | undefined) => values.length + (state ?? 0)

test('every fault is told at once, each with the stream that has it', async () => {
  await using elsewhere = new Context({ threads: 1 })
  const faults = await faultsOf((ssc) => {
    const initial = elsewhere.parallelize<[string, number]>([['a', 1]])
    pairs(ssc).updateStateByKey(count, { initialState: initial }).checkpoint(2500).print()
    pairs(ssc)
      .window('2s', '2s')
      .mapWithState(StateSpec.function((_key: string, value: number | undefined) => value).initialState(initial))
      .checkpoint('3s')
      .saveAsTextFiles('out/a')
    ssc.queueStream([[1]]).saveAsTextFiles('out/a')
  })
  expect(faults).toEqual([
    'The checkpoint interval of stream 1 (updateStateByKey) is 2500ms; it must be a multiple of its slide, 1s.',
    "The initial state of stream 1 (updateStateByKey) is a dataset of another context. Create it with this context's ssc.context.",
    'The checkpoint interval of stream 4 (mapWithState) is 3s; it must be a multiple of its slide, 2s.',
    "The initial state of stream 4 (mapWithState) is a dataset of another context. Create it with this context's ssc.context.",
    `saveAsTextFiles of stream 5 (queue) and saveAsTextFiles of stream 4 (mapWithState) both write to ${resolve('out/a')}-<time>: each would replace the other's files. Use a different prefix or suffix for each.`,
  ])
})

test('a checkpoint interval is checked whatever the stream keeps, and only where somebody reads it', async () => {
  const faults = await faultsOf((ssc) => {
    pairs(ssc).checkpoint(1500).print()
    pairs(ssc)
      .reduceByKeyAndWindow((a, b) => a + b, '4s', '2s', { inverse: (a, b) => a - b })
      .checkpoint('1s')
      .print()
    pairs(ssc)
      .map((x) => x)
      .checkpoint(700)
  })
  expect(faults).toEqual([
    'The checkpoint interval of stream 0 (queue) is 1500ms; it must be a multiple of its slide, 1s.',
    'The checkpoint interval of stream 3 (reduceByKeyAndWindow) is 1s; it must be a multiple of its slide, 2s.',
  ])
})

test('no output is a fault among others', async () => {
  expect(await faultsOf((ssc) => pairs(ssc).updateStateByKey(count).checkpoint(1))).toEqual([
    expect.stringContaining('No output operations'),
  ])
})

test('a stream that no output reads does no harm', async () => {
  const { ssc } = manual()
  await using _ = ssc
  pairs(ssc).updateStateByKey(count).checkpoint(1500)
  pairs(ssc).print()
  await ssc.start()
  expect(ssc.state).toBe('ACTIVE')
})

test('a sound graph with every kind of slide starts', async () => {
  const { ssc } = manual()
  await using _ = ssc
  pairs(ssc).window('6s', '2s').updateStateByKey(count).checkpoint('4s').window('8s', '4s').print()
  ssc.queueStream([[1]]).saveAsTextFiles('out/a')
  ssc.queueStream([[1]]).saveAsTextFiles('out/a', 'txt')
  await ssc.start()
})

test('what a call can see by itself it throws', async () => {
  const { ssc } = manual()
  await using _ = ssc
  const stream = pairs(ssc)
  expect(() => stream.window(1500)).toThrow(ArgumentError)
  expect(() => stream.window('2s', 700)).toThrow(ArgumentError)
  expect(() => stream.union(pairs(ssc).window('2s', '2s'))).toThrow(/different slide/)
  expect(() => stream.checkpoint(0)).toThrow(ArgumentError)
  ssc.remember('10s')
  expect(() => ssc.remember('20s')).toThrow(StateError)
  stream.output('a')
  expect(() => stream.output('a')).toThrow(/needs a unique name/)
  await ssc.start()
  expect(() => stream.checkpoint('2s')).toThrow(StateError)
  expect(() => stream.persist()).toThrow(StateError)
})
