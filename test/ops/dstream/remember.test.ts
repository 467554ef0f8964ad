import { type BaseStream, ManualClock, StreamingContext } from 'millrace'
import { expect, test } from 'vitest'
import { streamNode } from '../../support/nodes.js'

/** docs/internals/model.md, R1 and R2: how long streams remember their datasets, and that they release older ones. */

async function run(
  build: (ssc: StreamingContext, numbers: BaseStream<number>) => void,
  batches: number,
): Promise<void> {
  const clock = new ManualClock(0)
  await using ssc = new StreamingContext({ batchInterval: '1s', threads: 1, spare: false, clock })
  build(ssc, ssc.queueStream(Array.from({ length: batches }, (_, i) => [i, i + 1])))
  await ssc.start()
  for (let batch = 0; batch < batches; batch++) {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
}

/** Every time of a stream that is kept: those after `now - remember`. */
function kept(now: number, remember: number, slide: number): number[] {
  const times = Array.from({ length: now / slide }, (_, i) => (i + 1) * slide)
  return times.filter((time) => time > now - remember)
}

test('a map under two windows: each keeps what is asked for, and what those after it need', async () => {
  let map!: BaseStream<number>
  let inner!: BaseStream<number>
  let outer!: BaseStream<number>
  await run((ssc, numbers) => {
    ssc.remember('3s')
    map = numbers.map((x) => x)
    inner = map.window('2s', '1s')
    outer = inner.window('4s', '2s')
    outer.foreachRDD(async (rdd) => void (await rdd.count()))
  }, 10)
  expect([outer, inner, map].map((stream) => streamNode(stream).rememberDuration)).toEqual([3000, 7000, 9000])
  expect(streamNode(outer).remembered()).toEqual([8000, 10_000])
  expect(streamNode(inner).remembered()).toEqual(kept(10_000, 7000, 1000))
  expect(streamNode(inner).remembered()).not.toContain(3000)
  expect(streamNode(map).remembered()).toEqual(kept(10_000, 9000, 1000))
  expect(streamNode(map).remembered()).not.toContain(1000)
})

test('state that is checkpointed is kept for two checkpoint intervals', async () => {
  let counts!: BaseStream<unknown>
  await run((_, numbers) => {
    counts = numbers
      .map((x): [number, number] => [x % 2, 1])
      .updateStateByKey((ones: number[], count: number | undefined) => (count ?? 0) + ones.length)
      .checkpoint('3s')
    counts.foreachRDD(async (rdd) => void (await rdd.count()))
  }, 10)
  expect(streamNode(counts).rememberDuration).toBe(6000)
  expect(streamNode(counts).remembered()).toEqual([5000, 6000, 7000, 8000, 9000, 10_000])
})

test('without windows, checkpoints and remember() only the newest is kept', async () => {
  let map!: BaseStream<number>
  await run((_, numbers) => {
    map = numbers.map((x) => x)
    map.foreachRDD(async (rdd) => void (await rdd.count()))
  }, 4)
  expect(streamNode(map).rememberDuration).toBe(1000)
  expect(streamNode(map).remembered()).toEqual([4000])
})

test('a stream that is joined with itself forty times starts', async () => {
  await using ssc = new StreamingContext({ batchInterval: '1s', threads: 1, spare: false, clock: new ManualClock(0) })
  let pairs: BaseStream<[string, number]> = ssc.queueStream([[['a', 1] as [string, number]]])
  for (let i = 0; i < 40; i++) pairs = pairs.join(pairs).mapValues(([left]) => left)
  pairs.output('pairs')
  await ssc.start()
})
