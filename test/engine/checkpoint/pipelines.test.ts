import { type DStream, type EngineEvents, type KeyState, StateSpec, type Stream, StreamingContext } from 'millrace'
import { type OutputBatch, runBatches } from 'millrace/testing'
import { expect, test } from 'vitest'
import { run, sorted } from '../support.js'
import { asAfterKill, known, listed, scratch } from './support.js'

const { directory, manual } = scratch()

type Click = readonly [user: string, at: number]

/** Out of order, some too late, none in batches 5 and 6. */
const CLICKS: readonly (readonly Click[])[] = Array.from({ length: 12 }, (_, i) =>
  i === 4 || i === 5
    ? []
    : Array.from(
        { length: 5 },
        (_, j): Click => [`u${(i + j) % 3}`, 700 * i + ((j * 977) % 2300) - (j === 4 ? 2500 : 0)],
      ),
)

const EVENT_TIME: Readonly<Record<string, (ssc: StreamingContext, clicks: DStream<Click>) => Stream<unknown>>> = {
  'sliding windows': (_, clicks) => stamped(clicks).sliding('2s', '1s').countByKey(),
  sessions: (_, clicks) => stamped(clicks).session('600ms').countByKey(),
  'late records': (_, clicks) => stamped(clicks).tumbling('1s').countByKey().lateRecords(),
  'a join by time': (_, clicks) => {
    const events = stamped(clicks)
    return events.leftOuterJoinWithin(
      events.filter(([user]) => user !== 'u1'),
      { lower: 0, upper: '500ms' },
    )
  },
  'a window of batches over windows of events': (_, clicks) =>
    stamped(clicks).tumbling('1s').countByKey().window('3s', '2s'),
}

const stamped = (clicks: DStream<Click>) =>
  clicks.withTimestamps(([, at]) => at, { maxOutOfOrder: '500ms' }).map(([user, at]) => [user, at] as [string, number])

const comparable = (batches: readonly OutputBatch<unknown>[]) =>
  new Map(batches.map(({ time, records }) => [time, sorted(records)]))

test.each(Object.keys(EVENT_TIME))('event time: %s are the same with a restart', async (name) => {
  const pipeline = (ssc: StreamingContext, clicks: DStream<Click>) => EVENT_TIME[name]!(ssc, clicks)
  const whole = comparable((await runBatches(pipeline, [CLICKS])) as OutputBatch<unknown>[])
  expect([...whole.values()].flat().length).toBeGreaterThan(3)
  for (const [restartAfter, every] of [
    [5, 1],
    [6, 2],
    [8, 3],
  ] as const) {
    const options = { restartAfter, checkpointInterval: every * 1000 }
    expect(comparable((await runBatches(pipeline, [CLICKS], options)) as OutputBatch<unknown>[])).toEqual(whole)
  }
})

test('a checkpoint of a large state is written in increments, and so read', async () => {
  const at = directory()
  const KEYS = 3000
  const build = (ssc: StreamingContext) =>
    known(ssc, (i) => (i === 1 ? Array.from({ length: KEYS }, (_, k) => k) : [i]))
      .map((k) => [`key number ${k}`, 1] as [string, number])
      .mapWithState(spec())
      .stateSnapshots()
  const first = manual(0, { checkpointDir: at, threads: 2 })
  const written: EngineEvents['checkpointWritten'][] = []
  first.ssc.on('checkpointWritten', (event) => written.push(event))
  listed(build(first.ssc))
  await first.ssc.start()
  await run(first.ssc, 8)
  const [, all, ...rest] = written.map(({ bytes }) => bytes)
  expect(all).toBeGreaterThan(KEYS * 2)
  for (const bytes of rest) expect(bytes).toBeLessThan(all! / 10)

  const second = manual(8000, { checkpointDir: asAfterKill(at, directory()), threads: 2 })
  const after = listed(build(second.ssc))
  await second.ssc.start()
  await run(second.ssc, 2)
  const [, records] = after.at(-1)!
  expect(records.length).toBe(KEYS)
  const counts = new Map(records)
  for (let i = 2; i <= 10; i++) expect(counts.get(`key number ${i}`)).toBe(2)
  expect(counts.get('key number 2999')).toBe(1)
})

