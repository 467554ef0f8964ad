import { type BaseStream, ManualClock, StateSpec, StreamingContext } from 'millrace'
import { expect, test } from 'vitest'
import type { Stream } from '#build/ops/dstream/dstream.js'
import type { Rdd } from '#build/ops/rdd/rdd.js'
import { nodeOf, streamNode } from '../../support/nodes.js'

type Pair = [string, number]

/** One output of every kind of node that keeps something between batches. */
function everyKind(ssc: StreamingContext): BaseStream<unknown>[] {
  const pairs = ssc.queueStream<Pair>([[['a', 1]], [['b', 2]], []])
  const events = pairs.withTimestamps(([, n]) => n * 1000, { maxOutOfOrder: '1s' })
  const mapped = pairs.mapWithState(
    StateSpec.function<string, number, number, string>((key, n, state) => {
      if (n !== undefined) state.update(n)
      return key
    }),
  )
  const checked = pairs.map((pair) => pair, { onRecordError: 'dead-letter' })
  return [
    pairs.window('2s').count(),
    pairs.reduceByKeyAndWindow((a, b) => a + b, '2s', '1s', { inverse: (a, b) => a - b }),
    pairs.updateStateByKey<number>((values, n = 0) => n + values.length).checkpoint('2s'),
    mapped,
    mapped.stateSnapshots(),
    checked,
    checked.deadLetters(),
    events.union(events).tumbling('1s').countByKey(),
    events.joinWithin(events, { lower: 0, upper: '1s' }),
    ssc.union([pairs.persist(), ssc.pushStream<Pair>('in')]),
  ]
}

/** The fields of a node as they are now. Private fields of the nodes are set in constructors only. */
const fieldsOf = (node: object) => new Map(Object.entries(node))

test('no node of a graph changes while streams run', async () => {
  const clock = new ManualClock(0)
  await using ssc = new StreamingContext({ batchInterval: '1s', threads: 1, spare: false, clock })
  const seen: Rdd<unknown>[] = []
  for (const stream of everyKind(ssc)) stream.foreachRDD((rdd) => void seen.push(nodeOf(rdd)))
  const { streams } = streamNode(ssc.queueStream([])).graph
  await ssc.start()
  const before = streams.map((stream: Stream<unknown>) => fieldsOf(stream))
  for (let batch = 0; batch < 4; batch++) {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  expect(streams.length).toBeGreaterThan(20)
  expect(streams.filter((stream) => !Object.isFrozen(stream))).toEqual([])
  expect(streams.map((stream) => fieldsOf(stream))).toEqual(before)
  expect(seen.length).toBeGreaterThan(20)
  expect(seen.filter((rdd) => !Object.isFrozen(rdd))).toEqual([])
})

test('a dataset is one object, however often a stream or an operation returns it', async () => {
  await using ssc = new StreamingContext({ batchInterval: '1s', threads: 1, spare: false })
  const pairs = ssc.context.parallelize<Pair>([['a', 1]]).partitionBy(2)
  expect(pairs.partitionBy(2)).toBe(pairs)
  expect(pairs.coalesce(5)).toBe(pairs)
  expect(pairs.persist().setName('pairs')).toBe(pairs)
  const stream = ssc.queueStream<Pair>([])
  expect(stream.persist().cache().checkpoint('2s')).toBe(stream)
})

test('an operation of datasets refuses other receivers with its own error', () => {
  const { map } = Object.getPrototypeOf(new StreamingContext({ batchInterval: '1s' }).context.range(1))
  expect(() => map.call({}, (x: number) => x)).toThrow(/operation of datasets was called on/)
})
