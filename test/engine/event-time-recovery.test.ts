import type { StreamingContext, StreamingOptions } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { type Event, fixedCounts, joined, sessionResults, watermarks } from '../support/event-time-model.js'
import { gather, manual, random, run } from './support.js'

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})

const BOUND = 15
const BATCHES = 12

/** Records that wander forward in time by 20 ms a batch, each up to 70 ms behind; every fifth batch is empty. */
function wandering(seed: number): Event[][] {
  const next = random(seed)
  return Array.from({ length: BATCHES }, (_, i) =>
    Array.from(
      { length: i % 5 === 4 ? 0 : 8 },
      (): Event => ['abc'[Math.floor(next() * 3)]!, 20 * i + 100 - Math.floor(next() * 70)],
    ),
  )
}

const LEFT = wandering(7)
const RIGHT = wandering(11)
const MARKS = watermarks(LEFT, BOUND)
const SHAPE = { size: 30, slide: 10, lateness: 10 }
const sliding = fixedCounts(LEFT, MARKS, SHAPE)
const sessions = sessionResults(LEFT, MARKS, 8, 10)
const joins = joined(LEFT, RIGHT, BOUND, -5, 10)
const EXPECTED = LEFT.map((_, i) => ({
  sliding: sliding[i]!.results,
  lastThree: sliding
    .slice(Math.max(0, i - 2), i + 1)
    .flatMap(({ results }) => results)
    .sort(),
  sessions: sessions[i]!.results,
  joins: joins[i]!.results,
  late: [...sliding[i]!.late, ...sessions[i]!.late, ...joins[i]!.late].map(String).sort(),
}))

function graph(ssc: StreamingContext): void {
  const [left, right] = [LEFT, RIGHT].map((data) =>
    ssc.queueStream(data.map((batch) => [...batch])).withTimestamps(([, time]) => time, { maxOutOfOrder: 15 }),
  )
  const counts = left!.sliding(30, 10, { allowedLateness: 10 }).countByKey()
  const text = counts.map(({ window, key, value }) => `${key} ${window.start} ${window.end} ${value}`)
  // Asks for old versions of the state, after a loss together with the new one.
  text.window('3s').output('lastThree')
  text.output('sliding')
  const runs = left!.session(8, { allowedLateness: 10 }).aggregateByKey(
    { n: 0 },
    // Accumulators that are changed in place.
    (acc, _) => {
      acc.n++
      return acc
    },
    (a, b) => {
      a.n += b.n
      return a
    },
  )
  runs.map(({ window, key, value }) => `${key} ${window.start} ${window.end} ${value.n}`).output('sessions')
  const pairs = left!.fullOuterJoinWithin(right!, { lower: -5, upper: 10 })
  pairs.map(([key, [l, r]]) => `${key} ${l ?? '-'} ${r ?? '-'}`).output('joins')
  counts
    .lateRecords()
    .union(runs.lateRecords())
    .union(pairs.lateRecords())
    .map(([time, [key]]) => `${key},${time}`)
    .output('late')
}

type Kill = undefined | number | 'all'

async function outcome(options: Partial<StreamingOptions>, kills: readonly Kill[]) {
  const { ssc } = manual(options)
  open.push(ssc)
  graph(ssc)
  const names = [...ssc.outputNames]
  let rebuilt = 0
  const late: number[] = []
  ssc.on('stateRebuilt', () => rebuilt++)
  ssc.on('batchCompleted', ({ eventTime }) => void late.push(eventTime!.reduce((sum, info) => sum + info.late, 0)))
  await ssc.start()
  const outputs = Promise.all(names.map((name) => gather<string>(ssc, name)))
  await run(ssc, BATCHES, async (batch) => {
    const kill = kills[batch]
    const pool = localEngineOf(ssc).pool!
    const victims =
      kill === 'all' ? pool.threads() : kill === undefined ? [] : [pool.ready()[kill % pool.ready().length]!]
    await Promise.all(victims.map((thread) => thread.worker.terminate()))
  })
  await ssc.stop()
  const batches = await outputs
  const got = LEFT.map((_, i) =>
    Object.fromEntries(names.map((name, n) => [name, [...batches[n]![i]!.records].sort()])),
  )
  return { got, rebuilt, late }
}