function spec() {
  return StateSpec.function((_key: string, value: number, state: KeyState<number>) => {
    state.update((state.getOption() ?? 0) + value)
  })
}

test('state of which the batch computed one partition only is saved whole', async () => {
  const at = directory()
  const build = (ssc: StreamingContext) =>
    known(ssc, (i) => [i % 5, (i + 1) % 5])
      .map((k) => [k, 1] as [number, number])
      .updateStateByKey((values: number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0), {
        partitions: 4,
      })
  const first = manual(0, { checkpointDir: at })
  build(first.ssc).foreachRDD(async (rdd) => {
    await rdd.first()
  })
  await first.ssc.start()
  await run(first.ssc, 6)
  const second = manual(6000, { checkpointDir: asAfterKill(at, directory()) })
  const states = build(second.ssc)
  const made: unknown[] = []
  states.foreachRDD(async (rdd) => {
    made.push(sorted(await rdd.collect()))
  })
  await second.ssc.start()
  await run(second.ssc, 1)
  const counts = new Map<number, number>()
  for (let i = 1; i <= 7; i++) for (const k of [i % 5, (i + 1) % 5]) counts.set(k, (counts.get(k) ?? 0) + 1)
  expect(made).toEqual([sorted([...counts])])
})

test('persisted state that no checkpoint was due for is saved when the context stops', async () => {
  const at = directory()
  const build = (ssc: StreamingContext) =>
    listed(
      known(ssc, (i) => [i])
        .map((n) => ['sum', n] as [string, number])
        .updateStateByKey((values: number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0))
        .cache(),
    )
  const options = { checkpointDir: at, checkpointInterval: '3s', threads: 2 } as const
  const first = manual(0, options)
  const events: string[] = []
  first.ssc.on('checkpointWritten', ({ time }) => events.push(`written ${time}`))
  first.ssc.on('checkpointFailed', ({ time }) => events.push(`failed ${time}`))
  build(first.ssc)
  await first.ssc.start()
  await run(first.ssc, 5)
  await first.ssc.stop()
  expect(events).toEqual(['written 0', 'written 3000', 'written 5000'])
  const second = manual(5000, options)
  const after = build(second.ssc)
  await second.ssc.start()
  await run(second.ssc, 1)
  expect(after).toEqual([[6000, [['sum', 21]]]])
})

test('a skipped batch has no checkpoint, and is not made up for', async () => {
  const at = directory()
  const build = (ssc: StreamingContext) =>
    listed(
      known(ssc, (i) => [i])
        .map((n) => {
          if (n === 3) throw new Error('three')
          return ['sum', n] as [string, number]
        })
        .updateStateByKey((values: number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0)),
    )
  const options = { onBatchError: 'skip', maxFailures: 1 } as const
  const first = manual(0, { ...options, checkpointDir: at })
  const events: number[] = []
  first.ssc.on('checkpointWritten', ({ time }) => events.push(time))
  build(first.ssc)
  await first.ssc.start()
  await run(first.ssc, 4)
  expect(events).toEqual([0, 1000, 2000, 4000])
  const second = manual(4000, { ...options, checkpointDir: asAfterKill(at, directory()) })
  const after = build(second.ssc)
  await second.ssc.start()
  await run(second.ssc, 1)
  expect(after).toEqual([[5000, [['sum', 1 + 2 + 4 + 5]]]])
})

test('a pipeline module whose driver is a thread of its own', async () => {
  const at = directory()
  const session = async (words: string[]) => {
    const handle = await StreamingContext.fromPipeline(new URL('./totals.mjs', import.meta.url), {
      batchInterval: '1s',
      threads: 1,
      spare: false,
      driver: 'thread',
      checkpointDir: at,
    })
    const outputs = gatherLast(handle.output('totals'))
    await handle.start()
    await handle.pushHandle<string>('words').pushAll(words)
    await handle.stop({ graceful: true, timeout: '100s' })
    return sorted((await outputs) ?? [])
  }
  await session(['a', 'b', 'a'])
  expect(await session(['a', 'c'])).toEqual(
    sorted([
      ['a', 3],
      ['b', 1],
      ['c', 1],
    ]),
  )
})

async function gatherLast(batches: AsyncIterable<{ readonly records: readonly unknown[] }>) {
  let last: readonly unknown[] | undefined
  for await (const { records } of batches) last = records
  return last
}