describe.each([1, 2])('%i threads', (threads) => {
  test.each([1, 4])(
    'all threads die before every batch, a snapshot every %i: every batch is as ever',
    { timeout: 600_000 },
    async (stateSnapshotInterval) => {
      const { got, rebuilt, late } = await outcome(
        { threads, stateSnapshotInterval },
        LEFT.map((_, i) => (i === 0 ? undefined : 'all')),
      )
      expect(got).toEqual(EXPECTED)
      expect(late).toEqual(EXPECTED.map((batch) => batch.late.length))
      expect(Math.max(...late)).toBeGreaterThan(0)
      expect(rebuilt).toBeGreaterThanOrEqual(3 * (BATCHES - 1))
    },
  )

  test('one thread dies before every third batch', async () => {
    const { got, rebuilt } = await outcome(
      { threads },
      LEFT.map((_, i) => (i % 3 === 2 ? i % threads : undefined)),
    )
    expect(got).toEqual(EXPECTED)
    expect(rebuilt).toBeGreaterThan(0)
  })
})

test('a function that throws midway has changed nothing, though it changes accumulators in place', async () => {
  const { ssc } = manual({ threads: 1 })
  open.push(ssc)
  const events = ssc
    .queueStream<[string, number]>([
      [
        ['a', 1],
        ['b', 2],
      ],
      [
        ['a', 3],
        ['b', 4],
      ],
      [['a', 900]],
      [],
    ])
    .withTimestamps(([, time]) => time)
  events
    .tumbling(100)
    .aggregateByKey(
      [] as number[],
      (list, time) => [...list, time],
      (list, more) => {
        const memory = globalThis as { thrown?: boolean }
        list.push(...more)
        // The list of a is changed by then, and so is that of b.
        if (more.includes(4) && !memory.thrown) {
          memory.thrown = true
          throw new Error('once')
        }
        return list
      },
    )
    .map(({ key, value }) => `${key} ${value}`)
    .output('lists')
  const retries: string[] = []
  ssc.on('taskRetried', ({ error }) => retries.push(error.message))
  await ssc.start()
  const lists = gather<string>(ssc, 'lists')
  await run(ssc, 4)
  await ssc.stop()
  expect(retries).toEqual(['once'])
  expect((await lists).map(({ records }) => [...records].sort())).toEqual([[], [], [], ['a 1,3', 'b 2,4']])
})

test('a batch that is skipped moves no watermark, and its records are in no window', async () => {
  const { ssc } = manual({ threads: 2, onBatchError: 'skip', maxFailures: 1 })
  open.push(ssc)
  const counts = ssc
    .queueStream<[string, number]>([
      [
        ['a', 100],
        ['b', 200],
      ],
      // In another partition than the poison: its time was seen.
      [
        ['a', 99_000],
        ['poison', 300],
      ],
      [
        ['a', 400],
        ['b', 500],
      ],
      [
        ['a', 2000],
        ['b', 2000],
      ],
      [],
    ])
    .withTimestamps(([, time]) => time)
    .map(([key, time]): [string, number] => {
      if (key === 'poison') throw new RangeError(key)
      return [key, time]
    })
    .tumbling('1s')
    .countByKey()
  counts.map(({ window, key, value }) => `${key} ${window.start} ${value}`).output('counts')
  counts.lateRecords().output('late')
  await ssc.start()
  const outputs = Promise.all([gather<string>(ssc, 'counts'), gather(ssc, 'late')])
  await run(ssc, 5)
  await ssc.stop()
  const [got, late] = await outputs
  expect(ssc.skippedBatches).toEqual([2000])
  expect(late.flatMap(({ records }) => records)).toEqual([])
  expect(got.map(({ time, records }) => [time, [...records].sort()])).toEqual([
    [1000, []],
    [3000, []],
    [4000, []],
    [5000, ['a 0 2', 'b 0 2']],
  ])
})

test('state is let go: after many batches there is as much as after few', async () => {
  const { ssc } = manual({ threads: 1, stateSnapshotInterval: 1 })
  open.push(ssc)
  const data = Array.from({ length: 40 }, (_, i): [string, number][] => [
    [`k${i}`, i * 1000],
    [`k${i}`, i * 1000 + 900],
  ])
  const events = ssc.queueStream(data).withTimestamps(([, time]) => time)
  const others = ssc.queueStream(data).withTimestamps(([, time]) => time)
  events.tumbling('2s').countByKey().output('windows')
  events.session('1s').countByKey().output('sessions')
  events.joinWithin(others, { lower: '-1s', upper: '1s' }).output('pairs')
  const { states } = localEngineOf(ssc)
  const sizes: number[] = []
  const taken = states.snapshotTaken.bind(states)
  states.snapshotTaken = (operator, partition, partitions, snapshot, writer) => {
    if (snapshot.full) sizes.push(snapshot.block.count)
    taken(operator, partition, partitions, snapshot, writer)
  }
  await ssc.start()
  for (const name of ssc.outputNames) void gather(ssc, name)
  await run(ssc, 40)
  expect(sizes.length).toBeGreaterThan(40)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(6)
})
